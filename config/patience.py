"""How long a web server waits for a client that fell silent in the middle of a request.

Called by gunicorn's settings: its threads wait for ever, and some dead lines would hold them all.
"""

from __future__ import annotations

import logging
import socket
import struct

SECONDS = 30.0


def hang_up_on_silence(listener: socket.socket) -> None:
    """Let each connection of a listener end when nothing moves on it for too long."""
    limit = struct.pack("@ll", int(SECONDS), int(SECONDS % 1 * 1_000_000))
    # The kernel hands both on to every connection that is accepted.
    for direction in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        listener.setsockopt(socket.SOL_SOCKET, direction, limit)


def is_worth_logging(record: logging.LogRecord) -> bool:
    """Tell whether an entry of the web server's is more than a client's silence."""
    return not (record.exc_info and isinstance(record.exc_info[1], BlockingIOError))
