"""Prove that the books balance: every journal, every payee, every expense, and the seals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.orm import Session

from claims.ledger import queries as journal
from claims.reimbursement import queries
from claims.reimbursement.rules import FacilityBooks, expense_faults, faults_of, total_of
from config import seals
from config.db import db


@dataclass(frozen=True, slots=True)
class Books:
    """What verification found; `faults` is empty when all is well."""

    facilities: tuple[FacilityBooks, ...]
    total: FacilityBooks
    sealed_rows: int
    unsealed_rows: int
    faults: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Tell whether everything agrees."""
        return not self.faults


@contextmanager
def _snapshot() -> Iterator[Session]:
    """Read everything as of one moment, so that a payment in between is no fault."""
    with db.engine.connect() as connection:
        still = connection.execution_options(isolation_level="REPEATABLE READ")
        with Session(still) as session:
            yield session


def verify_books() -> Books:
    """Check journals, sums and seals on one snapshot; name every disagreement."""
    with _snapshot() as session:
        facilities = queries.books(session)
        total = total_of(facilities)
        balances = journal.balances(session)
        expense = {
            account: riel
            for account, riel in balances.items()
            if account.startswith(("care_expense:", "allowance_expense:"))
        }
        faults = [
            f"journal entry {entry}: its legs sum to {riel:,} riel"
            for entry, riel in journal.unbalanced_entries(session)
        ]
        if sum(balances.values()):
            faults.append(f"the accounts sum to {sum(balances.values()):,} riel, not to zero")
        if -balances.get("bank", 0) != total.paid:
            faults.append(
                f"the bank paid {-balances.get('bank', 0):,} riel, "
                f"settled batches are {total.paid:,} riel"
            )
        faults += [fault for one in (*facilities, total) for fault in faults_of(one)]
        faults += expense_faults(queries.expenses(session), expense)
        faults += queries.broken(session)
    report = seals.verify("ledger")
    return Books(
        tuple(facilities),
        total,
        report.sealed_rows,
        report.unsealed_rows,
        (*faults, *report.faults),
    )
