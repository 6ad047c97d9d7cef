"""A small load client: keep-alive connections in one thread, counts and times every answer."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Result:
    """What came back: answers a second, times in ms, and every status that was not 2xx."""

    seconds: float = 0.0
    answers: int = 0
    bad: dict[int, int] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Return answers a second."""
        return self.answers / self.seconds

    def note(self, status: int, seconds: float) -> None:
        """Note one answer."""
        self.answers += 1
        self.times.append(seconds)
        if not 200 <= status < 300:
            self.bad[status] = self.bad.get(status, 0) + 1

    def percentile(self, share: float) -> float:
        """Return the time below which this share of answers came, in ms."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


@dataclass(slots=True)
class _Line:
    socket: socket.socket
    sent: float = 0.0
    read: bytes = b""


def post(host: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """Return the bytes of one POST request on a kept-alive connection."""
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", "Content-Type: application/json",
             f"Content-Length: {len(body)}", *(f"{k}: {v}" for k, v in headers.items())]  # fmt: skip
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def get(host: str, path: str, headers: dict[str, str]) -> bytes:
    """Return the bytes of one GET request on a kept-alive connection."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def run(
    port: int, request: Callable[[int], bytes], *, seconds: float, connections: int = 16
) -> Result:
    """Keep `connections` requests under way for `seconds`; `request(n)` makes the n-th."""
    chooser, result, n = selectors.DefaultSelector(), Result(), 0
    lines = []
    for _ in range(connections):
        line = _Line(socket.create_connection(("127.0.0.1", port)))
        line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        chooser.register(line.socket, selectors.EVENT_READ, line)
        lines.append(line)
    began = time.perf_counter()
    for line in lines:
        n = _send(line, request, n)
    while time.perf_counter() - began < seconds:
        for key, _ in chooser.select(1.0):
            if _receive(key.data, result):
                n = _send(key.data, request, n)
    result.seconds = time.perf_counter() - began
    for line in lines:
        line.socket.close()
    return result


def _send(line: _Line, request: Callable[[int], bytes], n: int) -> int:
    line.read, line.sent = b"", time.perf_counter()
    line.socket.sendall(request(n))
    return n + 1


def _receive(line: _Line, result: Result) -> bool:
    """Read what came; tell whether the answer is whole."""
    data = line.socket.recv(262144)
    if not data:
        raise ConnectionError("the server closed a connection")
    line.read += data
    found = answer_of(line.read)
    if found is None:
        return False
    result.note(found[0], time.perf_counter() - line.sent)
    return True


def answer_of(read: bytes) -> tuple[int, bytes] | None:
    """Return the status and body of an answer once it is whole."""
    head, found, body = read.partition(b"\r\n\r\n")
    if not found:
        return None
    # An answer without a body may leave its length out.
    _, told, rest = head.lower().partition(b"content-length:")
    if told and len(body) < int(rest.split(b"\r\n", 1)[0]):
        return None
    return int(head[9:12]), body
