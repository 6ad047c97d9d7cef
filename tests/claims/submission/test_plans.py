"""What is looked up by card, facility or state is found by an index, however many claims there are."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
import pytest

from claims.review.queries import queue as review
from claims.submission import queries

pytestmark = pytest.mark.usefixtures("app")
CLAIMS = 60_000
FILL = f"""
INSERT INTO claims (number, facility, facility_reference, type, state, card_key, card_number,
                    visit_type, service_from, service_to, body, body_hash, claimed_riel, created_by,
                    submitted_at, review_by)
SELECT 'C' || n, 'f' || n % 300, 'INV-' || n, 'treatment',
       (ARRAY['submitted', 'rejected', 'rejected', 'rejected', 'returned', 'draft'])[1 + n % 6],
       'card' || n % 40000, 'card' || n % 40000, 'outpatient', day, day, '{{}}', '', 6000, 'user:x',
       now() - n * interval '1 minute', day + 15
  FROM generate_series(1, {CLAIMS}) n, LATERAL (SELECT date '2026-11-20' - n % 300 AS day) AS x
"""
LINES = """
INSERT INTO claim_lines (claim_id, line, card_key, service, service_date, quantity, unit_price_riel)
SELECT id, 1, card_key, 'OPD-CONSULTATION', service_from, 1, 6000 FROM claims
"""


def test_among_many_claims_every_look_up_is_by_index(owner: psycopg.Connection[Any]) -> None:
    for statement in (FILL, LINES, "ANALYZE claims", "ANALYZE claim_lines"):
        owner.execute(statement)

    judging_a_claim_looks_the_persons_history_up_by_index(owner)
    a_list_of_claims_is_read_by_an_index(owner)
    the_next_claim_to_review_is_picked_by_index(owner)


def plan(owner: psycopg.Connection[Any], statement: str, values: Any) -> str:
    return "\n".join(row[0] for row in owner.execute("EXPLAIN " + statement, values))


def judging_a_claim_looks_the_persons_history_up_by_index(
    many: psycopg.Connection[Any],
) -> None:
    values = {
        "facility": "f7", "reference": "INV-7", "card_key": "card7", "visit": "V1",
        "replaces": "C7", "since": date(2025, 10, 1), "until": date(2027, 6, 1),
    }  # fmt: skip

    found = plan(many, queries.GATHER, values)

    assert "Seq Scan on claims" not in found
    assert "Seq Scan on claim_lines" not in found
    assert "ix_claim_lines_card_key_service_date" in found


BY_INDEX = [
    ({"card_key": "card7"}, "ix_claims_card_key_service_to"),
    ({"facility": "f7", "facility_reference": "INV-7"}, "uq_claims_facility_facility_reference"),
    ({"facility": "f7"}, "ix_claims_facility_id"),
    ({"batch": "B1"}, "ix_claims_batch_number"),
    ({"remittance": "R1"}, "ix_claims_remittance_number"),
]


def a_list_of_claims_is_read_by_an_index(many: psycopg.Connection[Any]) -> None:
    for filters, index in BY_INDEX:
        conditions, values = queries._conditions(filters)
        statement = (
            f"SELECT {queries.LIST_COLUMNS} FROM claims"
            f" WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT 51"
        )

        found = plan(many, statement, values)

        assert "Seq Scan" not in found, filters
        assert index in found, (filters, found)


def the_next_claim_to_review_is_picked_by_index(many: psycopg.Connection[Any]) -> None:
    statement = str(review.PICK.text)
    for name in ("soon_days", "large_riel", "middle_riel", "window"):
        statement = statement.replace(f":{name}", "15")
    statement = statement.replace(":subject", "'user:r'")
    statement = statement.replace(":own_facilities", "'{}'").replace(":today", "date '2026-11-22'")

    found = plan(many, statement, None)

    assert "Seq Scan on claims" not in found
    assert "ix_claims_waiting" in found
