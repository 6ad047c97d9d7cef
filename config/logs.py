"""JSON logs with a request id: route templates, never paths with numbers, never personal data.

What libraries log comes out in the same shape, by its template and the error's kind only: their
messages quote values.
"""

from __future__ import annotations

import logging
import re
import secrets
import sys
import time
from typing import Any

import orjson
import structlog
from flask import Flask, Response, g, request

from config import clock

REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
LONGEST_TEMPLATE = 120
log = structlog.get_logger()


def configure_logging() -> None:
    """Write every log line as one JSON object on standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
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
    g.request_id = given if REQUEST_ID.match(given) else secrets.token_hex(12)
    g.started = time.perf_counter()


def _finish(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.get("request_id", "")
    rule = request.url_rule.rule if request.url_rule else "(no route)"
    if not rule.startswith(("/static", "/health")):
        now = time.perf_counter()
        line = {
            "request_id": g.get("request_id"),
            "method": request.method,
            "route": rule,
            "status": response.status_code,
            "ms": round((now - g.get("started", now)) * 1000, 1),
            **_actor(),
            "event": "request",
            "level": "info",
            "timestamp": clock.now().replace(tzinfo=None).isoformat() + "Z",
        }
        # The line of every request, in the shape of all others: the chain of processors that
        # makes those costs more than the rest of this hook.
        sys.stderr.write(orjson.dumps(line).decode() + "\n")
    return response


def _actor() -> dict[str, Any]:
    actor = g.get("actor")
    return {"actor": actor.subject, "facility": actor.facility} if actor else {}


def init_logs(app: Flask) -> None:
    """Give each request an id and one line in the log."""
    configure_logging()
    app.before_request(_begin)
    app.after_request(_finish)
