"""Keeps files beside a claim or an allowance; `subject` is that number, access is its door's matter.

`receive` first, outside any lock; then `keep` in the transaction that holds the subject's row, so
that a file is there exactly if the command was carried out. Every addition, reading and removal is
audited; a file's name never is, for it may be a person's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from sqlalchemy import text

from auth.permissions import Actor
from claims.attachments import queries, rules, store
from claims.attachments.models import Attachment
from claims.attachments.receiving import Received, receive, refused, too_large
from config.audit import record
from config.db import transaction
from config.errors import Conflict, NotFound, Unavailable
from config.jobs import periodic
from config.numbers import new_number
from config.words import N_

__all__ = [
    "Received", "keep", "kinds_of", "list_of", "open_file", "receive", "refused", "remove",
    "sweep_contents", "too_large",
]  # fmt: skip

ORPHAN_SECONDS = 3600
# Who adds a content shares its lock, who sweeps it holds it alone.
SHARE = text("SELECT pg_advisory_xact_lock_shared(hashtextextended('attachment:' || :sha, 0))")
ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('attachment:' || :sha, 0))")
ONE_BY_ONE = text("SELECT pg_advisory_xact_lock(hashtextextended('attachments:' || :subject, 0))")
TOO_MANY = N_("There are too many files here already.")


def keep(
    *,
    subject: str,
    facility: str,
    kind: str,
    file: bytes | IO[bytes] | Received,
    filename: str = "",
    by: Actor,
) -> dict[str, Any]:
    """Keep a file with a subject; the same file of the same kind again is the same attachment."""
    received = file if isinstance(file, Received) else receive(file, filename)
    with transaction() as session:
        session.execute(ONE_BY_ONE, {"subject": subject})
        session.execute(SHARE, {"sha": received.sha256})
        same = queries.find_same(subject, kind, received.received_sha256)
        if same is not None:
            return _as_shown(same)
        if queries.count(subject) >= rules.MAX_PER_SUBJECT:
            raise Conflict("too_many_files", detail=TOO_MANY, limit=rules.MAX_PER_SUBJECT)
        if not store.path_of(received.sha256).exists():
            raise Unavailable("busy", detail=N_("Send the file again."))
        row = Attachment(
            number=new_number("F"), subject=subject, facility=facility, kind=kind,
            media_type=received.media_type, filename=received.filename, bytes=received.bytes,
            sha256=received.sha256, received_sha256=received.received_sha256,
            pages=received.pages, added_by=by.subject,
        )  # fmt: skip
        session.add(row)
        session.flush()
        record(
            by, "attachment.added", subject=subject, facility=facility, attachment=row.number,
            kind=kind, bytes=row.bytes, sha256=row.sha256, received_sha256=row.received_sha256,
        )  # fmt: skip
    return _as_shown(row)


def list_of(subject: str) -> list[dict[str, Any]]:
    """List a subject's files, oldest first."""
    return [_as_shown(row) for row in queries.list_rows(subject)]


def kinds_of(subject: str) -> frozenset[str]:
    """Return the kinds of file a subject has, for its checklist."""
    return queries.kinds(subject)


def open_file(subject: str, number: str, *, by: Actor) -> tuple[Iterator[bytes], dict[str, Any]]:
    """Open a subject's file for download and record who read it; NotFound if it is not its own."""
    row = _find(subject, number)
    try:
        content = store.read_content(row.sha256)
    except FileNotFoundError:
        raise Unavailable("file_missing", detail=N_("The file is not on this machine.")) from None
    record(by, "attachment.opened", subject=subject, facility=row.facility, attachment=number)
    return content, _as_shown(row)


def remove(subject: str, number: str, *, by: Actor) -> None:
    """Take a file off its subject; its content goes when nobody else has it."""
    with transaction() as session:
        row = _find(subject, number)
        session.delete(row)
        session.flush()
        record(
            by, "attachment.removed", subject=subject, facility=row.facility, attachment=number,
            kind=row.kind, sha256=row.sha256,
        )  # fmt: skip


@periodic("attachments.sweep", "41 * * * *")
def sweep_contents() -> None:
    """Remove contents that belong to nothing, an hour after they were written."""
    store.clear_incoming(older_than=ORPHAN_SECONDS)
    for some in store.contents():
        for sha in sorted(some - queries.needed(some)):
            with transaction() as session:
                session.execute(ALONE, {"sha": sha})
                if not queries.needed({sha}):
                    store.remove(sha, older_than=ORPHAN_SECONDS)


def _find(subject: str, number: str) -> Attachment:
    row = queries.find_row(subject, number)
    if row is None:
        raise NotFound
    return row


def _as_shown(row: Attachment) -> dict[str, Any]:
    return {
        "id": row.number,
        "kind": row.kind,
        "media_type": row.media_type,
        "filename": row.filename,
        "bytes": row.bytes,
        "pages": row.pages,
        "sha256": row.sha256,
        "added_at": row.added_at,
    }
