"""The journal: written once, balanced by the database itself, never changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from claims.ledger import queries
from claims.ledger import service as ledger
from claims.ledger.ledger import Kind, approval, batching
from claims.ledger.models import JournalEntry, JournalLeg
from config.db import db, transaction
from config.errors import Conflict

pytestmark = pytest.mark.usefixtures("app")


def _approval(riel: int = 6000, occasion: int = 1):
    return approval(
        claim="C26K1", scheme="health_care", facility="120101", riel=riel, occasion=occasion
    )


def test_posting_the_same_fact_again_changes_nothing() -> None:
    assert ledger.post(_approval()) is True

    assert ledger.post(_approval()) is False

    assert ledger.balances() == {"care_expense:health_care": 6000, "payable:120101": -6000}


def test_the_same_fact_with_another_amount_is_a_conflict() -> None:
    ledger.post(_approval())

    with pytest.raises(Conflict) as refused:
        ledger.post(_approval(7000))

    assert refused.value.code == "journal_differs"
    assert ledger.balance("payable:120101") == -6000


def test_a_reversal_takes_the_fact_back_once_and_a_new_occasion_may_follow() -> None:
    ledger.post(_approval())

    ledger.reverse(Kind.APPROVED, "C26K1", as_kind=Kind.REOPENED)

    assert set(ledger.balances().values()) == {0}
    with pytest.raises(Conflict):
        ledger.reverse(Kind.APPROVED, "C26K1", as_kind=Kind.REOPENED)
    ledger.post(_approval(5000, occasion=2))
    assert ledger.balance("payable:120101") == -5000


def test_what_was_never_posted_cannot_be_reversed() -> None:
    with pytest.raises(Conflict) as refused:
        ledger.reverse(Kind.APPROVED, "C26K9", as_kind=Kind.REOPENED)

    assert refused.value.code == "nothing_to_reverse"


def test_a_posting_whose_fact_fails_leaves_no_trace() -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        ledger.post(_approval())
        _ = 1 // 0

    assert ledger.balances() == {}


def test_balances_by_prefix_do_not_take_the_prefix_for_a_pattern() -> None:
    ledger.post(_approval())
    ledger.post(batching(batch="B1", payee="120101", riel=1000))

    assert ledger.balances("payable:") == {"payable:120101": -5000}
    assert ledger.balances("%") == {}


def test_the_database_refuses_an_entry_that_does_not_sum_to_zero() -> None:
    with pytest.raises(IntegrityError, match="sum to 1"), transaction() as session:
        entry = _bare_entry(session)
        session.add_all([_leg(entry, "bank", -5), _leg(entry, "payable:1", 6)])


def test_the_database_refuses_an_entry_without_legs() -> None:
    with pytest.raises(IntegrityError, match="0 legs"), transaction() as session:
        _bare_entry(session)


def test_the_database_refuses_balanced_legs_added_to_an_earlier_entry() -> None:
    ledger.post(_approval())
    entry = db.session.scalar(select(JournalEntry.id))
    db.session.rollback()

    with pytest.raises(IntegrityError, match="earlier transaction"), transaction() as session:
        session.add_all([_leg(entry, "bank", -5), _leg(entry, "payable:1", 5)])


@pytest.mark.parametrize("table", ["journal_entries", "journal_legs"])
@pytest.mark.parametrize("change", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_application_may_not_change_the_journal(table: str, change: str) -> None:
    ledger.post(_approval())

    with pytest.raises(ProgrammingError, match="permission denied"), transaction() as session:
        session.execute(text(change.format(table)))


@pytest.mark.parametrize("change", ["UPDATE {} SET id = id", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["journal_entries", "journal_legs"])
def test_not_even_the_owner_may_change_the_journal(
    owner: psycopg.Connection, table: str, change: str
) -> None:
    ledger.post(_approval())

    with pytest.raises(psycopg.Error, match="append-only"):
        owner.execute(change.format(table))


def test_simultaneous_postings_of_one_fact_leave_one_entry(app: Flask) -> None:
    def post(_: int) -> bool:
        with app.app_context():
            return ledger.post(_approval())

    with ThreadPoolExecutor(6) as pool:
        news = list(pool.map(post, range(6)))

    assert news.count(True) == 1
    assert db.session.scalar(select(func.count(JournalLeg.id))) == 2


def test_an_unbalanced_entry_that_got_in_all_the_same_is_named(owner: psycopg.Connection) -> None:
    ledger.post(_approval())
    owner.execute("SET session_replication_role = replica")  # what an intruder would do
    owner.execute("UPDATE journal_legs SET riel = riel + 1 WHERE riel > 0")

    with transaction() as session:
        [(_, total)] = queries.unbalanced_entries(session)

    assert total == 1


def _bare_entry(session) -> int:
    entry = JournalEntry(kind="claim.approved", subject="C26K2")
    session.add(entry)
    session.flush()
    return entry.id


def _leg(entry: int, account: str, riel: int) -> JournalLeg:
    return JournalLeg(entry_id=entry, account=account, riel=riel)
