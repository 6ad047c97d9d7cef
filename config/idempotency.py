"""`Idempotency-Key`: the same unsafe call again gets the first answer again.

Per caller (a client at one of its facilities), kept seven days. The key's row is taken before the
view runs and holds the answer afterwards; a view that failed with 5xx gives the key back, and a
process that was killed holds it for two minutes. Only successful and refused answers that a retry
should see again are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask, Response, g, request
from sqlalchemy import Index, LargeBinary, SmallInteger, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from config.db import Base, transaction
from config.errors import BadRequest, Conflict
from config.jobs import periodic

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
MAX_KEY = 128
KEPT_HEADERS = ("Location", "ETag", "Content-Disposition")
RUNNING_SECONDS = "2"


class IdempotencyKey(Base):
    """One key of one caller and the answer it got."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)

    caller: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None] = mapped_column(SmallInteger)
    content_type: Mapped[str | None] = mapped_column(Text)
    headers: Mapped[str | None] = mapped_column(Text)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


TAKE = text("""
INSERT INTO idempotency_keys (caller, key, fingerprint) VALUES (:caller, :key, :fingerprint)
ON CONFLICT (caller, key) DO UPDATE SET fingerprint = excluded.fingerprint, created_at = now(),
  status = NULL, content_type = NULL, headers = NULL, body = NULL
WHERE idempotency_keys.status IS NULL AND idempotency_keys.created_at < now() - interval '2 minutes'
   OR idempotency_keys.created_at < now() - interval '7 days'
RETURNING created_at
""")
FIND = text("SELECT fingerprint, status, content_type, headers, body FROM idempotency_keys"
            " WHERE caller = :caller AND key = :key")  # fmt: skip
# Only who holds the key ends it: a request that took longer than the hold may have been overtaken.
KEEP = text("""
UPDATE idempotency_keys SET status = :status, content_type = :type, headers = :headers, body = :body
WHERE caller = :caller AND key = :key AND created_at = :taken
""")
FREE = text("""
DELETE FROM idempotency_keys WHERE caller = :caller AND key = :key AND created_at = :taken
""")


def once(caller: str) -> Response | None:
    """Take the request's key for this caller: None to go on, or the first answer again."""
    key = request.headers.get("Idempotency-Key")
    if not key or request.method not in UNSAFE:
        return None
    if len(key) > MAX_KEY or not key.isascii() or not key.isprintable():
        raise BadRequest(
            "bad_idempotency_key", detail="Idempotency-Key: at most 128 visible ASCII characters"
        )
    place = {"caller": caller, "key": key}
    fingerprint = hashlib.sha256(
        f"{request.method} {request.path}?{request.query_string.decode('latin1')}\n".encode()
        + request.get_data(cache=True)
    ).digest()
    with transaction() as session:
        taken = session.scalar(TAKE, place | {"fingerprint": fingerprint})
        if taken is not None:
            g.idempotency = place | {"taken": taken}
            return None
        found = session.execute(FIND, place).one()
    if bytes(found.fingerprint) != fingerprint:
        raise Conflict(
            "idempotency_key_reused", detail="This Idempotency-Key was used for another request"
        )
    if found.status is None:
        raise Conflict(
            "in_progress",
            detail="The first request with this key is still running",
            headers={"Retry-After": RUNNING_SECONDS},
        )
    again = Response(bytes(found.body or b""), found.status, content_type=found.content_type)
    for line in (found.headers or "").splitlines():
        name, _, value = line.partition(": ")
        again.headers[name] = value
    return again


def _keep(response: Response) -> Response:
    place: dict[str, Any] | None = g.pop("idempotency", None)
    if place is None:
        return response
    with transaction() as session:
        if response.status_code >= 500 or response.status_code in (401, 403, 429):
            session.execute(FREE, place)
        else:
            headers = "\n".join(
                f"{n}: {response.headers[n]}" for n in KEPT_HEADERS if n in response.headers
            )
            session.execute(
                KEEP,
                place
                | {
                    "status": response.status_code,
                    "type": response.content_type,
                    "headers": headers,
                    "body": response.get_data(),
                },
            )
    return response


@periodic("config.forget_idempotency_keys", "17 * * * *")
def forget_old_keys() -> None:
    """Forget keys older than seven days."""
    with transaction() as session:
        session.execute(
            text("DELETE FROM idempotency_keys WHERE created_at < now() - interval '7 days'")
        )


def init_idempotency(app: Flask) -> Callable[[str], Response | None]:
    """Keep answers after each request; the guard calls `once()` when it knows the caller."""
    app.after_request(_keep)
    return once
