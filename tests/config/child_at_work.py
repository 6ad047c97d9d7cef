"""What the confined child of test_confined does: one misdeed a word."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import IO

from config.confined import serve


def misbehave(given: IO[bytes], answer: IO[bytes], words: list[str]) -> None:
    """Answer what was given, or try what a decoder taken over might try."""
    deeds = {
        "echo": lambda: answer.write(given.read()),
        "environ": lambda: answer.write(repr(dict(os.environ)).encode()),
        "read": lambda: answer.write(Path("/etc/hostname").read_bytes()),
        "connect": lambda: socket.create_connection(("127.0.0.1", 1), 1),
        "memory": lambda: answer.write(bytes(2**30)),
        "output": lambda: answer.write(bytes(3 * 2**20)),
        "think": think,
        "sleep": lambda: time.sleep(60),
        "crash": os.abort,
    }
    deeds[words[0]]()


def think() -> None:
    while True:
        pass


def main() -> None:
    serve(misbehave)
