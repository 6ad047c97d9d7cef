"""Writes claims: each function is one statement on the driver, in the caller's transaction.

A submission is one INSERT of claim, lines and event together (data-modifying CTE): whole or absent,
and the unique (facility, reference) decides between two that come at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from claims.submission.rules import Body
from claims.submission.service.judging import Judged
from claims.submission.states import ClaimState
from config.json import dumps
from config.prepared import Prepared

_LOCK = Prepared(
    "claim_lock_person", "SELECT pg_advisory_xact_lock(hashtextextended(%(person)s, 1))"
)
LINE_COLUMNS = (
    "line smallint, service text, service_date date, quantity int, unit_price_riel bigint,"
    " benefit text, decision text, tariff_riel bigint, allowed_quantity int, payable_riel bigint,"
    " reasons jsonb"
)
LINE_NAMES = [column.split()[0] for column in LINE_COLUMNS.split(",")]

LINES_AND_EVENT = f"""
lines AS (
    INSERT INTO claim_lines (claim_id, card_key, birth_order, {", ".join(LINE_NAMES)})
    SELECT claim.id, claim.card_key, claim.birth_order, {", ".join(f"given.{name}" for name in LINE_NAMES)}
      FROM claim, jsonb_to_recordset(%(lines)s) AS given({LINE_COLUMNS})
), event AS (
    INSERT INTO claim_events (claim_id, at, action, state, by)
    SELECT claim.id, now(), step.action, step.state, %(by)s
      FROM claim, ROWS FROM (jsonb_to_recordset(%(steps)s) AS (action text, state text))
           WITH ORDINALITY AS step(action, state, n)
     ORDER BY step.n
)
SELECT * FROM claim
"""  # noqa: S608 - column names of this module


def insert_claim(
    connection: Connection[Any],
    columns: Mapping[str, Any],
    *,
    lines: list[dict[str, Any]],
    steps: list[dict[str, str]],
    by: str,
) -> dict[str, Any] | None:
    """Store a new claim; None when (facility, reference) is taken."""
    return _write(
        connection,
        f"""WITH claim AS (
        INSERT INTO claims ({{names}}, created_at, updated_at, first_submitted_at, submitted_at)
        VALUES ({{values}}, now(), now(), {{submitted}}, {{submitted}})
        ON CONFLICT (facility, facility_reference) DO NOTHING RETURNING *
        ), {LINES_AND_EVENT}""",  # noqa: S608 - column names of this module
        columns,
        {"lines": lines, "steps": steps, "by": by},
    )


def replace_content(
    connection: Connection[Any],
    claim_id: int,
    columns: Mapping[str, Any],
    *,
    lines: list[dict[str, Any]],
    steps: list[dict[str, str]],
    by: str,
    fresh: bool,
) -> dict[str, Any]:
    """Write a claim's content anew; `fresh` starts the filing deadline's count again."""
    connection.execute("DELETE FROM claim_lines WHERE claim_id = %s", [claim_id])
    first = "{submitted}" if fresh else "coalesce(first_submitted_at, {submitted})"
    row = _write(
        connection,
        f"""WITH claim AS (
        UPDATE claims SET ({{names}}) = ROW({{values}}), version = version + 1, updated_at = now(),
               first_submitted_at = {first}, submitted_at = coalesce({{submitted}}, submitted_at),
               decided_at = NULL, approved_riel = NULL, first_approver = NULL
         WHERE id = %(claim_id)s RETURNING *
        ), {LINES_AND_EVENT}""",  # noqa: S608 - column names of this module
        columns,
        {"lines": lines, "steps": steps, "by": by, "claim_id": claim_id},
    )
    if row is None:
        raise LookupError(f"claim {claim_id} vanished while it was locked")
    return row


def _write(
    connection: Connection[Any],
    statement: str,
    columns: Mapping[str, Any],
    parameters: Mapping[str, Any],
) -> dict[str, Any] | None:
    query = _composed(statement, tuple(columns), columns["state"] == "submitted")
    values = {
        name: Jsonb(value, dumps) if isinstance(value, (dict, list)) else value
        for name, value in {**columns, **parameters}.items()
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values, prepare=True).fetchone()


@cache
def _composed(statement: str, columns: tuple[str, ...], submitted: bool) -> bytes:
    """Fill a statement's columns in, once: there are a handful of them."""
    return (
        sql.SQL(statement)  # type: ignore[arg-type]
        .format(
            names=sql.SQL(", ").join(map(sql.Identifier, columns)),
            values=sql.SQL(", ").join(map(sql.Placeholder, columns)),
            submitted=sql.SQL("now()" if submitted else "NULL::timestamptz"),
        )
        .as_bytes()
    )


def lock_person(connection: Connection[Any], card_key: str) -> None:
    """Let only one claim of a person be judged at a time, so that none misses the other."""
    _LOCK.run(connection, {"person": "claim of " + card_key})


def columns_of(body: Body, judged: Judged | None) -> dict[str, Any]:
    """Return what is stored of a claim's content and judgement."""
    data = body.data
    return {
        "type": data["type"],
        "state": ClaimState.SUBMITTED if judged else ClaimState.DRAFT,
        "card_key": body.card_key,
        "card_number": data["card_number"],
        "patient": data["patient"],
        "birth_order": body.birth_order,
        "visit_type": data["visit_type"],
        "service_from": body.service_from,
        "service_to": body.service_to,
        "body": data,
        "body_hash": body.digest,
        "claimed_riel": body.claimed_riel,
        "visit_number": data["visit"],
        "replaces": data["replaces"],
        "check_number": judged.check if judged else data["eligibility_check"],
        "person": judged.person if judged else None,
        "category": judged.category if judged else None,
        "scheme": judged.scheme if judged else None,
        "facility_level": judged.level if judged else None,
        "outcome": judged.outcome.as_json() if judged else None,
        "payable_riel": judged.outcome.payable_riel if judged else None,
    }


def lines_of(body: Body, judged: Judged | None) -> list[dict[str, Any]]:
    """Return the lines as stored: as claimed, and as judged."""
    outcomes = {line.line: line.as_json() for line in judged.outcome.lines} if judged else {}
    return [
        {
            "line": line.line,
            "service": line.service,
            "service_date": line.service_date.isoformat(),
            "quantity": line.quantity,
            "unit_price_riel": line.unit_price_riel,
            "reasons": [],
        }
        | outcomes.get(line.line, {})
        for line in body.lines()
    ]


def steps_of(submitted: bool) -> list[dict[str, str]]:
    """Return the first steps of a new claim's timeline."""
    steps = [{"action": "create", "state": str(ClaimState.DRAFT)}]
    if submitted:
        steps.append({"action": "submit", "state": str(ClaimState.SUBMITTED)})
    return steps
