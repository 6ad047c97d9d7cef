"""JSON logs with a request id: route templates, never paths with numbers, never personal data.

What libraries log comes out in the same shape, by its template and the error's kind only: their
messages quote values.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from typing import Any

import orjson
from flask import Flask, Response, g, request

from config import clock
from config.numbers import draw_bits

REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
LONGEST_TEMPLATE = 120


class _Events:
    """Writes an event and its facts as one JSON object on one line of standard error."""

    def info(self, event: str, **facts: Any) -> None:
        """Write what happened as it should."""
        self._write("info", event, facts)

    def warning(self, event: str, **facts: Any) -> None:
        """Write what somebody may want to look at."""
        self._write("warning", event, facts)

    def error(self, event: str, **facts: Any) -> None:
        """Write what failed."""
        self._write("error", event, facts)

    def _write(self, level: str, event: str, facts: dict[str, Any]) -> None:
        moment = clock.now().replace(tzinfo=None).isoformat() + "Z"
        line = facts | {"event": event, "level": level, "timestamp": moment}
        sys.stderr.write(orjson.dumps(line, default=str).decode() + "\n")


log = _Events()


def configure_logging() -> None:
    """Let what libraries warn of come out in the shape of our own lines."""
    root = logging.getLogger()
    if not any(isinstance(handler, _Libraries) for handler in root.handlers):
        root.addHandler(_Libraries(level=logging.WARNING))


class _Libraries(logging.Handler):
    """Writes a library's warning as one line of ours, without the values it would fill in."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        error = record.exc_info[1] if record.exc_info else None
        told = {"error": type(error).__name__, "frames": frames(error)} if error else {}
        # Procrastinate fills its own text in and names the kind of event beside it.
        said = (
            getattr(record, "action", None) or str(record.msg).partition("\n")[0][:LONGEST_TEMPLATE]
        )
        log.warning("library", logger=record.name, said=said, **told)


def frames(error: BaseException) -> list[str]:
    """Return where an error came from: files, lines and functions, without any value."""
    found, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return found[-12:]


def _begin() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if REQUEST_ID.match(given) else f"{draw_bits(96):024x}"
    g.started = time.perf_counter()


def _finish(response: Response) -> Response:
    found, asked = request.url_rule, g.get("request_id")
    response.headers["X-Request-ID"] = asked or ""
    rule = found.rule if found else "(no route)"
    if not rule.startswith(("/static", "/health")):
        now, actor = time.perf_counter(), g.get("actor")
        who = {"actor": actor.subject, "facility": actor.facility} if actor else {}
        log.info(
            "request",
            request_id=asked,
            method=request.method,
            route=rule,
            status=response.status_code,
            ms=round((now - g.get("started", now)) * 1000, 1),
            **who,
        )
    return response


def init_logs(app: Flask) -> None:
    """Give each request an id and one line in the log."""
    configure_logging()
    app.before_request(_begin)
    app.after_request(_finish)
