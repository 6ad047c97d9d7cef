"""A load that does not wait: requests leave at their appointed times, whatever has been answered.

Each stream has a rate; an answer's time counts from the appointed moment, so that a server that
falls behind is seen to. Connections are kept alive; a stream may follow an answer with a request.
"""

from __future__ import annotations

import heapq
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from benchmarks.load import Result, answer_of

Follow = Callable[[int, bytes], bytes | None]
CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class Stream:
    """So many requests a second of one kind, and what follows an answer (None: nothing)."""

    name: str
    rate: float
    request: Callable[[], bytes]
    follow: Follow | None = None


@dataclass(slots=True)
class _Line:
    socket: socket.socket
    stream: Stream | None = None
    due: float = 0.0
    followed: bool = False
    read: bytes = b""


@dataclass(slots=True)
class _Run:
    port: int
    results: dict[str, Result]
    chooser: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    free: deque[_Line] = field(default_factory=deque)
    waiting: deque[tuple[float, Stream]] = field(default_factory=deque)
    open: int = 0
    busy: int = 0

    def send(self, stream: Stream, due: float) -> None:
        """Send a request that is due, now or when a connection is free."""
        if not self.free and self.open >= CONNECTIONS:
            self.waiting.append((due, stream))
            return
        line = self.free.popleft() if self.free else self._connect()
        line.stream, line.due, line.followed = stream, due, False
        self.busy += 1
        self._write(line, stream.request())

    def receive(self, line: _Line) -> None:
        """Read what came; when an answer is whole, follow it up or free its connection."""
        data = line.socket.recv(262144)
        if not data:
            raise ConnectionError("the server closed a connection")
        line.read += data
        found, stream = answer_of(line.read), line.stream
        if found is None or stream is None:
            return
        status, body = found
        next_request = None
        if stream.follow is not None and not line.followed and 200 <= status < 300:
            next_request = stream.follow(status, body)
        if next_request is not None:
            line.followed = True
            self._write(line, next_request)
            return
        self.results[stream.name].note(status, time.perf_counter() - line.due)
        self.busy -= 1
        self.free.append(line)
        if self.waiting:
            due, late = self.waiting.popleft()
            self.send(late, due)

    def close(self) -> None:
        """Close every connection."""
        for key in list(self.chooser.get_map().values()):
            key.data.socket.close()

    def _connect(self) -> _Line:
        line = _Line(socket.create_connection(("127.0.0.1", self.port)))
        line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.chooser.register(line.socket, selectors.EVENT_READ, line)
        self.open += 1
        return line

    def _write(self, line: _Line, request: bytes) -> None:
        line.read = b""
        line.socket.sendall(request)


def run_streams(port: int, streams: Iterable[Stream], seconds: float) -> dict[str, Result]:
    """Run the streams side by side for so long; return what came back of each."""
    wanted = list(streams)
    run = _Run(port, {stream.name: Result() for stream in wanted})
    begun = time.perf_counter()
    # The streams begin a little apart, as arrivals do.
    order = [(begun + n / stream.rate / 7, n) for n, stream in enumerate(wanted)]
    heapq.heapify(order)
    end = begun + seconds
    while order or run.busy or run.waiting:
        now = time.perf_counter()
        while order and order[0][0] <= now:
            due, n = heapq.heappop(order)
            run.send(wanted[n], due)
            if due + 1 / wanted[n].rate < end:
                heapq.heappush(order, (due + 1 / wanted[n].rate, n))
        pause = max(0.0, order[0][0] - time.perf_counter()) if order else 1.0
        for key, _ in run.chooser.select(pause) if run.open else ():
            run.receive(key.data)
        if not run.open and order:
            time.sleep(pause)
    for result in run.results.values():
        result.seconds = time.perf_counter() - begun
    run.close()
    return run.results
