"""A request that failed never answers success, and leaves nothing half done behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from config import clock
from tests.claims.payable import books, scalar
from tests.factories import WOMAN
from tests.journeys.conftest import (
    REVIEW_SCOPES,
    Machine,
    hospital,
    treatment,
    world,
)

__all__ = ["hospital", "world"]
TODAY = clock.today().isoformat()
PAID = {"bank_reference": "ACL-1", "paid_on": TODAY}
TABLES = ("claims", "claim_lines", "claim_events", "review_decisions", "benefit_usage", "batches",
          "batch_claims", "payment_files", "remittances", "journal_entries", "journal_legs")  # fmt: skip


@contextmanager
def broken(owner: psycopg.Connection[Any], table: str) -> Iterator[None]:
    """Take away one table that the last statement of a command writes to."""
    owner.execute(f"ALTER TABLE {table} RENAME TO {table}_gone")
    try:
        yield
    finally:
        owner.execute(f"ALTER TABLE {table}_gone RENAME TO {table}")


def everything() -> list[Any]:
    """Return a picture of all that a command of claims could have changed."""
    return [
        scalar(f"SELECT md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) FROM {name} t")
        for name in TABLES
    ]


def refuse(
    owner: psycopg.Connection[Any], who: Machine, path: str, body: dict[str, Any] | None = None
) -> None:
    """Send a request while its audit record cannot be written; then again, when it can."""
    before = everything()
    with broken(owner, "audit_events"):
        answer = who.ask("POST", f"/api/v1{path}", json=body or {})
    assert answer.status_code == 500, (path, answer.text)
    assert answer.content_type == "application/problem+json"
    assert everything() == before, path


def test_every_step_from_claim_to_payment_is_whole_or_absent(
    hospital: Machine, client: FlaskClient, owner: psycopg.Connection[Any]
) -> None:
    reviewer = Machine(client, REVIEW_SCOPES)
    maker = Machine(client, "batch.manage claim.read")
    checker = Machine(client, "batch.authorise claim.read")

    refuse(owner, hospital, "/claims", treatment("INV-1"))
    number = hospital.post("/claims", treatment("INV-1"), 201)["number"]
    refuse(owner, hospital, f"/claims/{number}/withdraw")
    refuse(owner, reviewer, "/review/next")
    reviewer.post("/review/next")
    for action in ("approve", "reject", "return"):
        refuse(owner, reviewer, f"/claims/{number}/{action}", {"reason": "other"})
    reviewer.post(f"/claims/{number}/approve")
    refuse(owner, maker, "/batches", {"period_to": TODAY})
    refuse(owner, maker, "/payment-runs", {"period_to": TODAY})
    [batch] = maker.post("/batches", {"period_to": TODAY}, 201)["items"]
    path = f"/batches/{batch['number']}"
    refuse(owner, checker, f"{path}/authorise")
    checker.post(f"{path}/authorise")
    refuse(owner, maker, f"{path}/export?format=csv")
    maker.post(f"{path}/export?format=csv")
    refuse(owner, maker, f"{path}/settle", PAID)
    refuse(owner, maker, f"{path}/fail", {"reason": "closed"})
    settled = maker.post(f"{path}/settle", PAID)
    refuse(owner, hospital, f"/remittances/{settled['remittance']}/acknowledge",
           {"received_riel": 6000})  # fmt: skip

    assert hospital.get(f"/claims/{number}")["state"] == "paid"
    assert books().faults == ()


@pytest.mark.parametrize(
    "table", ["registry.coverages", "registry.facilities", "registry.members", "benefit_usage"]
)
def test_a_claim_whose_facts_cannot_be_read_is_an_error_and_no_refusal(
    hospital: Machine, owner: psycopg.Connection[Any], table: str
) -> None:
    schema, _, name = table.rpartition(".")
    gone = f"ALTER TABLE {table} RENAME TO {name}_gone"
    owner.execute(gone)

    answer = hospital.ask("POST", "/api/v1/claims", json=treatment("INV-1"))

    assert answer.status_code == 500, answer.text
    assert WOMAN not in answer.text
    assert scalar("SELECT count(*) FROM claims") == 0
    owner.execute(f"ALTER TABLE {schema + '.' if schema else ''}{name}_gone RENAME TO {name}")
    assert hospital.post("/claims", treatment("INV-1"), 201)["outcome"]["payable_riel"] == 6000
