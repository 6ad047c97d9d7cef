"""People of NSSF and claims in the queue, for the tests of review, ledger and reimbursement.

`queue_claim` writes a claim as submission stores it, so that a test can choose what the rules said
of each line without arranging a registry and tariffs for it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import select, text

from auth.permissions import ROLE_PERMISSIONS, Actor, Role
from claims.reimbursement import service as reimbursement
from claims.reimbursement.service import Books
from claims.review import service as review
from claims.submission.models import Claim, ClaimEvent, ClaimLine
from config import clock
from config.db import db, transaction
from config.numbers import new_number

FACILITY, OTHER_FACILITY = "120101", "030201"
DAY = date(2026, 11, 2)
_numbers = count(1)


def person(name: str, role: Role, **given: Any) -> Actor:
    """Make one of NSSF's people."""
    return Actor(f"user:{name}", ROLE_PERMISSIONS[role], nssf=True, roles=(role,), **given)


REVIEWER = person("dara", Role.REVIEWER)
SECOND_REVIEWER = person("bopha", Role.REVIEWER)
APPROVER = person("sophea", Role.APPROVER)
SECOND_APPROVER = person("rithy", Role.APPROVER)
FINANCE = person("chan", Role.FINANCE)
AUTHORISER = person("vanna", Role.FINANCE_AUTHORISER)


def biller(facility: str = FACILITY) -> Actor:
    """Make a biller of a facility."""
    return Actor(
        f"user:biller-{facility}",
        ROLE_PERMISSIONS[Role.BILLING],
        facility=facility,
        facilities=(facility,),
        roles=(Role.BILLING,),
    )


def line(**given: Any) -> dict[str, Any]:
    """Describe a consultation that the rules find payable as claimed."""
    made = {
        "service": "OPD-CONSULTATION", "service_date": DAY, "quantity": 1,
        "unit_price_riel": 6000, "benefit": "outpatient", "decision": "payable",
        "tariff_riel": 6000, "reasons": [],
    } | given  # fmt: skip
    made.setdefault("allowed_quantity", made["quantity"])
    price = made["unit_price_riel"]
    if made["tariff_riel"] is not None:
        price = min(price, made["tariff_riel"])
    denied = made["decision"] == "denied"
    made.setdefault("payable_riel", 0 if denied else made["allowed_quantity"] * price)
    return made


def queue_claim(*lines: dict[str, Any], **given: Any) -> str:
    """Put a claim into the queue; return its number."""
    rows = lines or (line(),)
    serial = next(_numbers)
    claimed = sum(row["quantity"] * row["unit_price_riel"] for row in rows)
    severities = {"denied": "deny", "review": "review", "reduced": "warn"}
    findings = [
        {"code": code, "severity": severities.get(row["decision"], "info")}
        for row in rows
        for code in row["reasons"]
    ]
    values = {
        "number": new_number("C"), "facility": FACILITY,
        "facility_reference": f"INV-{serial:05}", "type": "treatment", "state": "submitted",
        "card_key": f"29901010000{serial:03}A", "card_number": f"2990101-0000{serial:03}-A",
        "scheme": "health_care", "category": "private_worker", "visit_type": "outpatient",
        "service_from": DAY, "service_to": DAY, "body_hash": f"{serial:064}",
        "body": {"cause": "illness", "facility_patient_number": f"P-{serial}"},
        "outcome": {
            "lines": [
                {"line": n, "decision": row["decision"], "payable_riel": row["payable_riel"],
                 "reasons": []}
                for n, row in enumerate(rows, 1)
            ],
            "findings": findings,
        },
        "claimed_riel": claimed, "payable_riel": sum(row["payable_riel"] for row in rows),
        "submitted_at": clock.now(), "created_by": "user:biller", "submitted_by": "user:biller",
    } | given  # fmt: skip
    if values["submitted_at"] is not None:
        values.setdefault("review_by", clock.day_of(values["submitted_at"]) + timedelta(days=15))
    with transaction() as session:
        claim = Claim(**values)
        session.add(claim)
        session.flush()
        session.add(
            ClaimEvent(claim_id=claim.id, action="submit", state="submitted", by="user:biller")
        )
        for number, row in enumerate(rows, 1):
            reasons = [{"code": code} for code in row["reasons"]]
            session.add(
                ClaimLine(
                    claim_id=claim.id, line=number, card_key=claim.card_key,
                    **(row | {"reasons": reasons}),
                )
            )  # fmt: skip
        return claim.number


def lease(number: str, *, by: Actor = REVIEWER) -> str:
    """Ask for claims until this one is leased."""
    while True:
        claim = review.next_claim(by=by)
        if claim is None:
            raise LookupError(f"{number} does not wait for {by.subject}")
        if claim["number"] == number:
            return number


def approved_claim(*lines: dict[str, Any], by: Actor = REVIEWER, **given: Any) -> str:
    """Queue, lease and approve a claim."""
    number = lease(queue_claim(*lines, **given), by=by)
    review.approve(number, by=by)
    return number


def claim_row(number: str) -> Claim:
    """Read a claim as it is stored now."""
    db.session.rollback()
    return db.session.scalars(
        select(Claim).where(Claim.number == number).execution_options(populate_existing=True)
    ).one()


def line_rows(number: str) -> list[ClaimLine]:
    """Read a claim's lines as they are stored now."""
    claim = claim_row(number)
    return list(
        db.session.scalars(
            select(ClaimLine)
            .where(ClaimLine.claim_id == claim.id)
            .order_by(ClaimLine.line)
            .execution_options(populate_existing=True)
        )
    )


def set_column(number: str, column: str, value: datetime | str | bool | None) -> None:
    """Change one column of a claim behind everybody's back: time passes, others act."""
    with transaction() as session:
        session.execute(
            text(f"UPDATE claims SET {column} = :value WHERE number = :number"),
            {"value": value, "number": number},
        )


def scalar(statement: str, **values: Any) -> Any:
    """Ask the database one thing."""
    db.session.rollback()
    return db.session.scalar(text(statement), values)


def books() -> Books:
    """Verify the books from a fresh look at the database, as the command does."""
    db.session.rollback()
    return reimbursement.verify_books()


def open_one(**given: Any) -> str:
    """Open the batches that are due up to today; return the number of the only one."""
    [batch] = reimbursement.open_batches(clock.today(), by=FINANCE, **given)
    return str(batch["number"])


def exported(number: str | None = None) -> str:
    """Bring a payment (by default the only batch that is due) to the bank."""
    number = number or open_one()
    reimbursement.authorise(number, by=AUTHORISER)
    reimbursement.export(number, "csv", by=FINANCE)
    return number


def settled(number: str | None = None, **given: Any) -> str:
    """Let the bank pay a payment (by default the only batch that is due) today."""
    number = exported(number)
    paid = {"bank_reference": "ACL-77", "paid_on": clock.today()} | given
    reimbursement.settle(number, by=FINANCE, **paid)
    return number


def due_run() -> str:
    """Open a run over everything that is due up to today."""
    return str(reimbursement.open_run(by=FINANCE, period_to=clock.today())["number"])


def remittance_of(claim: str, *, by: Actor = FINANCE) -> dict[str, Any]:
    """Return the remittance that paid a claim."""
    return reimbursement.find_remittance(claim_row(claim).remittance_number or "", by=by)
