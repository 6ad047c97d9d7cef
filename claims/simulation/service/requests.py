"""Simulations asked for: checked at once, carried out by a job, read while it runs and afterwards."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select

from auth.permissions import Actor
from claims.simulation.models import PolicySimulation
from claims.simulation.service.changes import ChangedFile, read_change
from claims.simulation.service.running import simulate
from config import clock
from config.audit import record
from config.db import db, transaction
from config.errors import Conflict, Invalid, NotFound, Problem
from config.jobs import defer, task
from config.numbers import new_number
from gateway.coverage.service import policy_set

CURRENT = "current"
TASK = "simulation.run"
# Says how far it is at most so often: each time is a transaction of its own.
TELL_SECONDS = 2.0


def request_simulation(
    files: Sequence[ChangedFile],
    *,
    version: str,
    day_from: date | None = None,
    day_to: date | None = None,
    by: Actor,
) -> dict[str, Any]:
    """Ask what changed files would have paid; their faults are named now, the work is a job's.

    `version` names the rules in force that the change is made to, or is `current`.
    """
    if day_from is not None and day_to is not None and day_to < day_from:
        raise Invalid(errors=[{"pointer": "/to", "message": "Lies before `from`."}])
    in_force = policy_set().version
    if version not in (CURRENT, in_force):
        raise Conflict("version_not_in_force", detail=f"{in_force} is in force now.")
    read_change(files, day_from=day_from, day_to=day_to, today=clock.today())
    with transaction() as session:
        asked = PolicySimulation(
            number=new_number("S"),
            base_version=in_force,
            files=[{"name": file.name, "text": file.text} for file in files],
            day_from=day_from,
            day_to=day_to,
            requested_by=by.subject,
        )
        session.add(asked)
        session.flush()
        record(by, "policy.simulation_requested", subject=asked.number, files=len(files))
        # One after the other: each takes every core it is given.
        defer(TASK, number=asked.number, lock=TASK)
    return find_simulation(asked.number)


def find_simulation(number: str) -> dict[str, Any]:
    """Return a simulation with how far it is and, when it is finished, what came out."""
    asked = _found(number)
    return _shown(asked) | {"result": asked.result}


def list_simulations(limit: int = 20) -> list[dict[str, Any]]:
    """List the newest simulations, without their results."""
    query = select(PolicySimulation).order_by(PolicySimulation.id.desc()).limit(limit)
    return [_shown(row) for row in db.session.scalars(query)]


@task(TASK)
def run_simulation(number: str) -> None:
    """Carry a simulation out; one that was cut off is done again from the start."""
    asked = _found(number)
    if asked.state == "finished":
        return
    files = [ChangedFile(file["name"], file["text"]) for file in asked.files]
    day_from, day_to = asked.day_from, asked.day_to
    _note(number, state="running")
    try:
        change = read_change(files, day_from=day_from, day_to=day_to, today=clock.today())
        result = simulate(change, day_from=day_from, day_to=day_to, progress=_Teller(number))
    except Problem as problem:
        # The rules in force have changed since: nothing a second attempt could mend.
        _note(number, state="failed", failure=problem.code, finished_at=func.now())
        return
    except Exception as error:
        _note(number, state="failed", failure=type(error).__name__, finished_at=func.now())
        raise
    _note(
        number, state="finished", result=result, failure=None, finished_at=func.now(),
        claims_done=result["claims"], claims_total=result["claims"],
    )  # fmt: skip


class _Teller:
    """Notes how far a simulation is, not more often than somebody would look."""

    def __init__(self, number: str) -> None:
        self._number, self._told = number, 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._told >= TELL_SECONDS:
            self._told = now
            _note(self._number, claims_done=done, claims_total=total)


def _note(number: str, **values: Any) -> None:
    with transaction() as session:
        asked = session.scalars(
            select(PolicySimulation).where(PolicySimulation.number == number).with_for_update()
        ).one()
        for name, value in values.items():
            setattr(asked, name, value)


def _found(number: str) -> PolicySimulation:
    asked: PolicySimulation | None = db.session.scalar(
        select(PolicySimulation).where(PolicySimulation.number == number)
    )
    if asked is None:
        raise NotFound
    return asked


def _shown(row: PolicySimulation) -> dict[str, Any]:
    return {
        "number": row.number,
        "state": row.state,
        "base_version": row.base_version,
        "files": [file["name"] for file in row.files],
        "from": row.day_from,
        "to": row.day_to,
        "claims_done": row.claims_done,
        "claims_total": row.claims_total,
        "failure": row.failure,
        "requested_by": row.requested_by,
        "requested_at": row.requested_at,
        "finished_at": row.finished_at,
    }
