"""Reads claims: by number, in lists paged by key, their history, and the facts of a submission.

SELECT only. Statements are written by hand where a submission or an answer waits for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson
from psycopg import Connection
from psycopg.rows import dict_row

from claims.adjudication.rules.facts import Past
from config.db import db, driver, fast
from config.prepared import Prepared, Rows, Step

Row = dict[str, Any]
_day = lru_cache(maxsize=20_000)(date.fromisoformat)

# How far back and ahead another claim of the person can matter: a year, and a pregnancy.
BACK, AHEAD = timedelta(days=400), timedelta(days=200)

LIST_COLUMNS = (
    "id, number, facility, facility_reference, type, state, version, card_number, visit_type,"
    " service_from, service_to, scheme, submitted_at, updated_at, batch_number, remittance_number,"
    " held, asked, claimed_riel, payable_riel, approved_riel, paid_riel"
)
# A question of NSSF `m` that its facility has not answered.
OPEN_QUESTION = (
    "m.kind = 'question' AND m.answered_at IS NULL AND NOT m.internal AND m.side = 'nssf'"
)
# What stopped a claim's clocks, and until when: holds, and questions of NSSF to the facility.
PAUSES = """(SELECT jsonb_agg(jsonb_build_array(p.kind, p.since, p.until) ORDER BY p.since)
          FROM (SELECT 'question' AS kind, m.at AS since, m.answered_at AS until
                  FROM claim_messages m
                 WHERE m.claim_id = c.id AND m.kind = 'question' AND m.side = 'nssf'
                   AND NOT m.internal
                UNION ALL
                SELECT 'hold', e.at, (SELECT min(r.at) FROM claim_events r
                          WHERE r.claim_id = c.id AND r.action = 'release' AND r.id > e.id)
                  FROM claim_events e WHERE e.claim_id = c.id AND e.action = 'hold') p)"""
FIND = f"""
SELECT c.*,
       (SELECT jsonb_agg(jsonb_build_object('state', e.state, 'action', e.action, 'at',
                   to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) ORDER BY e.id)
          FROM claim_events e WHERE e.claim_id = c.id) AS timeline,
       (SELECT jsonb_object_agg(l.line, jsonb_build_object(
                   'approved_quantity', l.approved_quantity,
                   'approved_unit_price_riel', l.approved_unit_price_riel,
                   'approved_riel', l.approved_riel, 'approved_reason', l.approved_reason))
          FROM claim_lines l WHERE l.claim_id = c.id AND l.approved_riel IS NOT NULL) AS approved,
       (SELECT min(m.at) FROM claim_messages m
         WHERE m.claim_id = c.id AND {OPEN_QUESTION}) AS asked_at,
       {PAUSES} AS pauses,
       (SELECT jsonb_build_object('state', a.state, 'filed_at', a.filed_at,
                   'decide_by', a.decide_by, 'decided_at', a.decided_at, 'answer', a.answer,
                   'earlier_riel', a.earlier_riel, 'granted_riel', a.granted_riel,
                   'supplement_riel', a.supplement_riel)
          FROM appeals a WHERE a.claim_id = c.id) AS appeal
  FROM claims c
"""  # noqa: S608 - an expression of this module
GATHER = """
SELECT (SELECT row_to_json(x) FROM (SELECT number, body_hash FROM claims
          WHERE facility = %(facility)s AND facility_reference = %(reference)s) x),
       (SELECT jsonb_agg(jsonb_build_array(c.number, c.facility = %(facility)s, l.service,
                   l.service_date, coalesce(l.approved_quantity, l.quantity), c.visit_type,
                   c.service_from, c.service_to, l.birth_order))
          FROM claim_lines l JOIN claims c ON c.id = l.claim_id
         WHERE l.card_key = %(card_key)s AND l.service_date BETWEEN %(since)s AND %(until)s
           AND c.state NOT IN ('draft', 'withdrawn', 'rejected', 'voided')
           AND coalesce(l.approved_quantity > 0, l.decision <> 'denied', true)
           AND NOT (c.facility = %(facility)s AND c.facility_reference = %(reference)s)),
       (SELECT jsonb_build_array(v.card_key, v.eligibility_check) FROM visits v
         WHERE v.number = %(visit)s AND v.facility = %(facility)s),
       EXISTS (SELECT 1 FROM claims WHERE number = %(replaces)s AND facility = %(facility)s),
       (SELECT n::text || ':' || xmin::text FROM generation WHERE id = 1), now()
"""
_GATHER = Prepared("claim_gather", GATHER)
FOLLOWS_A_LOOK_UP = """
SELECT 1 FROM claims c
 WHERE c.card_key = e.card_key AND c.facility = e.facility
   AND c.first_submitted_at >= :starts AND c.first_submitted_at < :followed_until
"""
"""The claim that followed a look-up `e` of the same facility (see `eligibility.watching`)."""

HISTORY = """
SELECT e.at, e.action, e.state, e.by, e.details ->> 'reason' AS reason FROM claim_events e
  JOIN claims c ON c.id = e.claim_id WHERE c.number = %s ORDER BY e.id
"""
MESSAGES = """
SELECT m.id, m.answers, m.at, m.by, m.side, m.kind, m.text, m.internal, m.answered_at
  FROM claim_messages m WHERE m.claim_id = %s ORDER BY m.id
"""
CLOCKS = f"""
SELECT c.id, c.state, c.scheme, c.service_from, c.service_to, c.submitted_at, c.decided_at,
       c.updated_at, c.approved_riel, c.claimed_riel, c.held, {PAUSES} AS pauses,
       (SELECT min(m.at) FROM claim_messages m
         WHERE m.claim_id = c.id AND {OPEN_QUESTION}) AS asked_at
  FROM claims c WHERE c.id = ANY(%s)
"""  # noqa: S608 - an expression of this module
WAITING = """
SELECT id FROM claims WHERE state IN ('submitted', 'in_review') AND id > %s ORDER BY id LIMIT %s
"""
# A change carries the moment its transaction began, and is seen when that has ended.
READS_ONLY = "nssf reads only"
HORIZON = "SELECT oldest_transaction(%s)"
RECENT = """
SELECT coalesce(
  (SELECT number FROM eligibility_checks WHERE card_key = %(card_key)s AND facility = %(facility)s
      AND checked_at > now() - interval '30 days' ORDER BY checked_at DESC LIMIT 1),
  (SELECT number FROM visits WHERE card_key = %(card_key)s AND facility = %(facility)s
      AND arrived_at > now() - interval '30 days' ORDER BY arrived_at DESC LIMIT 1))
"""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the store knows before a claim is judged."""

    existing: tuple[str, str] | None
    history: tuple[Past, ...]
    visit: tuple[str | None, str | None] | None
    replaces_known: bool
    mark: str
    at: datetime
    """The transaction's moment: that of the claim it stores."""

    @property
    def generation(self) -> int:
        """Return the number that policies in memory are kept under."""
        return int(self.mark.partition(":")[0] or 0)


@contextmanager
def reading() -> Iterator[Connection[Any]]:
    """Lend a connection that sees what the open transaction wrote, if there is one."""
    session = db.session()
    if session.info.get("in_transaction"):
        session.flush()
        yield driver(session)
    else:
        with fast() as connection:
            yield connection


def find_row(number: str, *, facility: str | None) -> Row | None:
    """Return a claim with its timeline and approvals; with a facility, only that one's."""
    clause = "WHERE c.number = %s AND (%s::text IS NULL OR c.facility = %s)"
    with reading() as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(f"{FIND} {clause}", [number, facility, facility]).fetchone()


def list_rows(filters: Mapping[str, Any], *, key: Sequence[Any] | None, limit: int) -> list[Row]:
    """List claims, newest first; what is to be done, oldest first; changes, in their order.

    A change is told once every transaction begun before it has ended: who goes on from the last one
    told misses none.
    """
    conditions, values = _conditions(filters)
    by_change, oldest = filters.get("updated_after") is not None, filters.get("todo")
    if key is not None and by_change:
        conditions.append("(updated_at, id) > (%s, %s)")
    elif key is not None:
        conditions.append("id > %s" if oldest else "id < %s")
    values.extend(key or ())
    if by_change:
        conditions.append("updated_at < %s")
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    order = "updated_at, id" if by_change else "id" if oldest else "id DESC"
    statement = f"SELECT {LIST_COLUMNS} FROM claims {where} ORDER BY {order} LIMIT %s"  # noqa: S608
    with reading() as connection, connection.cursor(row_factory=dict_row) as cursor:
        # A statement of its own: what has ended by then, the next one's snapshot sees.
        horizon = connection.execute(HORIZON, [READS_ONLY]).fetchone() if by_change else None
        return cursor.execute(statement, [*values, *(horizon or ()), limit]).fetchall()


# Filter, and the condition it stands for.
CONDITIONS = {
    "facility": "facility = %s",
    "state": "state = %s",
    "type": "type = %s",
    "facility_reference": "facility_reference = %s",
    "card_key": "card_key = %s",
    "service_from": "service_from >= %s",
    "service_to": "service_to <= %s",
    "updated_after": "updated_at > %s",
    "batch": "batch_number = %s",
    "remittance": "remittance_number = %s",
    # What waits for the facility: to be sent, to be sent again, or to be answered.
    "todo": "state IN ('draft', 'returned', 'submitted', 'in_review')"
    " AND (state IN ('draft', 'returned') OR asked) = %s",
}


def _conditions(filters: Mapping[str, Any]) -> tuple[list[str], list[Any]]:
    given = [(CONDITIONS[name], value) for name, value in filters.items() if value is not None]
    return [condition for condition, _ in given], [value for _, value in given]


def gather(connection: Connection[Any], **asked: Any) -> Gathered:
    """Read in one statement what a claim is judged against; asked as `gathering` is."""
    return gathered_of(list(_GATHER.run(connection, gathering(**asked).values)))


def gathering(
    *,
    facility: str,
    reference: str,
    card_key: str,
    days: Sequence[date],
    visit: str | None,
    replaces: str | None,
) -> Step:
    """Return the one statement that reads what a claim is judged against, besides the person."""
    values = {
        "facility": facility, "reference": reference, "card_key": card_key,
        "since": min(days) - BACK, "until": max(days) + AHEAD, "visit": visit, "replaces": replaces,
    }  # fmt: skip
    return Step(_GATHER, values)


def gathered_of(rows: Rows) -> Gathered:
    """Read what the statement of `gathering` answered."""
    existing, history, seen, known, mark, at = rows[0]
    found = orjson.loads(existing) if existing else None
    visit = orjson.loads(seen) if seen else None
    return Gathered(
        existing=(found["number"], found["body_hash"]) if found else None,
        history=tuple(to_past(values) for values in orjson.loads(history)) if history else (),
        visit=(visit[0], visit[1]) if visit else None,
        replaces_known=known == b"t",
        mark=mark.decode() if mark else "",
        at=datetime.fromisoformat(at.decode()).astimezone(UTC),
    )


def to_past(values: list[Any]) -> Past:
    """Make one line of a person's other claims from what the statement gathered of it."""
    claim, own, service, day, quantity, visit_type, first, last, birth_order = values
    return Past(
        claim=claim,
        own=own,
        service=service,
        service_date=_day(day),
        quantity=quantity,
        visit_type=visit_type,
        service_from=_day(first),
        service_to=_day(last),
        birth_order=birth_order,
    )


def history_rows(number: str) -> list[Row]:
    """Return every event of a claim, oldest first."""
    with reading() as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(HISTORY, [number]).fetchall()


def message_rows(claim_id: int) -> list[Row]:
    """Return every message of a claim, oldest first."""
    with reading() as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(MESSAGES, [claim_id]).fetchall()


def clock_rows(connection: Connection[Any], claim_ids: Sequence[int]) -> list[Row]:
    """Return what the clocks of these claims are counted by."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(CLOCKS, [list(claim_ids)]).fetchall()


def waiting_ids(connection: Connection[Any], *, after: int, limit: int) -> list[int]:
    """Return the next claims that wait for a decision, in the order of their ids."""
    return [row[0] for row in connection.execute(WAITING, [after, limit]).fetchall()]


def recent_dealing(*, card_key: str, facility: str) -> str | None:
    """Return the facility's check or visit of a person within 30 days, if there was one."""
    with reading() as connection:
        row = connection.execute(RECENT, {"card_key": card_key, "facility": facility}).fetchone()
    return row[0] if row else None


def moment(text: Any) -> datetime | None:
    """Read a moment out of a cursor; None when it is none."""
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
