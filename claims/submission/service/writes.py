"""Writes claims: each function is one statement on the driver, in the caller's transaction.

A submission is one INSERT of claim, lines, events, audit record and signals together
(data-modifying CTE): whole or absent, and the unique (facility, reference) decides between two that
come at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from claims.signals.service import NOTED, Noted
from claims.submission.rules import Body
from claims.submission.service.gathering import locking
from claims.submission.service.judging import Judged
from claims.submission.states import ClaimState
from config.audit import RECORD
from config.json import dumps
from config.prepared import Prepared, Step, Work

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
"""  # noqa: S608 - column names of this module
COLUMNS = (
    "number", "facility", "facility_reference", "type", "state", "card_key", "card_number",
    "patient", "birth_order", "visit_type", "service_from", "service_to", "body", "body_hash",
    "claimed_riel", "visit_number", "replaces", "check_number", "person", "category", "scheme",
    "facility_level", "outcome", "payable_riel", "created_by", "submitted_by", "review_by",
    "asked", "package", "risk",
)  # fmt: skip
_SUBMITTED = "CASE WHEN %(submitted)s::boolean THEN now() END"


def _inserting(*parts: str) -> str:
    return f"""WITH claim AS (
        INSERT INTO claims ({", ".join(COLUMNS)}, created_at, updated_at, first_submitted_at, submitted_at)
        VALUES ({", ".join(f"%({name})s" for name in COLUMNS)}, now(), now(), {_SUBMITTED}, {_SUBMITTED})
        ON CONFLICT (facility, facility_reference) DO NOTHING
        RETURNING id, number, version, card_key, birth_order
    ), {LINES_AND_EVENT}, act AS ({RECORD} FROM claim){"".join(parts)}
    SELECT id FROM claim"""  # noqa: S608 - column names of this module


_INSERT = Prepared("claim_insert", _inserting())
_INSERT_NOTED = Prepared("claim_insert_noted", _inserting(",", NOTED))


def insert_claim(
    work: Work,
    columns: Mapping[str, Any],
    *,
    lines: list[dict[str, Any]],
    steps: list[dict[str, str]],
    noted: Noted,
    act: Mapping[str, Any],
    job: Step | None = None,
) -> bool:
    """Store a new claim, its record and what was noted of it, and commit; False if it was there.

    It was there when (facility, reference) is taken: nothing is written then.
    """
    statement = _INSERT_NOTED if noted.signals else _INSERT
    parts = {"lines": lines, "steps": steps, "risk": noted.risk}
    told = {**columns, **act, **noted.as_values(), **parts}
    values = {
        name: dumps(value) if isinstance(value, (dict, list)) else value
        for name, value in told.items()
    }
    values |= {"by": columns["created_by"], "submitted": columns["state"] == ClaimState.SUBMITTED}
    insert = Step(statement, values)
    if job is None:
        return bool(work.run(insert, last=True)[0])
    stored = bool(work.run(insert)[0])
    if stored:
        work.run(job, last=True)
    return stored


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
        ), {LINES_AND_EVENT} SELECT * FROM claim""",  # noqa: S608 - column names of this module
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
    """Let only one claim of a person be judged at a time, in a transaction of many claims."""
    step = locking(card_key)
    step.statement.run(connection, step.values)


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
        "outcome": judged.outcome.as_stored() if judged else None,
        "payable_riel": judged.outcome.payable_riel if judged else None,
    }


def lines_of(body: Body, judged: Judged | None) -> list[dict[str, Any]]:
    """Return the lines as stored: as claimed, and as judged; reasons by code, in the claim with words."""
    lines = [
        {
            "line": line.line,
            "service": line.service,
            "service_date": line.service_date,
            "quantity": line.quantity,
            "unit_price_riel": line.unit_price_riel,
            "reasons": [],
        }
        for line in body.lines()
    ]
    if judged is not None:
        for line, outcome in zip(lines, judged.outcome.lines, strict=True):
            line |= {
                "benefit": outcome.benefit,
                "decision": outcome.decision,
                "tariff_riel": outcome.tariff_riel,
                "allowed_quantity": outcome.allowed_quantity,
                "payable_riel": outcome.payable_riel,
                "reasons": [{"code": reason.code} for reason in outcome.reasons],
            }
    return lines


def steps_of(submitted: bool) -> list[dict[str, str]]:
    """Return the first steps of a new claim's timeline."""
    steps = [{"action": "create", "state": str(ClaimState.DRAFT)}]
    if submitted:
        steps.append({"action": "submit", "state": str(ClaimState.SUBMITTED)})
    return steps
