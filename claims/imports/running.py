"""Works an import off in turns: a few claims a transaction, each together with its result.

A door like any other: it loads each claim through the schema and calls the service of claims.
Each is whole or absent by a savepoint of its own, and a killed worker leaves every claim either
filed and counted or waiting. A turn is short and queued behind other jobs, so that no facility's
file keeps the others from theirs.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zlib import crc32

import marshmallow as ma
import orjson
from sqlalchemy import func, text
from sqlalchemy.orm import Session

from auth.permissions import Actor, Permission
from claims.imports import queries
from claims.imports.models import OPEN, ClaimImport, ImportState
from claims.imports.reading import BadFile, opened
from claims.imports.rules import Fault, fault_at, to_body
from claims.imports.staging import rows_of, stage
from claims.submission import service as submission
from claims.submission.schemas import ClaimBody
from claims.submission.service.writes import lock_person
from config.audit import record
from config.db import driver, transaction
from config.errors import Invalid, Problem
from config.jobs import defer, periodic, task
from config.problems import NO_SUCH_VALUE, PASSING, pointers
from config.settings import settings
from config.text import fold_card
from config.words import N_

TASK = "claims.import"
TURN_SECONDS, PLACES = 15.0, 4
# What waits for a claim of one of these people waits for all of them: a few tenths of a second.
TOGETHER = 20
KEPT_DAYS = 90
MAX_STUMBLES = 3
BODY = ClaimBody()
OUR_FAULT = N_("This claim could not be filed: tell NSSF its row.")
GONE = N_("The file is not on this machine any more: send it again, changed.")
NOT_STORED = N_("A value of this claim cannot be stored.")
STUMBLED = text("""
UPDATE claim_import_items SET stumbles = stumbles + 1 WHERE import_id = :id AND position = :position
""")
FORGET = text("""
DELETE FROM claim_import_items USING claim_imports i
 WHERE import_id = i.id AND i.finished_at < now() - make_interval(days => :days)
""")


def path_of(number: str) -> Path:
    """Return where an upload waits until it is read."""
    return settings().uploads_dir / "claims" / number


def lock_of(facility: str) -> str:
    """Return the lock under which a facility's imports run one at a time.

    There are few of them, so that all imports together leave a worker's places to other jobs.
    """
    return f"{TASK}:{crc32(facility.encode()) % PLACES}"


@task(TASK)
def work_on(number: str) -> None:
    """Take one turn at an import; what is left is queued for another turn."""
    with transaction():
        job = queries.find_row(number, facility=None)
    if job is None or job.state not in OPEN:
        return
    if job.state == ImportState.QUEUED:
        _read(job)
    if job.state == ImportState.RUNNING:
        _take_turn(job)
    path_of(number).unlink(missing_ok=True)


@periodic("claims.import_again", "*/5 * * * *")
def queue_stranded() -> None:
    """Queue imports again whose job was given up, so that none stands still for good."""
    with transaction():
        for number, facility in queries.stranded(TASK):
            defer(TASK, lock=lock_of(facility), priority=-10, number=number)


@periodic("claims.forget_imports", "23 19 * * *")
def forget_results() -> None:
    """Forget row-by-row results after ninety days; the counts stay."""
    with transaction() as session:
        session.execute(FORGET, {"days": KEPT_DAYS})


def _read(job: ClaimImport) -> None:
    try:
        with opened(path_of(job.number), job.format) as file, transaction() as session:
            # Another worker may have the same job, if this one was taken for dead.
            session.refresh(job, with_for_update=True)
            if job.state == ImportState.QUEUED:
                stage(session, job, file)
    except (BadFile, FileNotFoundError) as error:
        bad = error if isinstance(error, BadFile) else BadFile(GONE)
        with transaction() as session:
            session.refresh(job, with_for_update=True)
            if job.state != ImportState.QUEUED:
                return
            job.state, job.finished_at = ImportState.REFUSED, func.clock_timestamp()
            job.detail, job.detail_row = bad.message, bad.row
            job.detail_column = bad.name or None
            record(
                job.requested_by, "claim.import_refused", subject=job.number, facility=job.facility
            )


def _take_turn(job: ClaimImport) -> None:
    by = _requester(job)
    until = time.monotonic() + TURN_SECONDS
    while _file_some(job, by=by):
        if time.monotonic() > until:
            with transaction():
                defer(TASK, lock=lock_of(job.facility), priority=-10, number=job.number)
            return
    with transaction() as session:
        session.refresh(job, with_for_update=True)
        if job.state in OPEN:
            job.state, job.finished_at = ImportState.DONE, func.clock_timestamp()
            record(
                by, "claim.import_finished", subject=job.number, facility=job.facility,
                accepted=job.accepted, unchanged=job.unchanged, refused=job.refused,
            )  # fmt: skip


def _requester(job: ClaimImport) -> Actor:
    """Return who sent the file, as far as filing claims needs it."""
    return Actor(
        job.requested_by,
        frozenset({Permission.CLAIM_SUBMIT, Permission.CLAIM_READ}),
        facility=job.facility,
        facilities=(job.facility,),
    )


def _file_some(job: ClaimImport, *, by: Actor) -> bool:
    """File the next claims and their results in one transaction; tell whether there were any."""
    item = None
    try:
        with transaction() as session:
            items = queries.waiting_items(job.id, limit=TOGETHER)
            loaded, results = [], []
            for item in items:
                loaded.append(_loaded(job, item))
            _lock_people(session, loaded)
            for item, (body, faults) in zip(items, loaded, strict=True):
                results.append(_file(job, item, body, faults, session=session, by=by))
            if results:
                queries.settle(driver(session), job.id, results)
    except PASSING:
        raise
    except Exception:
        # Ours, not the claim's: the job fails, is tried again, and in the end goes past it.
        if item is not None:
            with transaction() as session:
                session.execute(STUMBLED, {"id": job.id, "position": item.position})
        raise
    return bool(items)


def _lock_people(session: Session, loaded: Iterable[tuple[Any, list[Fault]]]) -> None:
    """Take every lock before the first claim is written, in one order: so nobody waits in a ring."""
    cards = {fold_card(body["card_number"]) for body, faults in loaded if not faults}
    for card in sorted(cards):
        lock_person(driver(session), card)


def _file(
    job: ClaimImport, item: Any, body: Any, faults: list[Fault], *, session: Session, by: Actor
) -> dict[str, Any]:
    """File one claim, whole or not at all; one bad claim stops no other. Return its result."""
    if faults:
        return _refused(item, faults)
    try:
        with session.begin_nested():
            filed = submission.submit_claim(body, by=by)
    except Problem as problem:
        return _refused(item, _faults_of(problem, item.rows, plain=job.format == "ndjson"))
    except NO_SUCH_VALUE:
        return _refused(item, [Fault(item.rows[0], "", NOT_STORED)])
    claim = filed.claim
    return {
        "position": item.position, "result": "accepted" if filed.created else "unchanged",
        "claim": claim["number"], "state": claim["state"],
        "riel": claim["outcome"]["payable_riel"], "faults": [],
    }  # fmt: skip


def _refused(item: Any, faults: list[Fault]) -> dict[str, Any]:
    told = [fault.as_json() for fault in faults]
    return {"position": item.position, "result": "refused", "faults": told}


def _loaded(job: ClaimImport, item: Any) -> tuple[Any, list[Fault]]:
    """Load a claim as every door does; return it, or what is wrong with which cells."""
    if item.stumbles >= MAX_STUMBLES:
        return None, [Fault(item.rows[0], "", OUR_FAULT)]
    plain = job.format == "ndjson"
    faults: list[Fault] = []
    if plain:
        raw = orjson.loads(item.content)
    else:
        raw, faults = to_body(rows_of(item.content))
    try:
        return BODY.load(raw), faults
    except ma.ValidationError as error:
        found = pointers(error.messages)
        return None, faults + [_fault(one, item.rows, plain=plain) for one in found]


def _faults_of(problem: Problem, rows: list[int], *, plain: bool) -> list[Fault]:
    if isinstance(problem, Invalid) and problem.extra["errors"]:
        return [_fault(one, rows, plain=plain) for one in problem.extra["errors"]]
    return [Fault(rows[0], "", problem.detail or problem.title)]


def _fault(error: dict[str, str], rows: list[int], *, plain: bool) -> Fault:
    if plain:
        return Fault(rows[0], error["pointer"], error["message"])
    return fault_at(error["pointer"], error["message"], rows)
