"""Takes a file of claims and tells how its import stands; the work itself is `running`'s.

The same bytes of the same facility are one import, however often they come. What became of each
row is told when it is done; what the rows said is forgotten as soon as their claim is filed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from sqlalchemy.dialects.postgresql import insert

from auth.permissions import Actor
from claims.attachments.store import Longer, copy_in
from claims.imports import queries, reading
from claims.imports.models import OPEN, ClaimImport, ImportState
from claims.imports.running import TASK, lock_of, path_of
from claims.submission.service.reading import own_facility
from config.audit import record
from config.clock import now
from config.db import transaction
from config.errors import Conflict, Invalid, NotFound, TooLarge
from config.jobs import defer
from config.numbers import new_number
from config.settings import settings
from config.text import clean
from config.words import N_

MAX_OPEN = 5
HEAD = 4096
FOREIGN = N_("Only NDJSON, CSV in UTF-8 and XLSX files are taken.")
ANOTHER_ROW = N_("Another row of this claim is wrong.")
RESULT_COLUMNS = (
    "row", "facility_reference", "result", "claim", "state", "payable_riel", "column", "message",
)  # fmt: skip


def request_import(file: IO[bytes], filename: str, *, by: Actor) -> dict[str, Any]:
    """Keep a file and queue its import; bytes that came before answer the import they made."""
    facility, number = own_facility(by), new_number("I")
    path = path_of(number)
    try:
        digest, length = _keep(file, path)
        format_ = _format(path)
        with transaction() as session:
            taken = session.scalar(
                insert(ClaimImport)
                .values(
                    number=number, facility=facility, sha256=digest, bytes=length, format=format_,
                    file_name=_tidy_name(filename), state=ImportState.QUEUED,
                    requested_by=by.subject,
                )
                .on_conflict_do_nothing(index_elements=["facility", "sha256"])
                .returning(ClaimImport.number)
            )  # fmt: skip
            if taken is not None:
                _refuse_too_many(facility)
                record(
                    by, "claim.import_requested", subject=number, facility=facility,
                    format=format_, bytes=length, sha256=digest,
                )  # fmt: skip
                defer(TASK, lock=lock_of(facility), priority=-10, number=number)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    if taken is None:
        path.unlink()
        same = queries.find_same(facility, digest)
        if same is None:
            raise Conflict("in_progress")
        return to_answer(same)
    return find_import(number, by=by)


def find_import(number: str, *, by: Actor) -> dict[str, Any]:
    """Return how an import stands now; another facility's is not found."""
    return to_answer(_find(number, by=by))


def list_imports(
    *, by: Actor, limit: int, after: int | None = None
) -> list[tuple[int, dict[str, Any]]]:
    """List imports with their keys, newest first; a facility sees its own."""
    facility = None if by.nssf else own_facility(by)
    rows = queries.list_rows(facility, after=after, limit=limit)
    return [(row.id, to_answer(row)) for row in rows]


def list_results(number: str, *, by: Actor) -> Iterator[dict[str, Any]]:
    """Yield what became of each row, claim by claim in the order of their first rows."""
    job = _find(number, by=by)
    if job.state in OPEN:
        raise Conflict("not_finished", detail=N_("The import is still running."))
    return (row for item in queries.results(job.id) for row in _rows_of(item))


def result_table(rows: Iterator[dict[str, Any]]) -> Iterator[list[Any]]:
    """Yield the same as lines of a sheet: a row with several faults has several lines."""
    for row in rows:
        shown = [row[name] for name in RESULT_COLUMNS[:6]]
        for fault in row["errors"] or [{"column": None, "message": None}]:
            yield [*shown, fault["column"], fault["message"]]


def list_faults(number: str, *, by: Actor, limit: int) -> list[dict[str, Any]]:
    """Return the first rows that were refused, with why."""
    found = []
    for item in queries.results(_find(number, by=by).id):
        found += [row for row in _rows_of(item) if row["errors"] and item["result"] == "refused"]
        if len(found) >= limit:
            break
    return found[:limit]


def to_answer(job: ClaimImport) -> dict[str, Any]:
    """Return an import as it is shown."""
    done = job.accepted + job.unchanged + job.refused
    seconds = None
    if job.started_at is not None:
        seconds = max(((job.finished_at or now()) - job.started_at).total_seconds(), 0.001)
    names = (
        "number", "facility", "state", "format", "file_name", "bytes", "detail", "detail_row", "detail_column",
        "rows_total", "claims_total", "accepted", "unchanged", "refused", "requested_at",
        "started_at", "finished_at",
    )  # fmt: skip
    return {name: getattr(job, name) for name in names} | {
        "claims_done": done,
        "claims_per_second": round(done / seconds, 1) if seconds else None,
    }


def _rows_of(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a claim's rows; in a refused one, also the rows that were right say so."""
    for number in sorted(item["rows"]):
        own = [fault for fault in item["faults"] if fault["row"] == number]
        if item["result"] == "refused" and not own:
            own = [{"column": "", "message": ANOTHER_ROW}]
        yield {
            "row": number,
            "facility_reference": item["facility_reference"],
            "result": item["result"],
            "claim": item["claim_number"],
            "state": item["claim_state"],
            "payable_riel": item["payable_riel"],
            "errors": [{"column": f["column"], "message": f["message"]} for f in own],
        }


def _find(number: str, *, by: Actor) -> ClaimImport:
    job = queries.find_row(number, facility=None if by.nssf else own_facility(by))
    if job is None:
        raise NotFound
    return job


def _keep(file: IO[bytes], path: Path) -> tuple[str, int]:
    """Write the upload where only this account may read it: it holds personal data."""
    most = settings().claims_upload_bytes
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as kept:
        try:
            return copy_in(file, kept, most=most)
        except Longer:
            raise TooLarge(
                detail=N_("The file is larger than an import may be."), limit_bytes=most
            ) from None


def _format(path: Path) -> str:
    with path.open("rb") as file:
        found = reading.format_of(file.read(HEAD))
        if found is None:
            raise _refused(FOREIGN)
        file.seek(0)
        if found == "xlsx":
            _refuse_bomb(file)
    return found


def _refuse_bomb(file: IO[bytes]) -> None:
    try:
        too_far = reading.unfolds_too_far(file)
    except reading.BadFile as bad:
        raise _refused(bad.message) from None
    if too_far:
        raise TooLarge("unfolds_too_far", detail=reading.UNFOLDS, limit_bytes=reading.MAX_UNFOLDED)


def _refused(message: str) -> Invalid:
    return Invalid(
        "unsupported_file", detail=message, errors=[{"pointer": "/file", "message": message}]
    )


def _tidy_name(name: str) -> str:
    try:
        return clean(name.replace("\\", "/").rsplit("/", 1)[-1], max_length=200)
    except ValueError:
        return ""


def _refuse_too_many(facility: str) -> None:
    if queries.count_open(facility) > MAX_OPEN:
        raise Conflict(
            "too_many_imports",
            detail=N_("Wait until the files sent before are done."),
            limit=MAX_OPEN,
        )
