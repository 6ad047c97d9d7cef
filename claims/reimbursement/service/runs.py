"""Payment runs: several batches under one authorisation and one file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.permissions import Actor, Permission
from claims.reimbursement.models import Batch, PaymentRun
from claims.reimbursement.service.batches import check_finance, steps_of, to_items
from claims.reimbursement.service.opening import open_batches, open_runnable
from claims.reimbursement.states import BatchState
from config.audit import record
from config.db import transaction
from config.errors import Conflict, Invalid, NotFound
from config.numbers import new_number
from config.words import N_


def open_run(
    *, by: Actor, period_to: date | None = None, batches: Sequence[str] = ()
) -> dict[str, Any]:
    """Open a run over named open batches, or over everything due up to a day.

    With a day, what is approved and not yet batched is batched first; open batches up to that day
    that belong to no run join it.
    """
    check_finance(by, Permission.BATCH_MANAGE)
    with transaction() as session:
        if period_to is not None:
            open_batches(period_to, by=by)
            chosen = open_runnable(session, period_to)
        else:
            chosen = _named(session, batches)
        if not chosen:
            raise Conflict("nothing_due", detail=N_("Nothing waits to be paid up to that day."))
        run = PaymentRun(
            number=new_number("P"),
            state=BatchState.OPEN,
            period_to=period_to,
            total_riel=sum(batch.total_riel for batch in chosen),
            opened_by=by.subject,
            opened_at=session.scalar(select(func.now())),
        )
        session.add(run)
        session.flush()
        for batch in chosen:
            batch.run_id = run.id
        session.flush()
        record(
            by,
            "payment_run.opened",
            subject=run.number,
            batches=len(chosen),
            riel=run.total_riel,
        )
        return _to_items(session, [run])[0]


def find_run(number: str, *, by: Actor) -> dict[str, Any]:
    """Return one run with its batches and totals by scheme; runs are NSSF's."""
    with transaction() as session:
        run = session.scalars(select(PaymentRun).where(PaymentRun.number == number)).first()
        if run is None or not by.nssf:
            raise NotFound
        return _to_items(session, [run])[0]


def list_runs(
    *, by: Actor, limit: int, after: int | None = None, state: str | None = None
) -> list[tuple[int, dict[str, Any]]]:
    """List runs with their keys, newest first."""
    if not by.nssf:
        return []
    query = select(PaymentRun).order_by(PaymentRun.id.desc()).limit(limit + 1)
    if state is not None:
        query = query.where(PaymentRun.state == state)
    if after is not None:
        query = query.where(PaymentRun.id < after)
    with transaction() as session:
        runs = list(session.scalars(query))
        return [(run.id, item) for run, item in zip(runs, _to_items(session, runs), strict=True)]


def _named(session: Session, numbers: Sequence[str]) -> list[Batch]:
    """Lock named batches; each must be open and in no run."""
    found = {
        batch.number: batch
        for batch in session.scalars(
            select(Batch)
            .where(Batch.number.in_(numbers))
            .order_by(Batch.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    errors = []
    for index, number in enumerate(numbers):
        batch = found.get(number)
        if batch is None:
            errors.append({"pointer": f"/batches/{index}", "message": "There is no such batch."})
        elif batch.state != BatchState.OPEN or batch.run_id is not None:
            errors.append(
                {"pointer": f"/batches/{index}", "message": "The batch is not open, or in a run."}
            )
    if errors:
        raise Invalid(errors=errors)
    return list(found.values())


def _to_items(session: Session, runs: Sequence[PaymentRun]) -> list[dict[str, Any]]:
    """Return runs as answers show them, their batches read at once."""
    ids = [run.id for run in runs]
    query = select(Batch).where(Batch.run_id.in_(ids)).order_by(Batch.number)
    batches = list(session.scalars(query))
    shown: dict[int, list[tuple[Batch, dict[str, Any]]]] = {run: [] for run in ids}
    for batch, item in zip(batches, to_items(session, batches), strict=True):
        shown[batch.run_id or 0].append((batch, item))
    return [_to_item(run, shown[run.id]) for run in runs]


def _to_item(run: PaymentRun, batches: Sequence[tuple[Batch, dict[str, Any]]]) -> dict[str, Any]:
    # A batch that failed alone or came back is shown, but the run no longer pays it.
    gone = {BatchState.FAILED, BatchState.CANCELLED, BatchState.RETURNED} - {run.state}
    paid = [batch for batch, _ in batches if batch.state not in gone]
    totals: dict[str, dict[str, Any]] = {}
    for batch in paid:
        total = totals.setdefault(
            batch.scheme, {"scheme": batch.scheme, "batches": 0, "claims": 0, "total_riel": 0}
        )
        total["batches"] += 1
        total["claims"] += batch.claims
        total["total_riel"] += batch.paid_riel
    return {
        **steps_of(run),
        "number": run.number,
        "claims": sum(batch.claims for batch in paid),
        "total_riel": sum(batch.paid_riel for batch in paid),
        "totals": [totals[scheme] for scheme in sorted(totals)],
        "batches": [item for _, item in batches],
    }
