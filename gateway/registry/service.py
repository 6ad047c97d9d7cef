"""Imports of the registry feed: take a file, load it, tell what was wrong with it.

Called by the command line, by the API (which queues the work for the worker) and by demo data. An
import needs the owner's rights, so it runs on a connection of its own, never in a web process.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import Connection
from sqlalchemy import select

from auth.permissions import Actor
from config import clock
from config.audit import record
from config.db import db, transaction
from config.errors import Conflict, Invalid, NotFound
from config.jobs import defer, task
from config.numbers import new_number
from config.settings import settings
from config.text import clean
from gateway.registry.feed import FEEDS, is_month, is_ndjson, kind_of
from gateway.registry.loading import build, faults, run
from gateway.registry.loading.terms import Findings, Load, Progress, Refused, Silence
from gateway.registry.models import ImportFault, ImportJob, ImportState, RegistryState

TASK = "registry.import"
_LOCK = 7272
_WAIT_SECONDS = 2.0
_OPEN = (ImportState.QUEUED, ImportState.RUNNING, ImportState.INTERRUPTED)


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is to be taken."""

    kind: str | None = None
    delta: bool = False
    skip_bad_rows: bool = False
    accept_change: bool = False
    complete_through: str | None = None


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh the registry is, and through which month its contributions are known."""

    as_of: datetime | None
    contributions_loaded: bool
    complete_through: str | None


def import_file(
    path: Path | str, options: Options | None = None, *, by: Actor, progress: Progress | None = None
) -> ImportJob:
    """Load a file now and return its import; what stopped it is in `state` and `detail`."""
    path = Path(path)
    if not path.is_file():
        raise NotFound("no_such_file", detail=f"There is no file {path}.")
    job = _register(new_number("I"), path, path.name, options or Options(), by=by)
    return run_import(job.number, progress=progress)


def request_import(
    file: IO[bytes], file_name: str, options: Options, *, by: Actor, manifest: bytes | None = None
) -> ImportJob:
    """Keep an uploaded file and queue its import for the worker."""
    number = new_number("I")
    name = _clean_name(file_name)
    _kind(name, options)
    suffix = ".ndjson" if is_ndjson(name) else ".csv"
    path = _folder() / f"{number}{suffix}"
    try:
        with _private(path) as kept:
            shutil.copyfileobj(file, kept)
        if manifest is not None:
            with _private(path.with_name(path.name + ".manifest.json")) as kept:
                kept.write(manifest)
        with transaction():
            job = _register(number, path, name, options, by=by)
            defer(TASK, lock="registry", number=number)
    except BaseException:
        _forget(path)
        raise
    return job


@task(TASK)
def run_queued_import(number: str) -> None:
    """Load a queued file in the worker, waiting for an import already running."""
    job = run_import(number, wait=True)
    # An upload holds personal data: whatever became of it, it is not kept.
    if job.state not in _OPEN:
        _forget(Path(job.path))


def run_import(number: str, *, progress: Progress | None = None, wait: bool = False) -> ImportJob:
    """Carry out a registered import; done already, it stays as it is."""
    # A transaction of its own, so that this process keeps no lock the swap would wait for.
    with transaction():
        job = find_import(number)
    if job.state not in _OPEN:
        return job
    load = _to_load(job)
    with (
        psycopg.connect(settings().database_url, autocommit=True) as connection,
        _alone(connection, wait=wait),
    ):
        _begin(connection, number)
        _carry_out(connection, load, progress or Silence())
    with transaction():
        return find_import(number)


def find_import(number: str) -> ImportJob:
    """Return an import by its number, as it stands now, or raise NotFound."""
    job = db.session.scalar(
        select(ImportJob)
        .where(ImportJob.number == number)
        .execution_options(populate_existing=True)
    )
    if job is None:
        raise NotFound("unknown_import")
    return job


def list_faults(number: str, *, limit: int = faults.KEPT) -> list[ImportFault]:
    """List the first bad values of an import in the order of the file."""
    query = select(ImportFault).where(ImportFault.import_number == number)
    return list(db.session.scalars(query.order_by(ImportFault.position).limit(limit)))


def fault_report(number: str) -> Path | None:
    """Return the file with every bad value of an import, or None if it had none."""
    find_import(number)
    path = _report_path(number)
    return path if path.exists() else None


def freshness() -> Freshness:
    """Return how fresh the registry is."""
    row = db.session.execute(
        select(
            RegistryState.as_of, RegistryState.contributions_loaded, RegistryState.complete_through
        )
    ).one()
    return Freshness(*row)


def _register(number: str, path: Path, file_name: str, options: Options, *, by: Actor) -> ImportJob:
    kind = _kind(file_name, options)
    if options.complete_through is not None:
        _check_complete_through(kind, options.complete_through)
    with transaction() as session:
        job = ImportJob(
            number=number,
            kind=kind,
            file_name=file_name,
            path=str(path.absolute()),
            delta=options.delta,
            skip_bad_rows=options.skip_bad_rows,
            accept_change=options.accept_change,
            complete_through=options.complete_through,
            state=ImportState.QUEUED,
            requested_by=by.subject,
        )
        session.add(job)
        record(
            by, "registry.import_requested", subject=number, kind=kind, delta=options.delta,
            skip_bad_rows=options.skip_bad_rows, accept_change=options.accept_change,
            complete_through=options.complete_through,
        )  # fmt: skip
    return job


def _kind(file_name: str, options: Options) -> str:
    kind = options.kind or kind_of(file_name)
    if kind not in FEEDS:
        message = "name the file after its kind or give one of " + ", ".join(FEEDS)
        raise Invalid(
            "unknown_kind",
            detail=f"{file_name}: {message}.",
            errors=[{"pointer": "/kind", "message": message}],
        )
    return kind


def _check_complete_through(kind: str, month: str) -> None:
    message = None
    if kind != "contributions":
        message = "belongs to an import of contributions"
    elif not is_month(month):
        message = "is a month such as 2026-10"
    if message:
        raise Invalid(
            "bad_complete_through",
            detail=f"complete_through {message}.",
            errors=[{"pointer": "/complete_through", "message": message}],
        )


def _clean_name(file_name: str) -> str:
    try:
        return clean(file_name.replace("\\", "/").rsplit("/", 1)[-1], max_length=200)
    except ValueError as error:
        raise Invalid(errors=[{"pointer": "/file", "message": str(error)}]) from None


def _to_load(job: ImportJob) -> Load:
    return Load(
        number=job.number,
        path=Path(job.path),
        file_name=job.file_name,
        feed=FEEDS[job.kind],
        ndjson=is_ndjson(job.file_name),
        by=job.requested_by,
        today=clock.today(),
        delta=job.delta,
        skip_bad_rows=job.skip_bad_rows,
        accept_change=job.accept_change,
        complete_through=job.complete_through,
        change_percent=settings().registry_change_percent,
    )


@contextmanager
def _alone(connection: Connection[Any], *, wait: bool) -> Iterator[None]:
    """Let one import run at a time; a crashed one's lock ends with its connection."""
    while connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone() != (True,):
        if not wait:
            raise Conflict("import_running", detail="Another import is running.")
        time.sleep(_WAIT_SECONDS)
    try:
        yield
    finally:
        # Given back by name: a closed connection ends on the server a moment later.
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def _begin(connection: Connection[Any], number: str) -> None:
    connection.execute(
        "UPDATE registry_imports SET state = 'interrupted', finished_at = now()"
        " WHERE state = 'running' AND number <> %s",
        (number,),
    )
    connection.execute("UPDATE registry_imports SET state = 'running' WHERE number = %s", (number,))


def _carry_out(connection: Connection[Any], load: Load, progress: Progress) -> None:
    """Load, and write the end to the record whatever it is."""
    findings = Findings()
    try:
        if not run.load_file(connection, load, findings, progress):
            run.skip(connection, load, findings)
    except Refused as refusal:
        state = ImportState.HELD if refusal.held else ImportState.REFUSED
        findings.report["code"] = refusal.code
        run.finish(connection, load, findings, state, refusal.detail)
    except BaseException:
        if not connection.broken:
            run.finish(connection, load, findings, ImportState.INTERRUPTED, "interrupted")
        raise
    if findings.errors:
        with _private(_report_path(load.number)) as report:
            faults.keep(connection, load.number, report)
    build.clear_scratch(connection, load)


def _folder() -> Path:
    folder = settings().uploads_dir / "registry"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _report_path(number: str) -> Path:
    return _folder() / f"{number}-errors.csv"


@contextmanager
def _private(path: Path) -> Iterator[IO[bytes]]:
    """Open a file only this user may read: feeds and their faults hold personal data."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file


def _forget(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_name(path.name + ".manifest.json").unlink(missing_ok=True)
