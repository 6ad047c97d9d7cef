"""The one statement behind a check, and the one that records it.

`read` returns everything a decision needs in one row: registry state, policy generation, facility,
the card's holder with member or family, covers, contributions and usage; now and then also how many
unknown cards the caller has tried (`scanning` says when) and what was looked up in the last hour
(`limits` says when). `rows` turns it into facts. No ORM: this is the hot path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from psycopg import Connection

from config.months import month_of
from config.prepared import Prepared, Rows, Step
from gateway.eligibility.rows import Row, Unknown, to_row, to_unknown

READ = """
WITH who AS MATERIALIZED (
  SELECT 0 AS place, m.card_key, m.card_number, m.name_km, m.name_latin, m.sex, m.date_of_birth,
         m.category, 'self' AS relationship, m.status, m.status_on, m.card_status,
         NULL::text AS principal_key, NULL::date AS valid_from, NULL::date AS valid_to,
         false AS disabled, false AS chronically_ill, m.protected, m.national_id
    FROM registry.members m WHERE m.card_key = %(key)s
  UNION ALL
  SELECT 1, d.card_key, d.card_number, d.name_km, d.name_latin, d.sex, d.date_of_birth,
         NULL, d.relationship, 'active', NULL, 'live',
         d.principal_key, d.valid_from, d.valid_to, d.disabled, d.chronically_ill, false,
         d.national_id
    FROM registry.dependents d WHERE d.card_key = %(key)s
  UNION ALL
  SELECT 2, m.card_key, m.card_number, m.name_km, m.name_latin, m.sex, m.date_of_birth,
         m.category, 'self', m.status, m.status_on, m.card_status,
         NULL, NULL, NULL, false, false, m.protected, m.national_id
    FROM registry.dependents d JOIN registry.members m ON m.card_key = d.principal_key
   WHERE d.card_key = %(key)s
  UNION ALL
  SELECT 3, d.card_key, d.card_number, d.name_km, d.name_latin, d.sex, d.date_of_birth,
         NULL, d.relationship, 'active', NULL, 'live',
         d.principal_key, d.valid_from, d.valid_to, d.disabled, d.chronically_ill, false,
         d.national_id
    FROM registry.dependents d WHERE d.principal_key = %(key)s
)
SELECT clock_timestamp(), s.as_of, s.contributions_loaded, s.complete_through, g.n,
  (SELECT json_build_array(f.code, f.kind, f.level, f.contract_from, f.contract_to)
     FROM registry.facilities f WHERE f.code = %(facility)s)::text,
  (SELECT json_agg(json_build_array(
      w.place, w.card_key, w.card_number, w.name_km, w.name_latin, w.sex, w.date_of_birth,
      w.category, w.relationship, w.status, w.status_on, w.card_status, w.principal_key,
      w.valid_from, w.valid_to, w.disabled, w.chronically_ill, w.protected,
      w.national_id IS NOT NULL AND (
        EXISTS (SELECT 1 FROM registry.members o
                 WHERE o.national_id = w.national_id AND o.card_key <> w.card_key
                   AND o.card_status = 'live'
                   AND (o.status = 'active' OR o.status_on > %(day)s))
        OR EXISTS (SELECT 1 FROM registry.dependents o
                 WHERE o.national_id = w.national_id AND o.card_key <> w.card_key
                   AND o.valid_from <= %(day)s AND (o.valid_to IS NULL OR o.valid_to > %(day)s))),
      (SELECT json_agg(json_build_array(c.scheme, c.valid_from, c.valid_to, p.paid_months)
                       ORDER BY c.scheme, c.valid_from)
         FROM registry.coverages c
         LEFT JOIN registry.contributions p
           ON p.card_key = c.card_key AND p.scheme = c.scheme
        WHERE c.card_key = w.card_key),
      (SELECT json_agg(json_build_array(u.scheme, u.benefit, u.day))
         FROM benefit_usage u
        WHERE u.card_key = w.card_key AND u.day > %(since)s AND u.day <= %(day)s)
    ) ORDER BY w.place, w.date_of_birth, w.card_key) FROM who w)::text
"""

UNKNOWN = """
  (SELECT json_build_array(count(DISTINCT coalesce(e.card_key, e.number)),
        extract(epoch FROM min(e.checked_at) + interval '10 minutes' - statement_timestamp())::int)
     FROM eligibility_checks e
    WHERE e.scanner = %(scanner)s AND e.verdict = 'not_found'
      AND e.checked_at > statement_timestamp() - interval '10 minutes'
      AND e.checked_at <= statement_timestamp())::text
"""
"""How many different unknown cards a caller has tried in the last ten minutes."""
# clock_timestamp() is volatile: compared with it, the index would not bound the scan in time. Both
# ends are given so that the months ahead, and the rest, are left out as the statement starts.

LAST_HOUR = """,
  (SELECT json_build_array(count(*), coalesce(sum(c.lookups), 0), coalesce(sum(c.unknown), 0),
        extract(epoch FROM min(c.began) + interval '1 hour' - statement_timestamp())::int)
     FROM (SELECT count(*) AS lookups, count(*) FILTER (WHERE e.verdict = 'not_found') AS unknown,
                  min(e.checked_at) AS began
             FROM eligibility_checks e
            WHERE e.{who} = %({who})s AND e.checked_at > statement_timestamp() - interval '1 hour'
              AND e.checked_at <= statement_timestamp()
            GROUP BY coalesce(e.card_key, e.number)) c)::text
"""
"""What a caller or a facility looked up in the last hour."""

READ_OF = "FROM registry_state s, generation g WHERE s.id = 1 AND g.id = 1"
READ_UNKNOWN = f"{READ}, {UNKNOWN}{READ_OF}"
READ_AND_COUNT = (
    f"{READ}, {UNKNOWN}{LAST_HOUR.format(who='actor')}{LAST_HOUR.format(who='facility')}{READ_OF}"
)
READ += READ_OF
_READ, _UNKNOWN = Prepared("check_read", READ), Prepared("check_unknown", f"SELECT {UNKNOWN}")
_READ_UNKNOWN = Prepared("check_read_unknown", READ_UNKNOWN)
_READ_AND_COUNT = Prepared("check_count", READ_AND_COUNT)

RECORD = """
INSERT INTO eligibility_checks (number, checked_at, valid_until, facility, actor, scanner, card_key,
    service_date, verdict, scheme, promise, policy_version, request, body)
VALUES (%(number)s, %(checked_at)s, %(valid_until)s, %(facility)s, %(actor)s, %(scanner)s,
    %(card_key)s, %(service_date)s, %(verdict)s, %(scheme)s, %(promise)s, %(policy_version)s,
    %(request)s, %(body)s)
"""
_RECORD = Prepared("check_record", RECORD)

FIND = """
SELECT number, facility, card_key, service_date, verdict, scheme, promise, body::text
  FROM eligibility_checks
 WHERE number = %(number)s AND checked_at >= %(starts)s AND checked_at < %(ends)s
"""
"""The number names the month, so that one partition is looked into."""
_FIND = Prepared("check_find", FIND)


@dataclass(frozen=True, slots=True)
class Stored:
    """One recorded check."""

    number: str
    facility: str | None
    card_key: str | None
    service_date: date
    verdict: str
    scheme: str | None
    promise: bool
    body: dict[str, Any]


class NoState(RuntimeError):
    """The registry's state row is missing: nothing can be decided, and nothing is answered."""


def read(
    conn: Connection[Any],
    *,
    key: str,
    day: date,
    since: date,
    facility: str | None,
    scanner: str | None = None,
    actor: str | None = None,
) -> Row:
    """Read all a decision needs for a card in one statement; raise when the store cannot say.

    With a scanner it also counts the unknown cards that one has tried; with an actor besides, the
    last hour's look-ups of the actor and of the facility.
    """
    params = {"key": key, "day": day, "since": since, "facility": facility}
    statement = _READ
    if scanner is not None:
        params["scanner"], statement = scanner, _READ_UNKNOWN
        if actor is not None:
            params["actor"], statement = actor, _READ_AND_COUNT
    return read_of(list(statement.run(conn, params)))


def reading(*, key: str, day: date, since: date, facility: str | None) -> Step:
    """Return the statement of `read` to be sent with others; `read_of` reads its answer."""
    return Step(_READ, {"key": key, "day": day, "since": since, "facility": facility})


def read_of(found: Rows) -> Row:
    """Read what the statement of `read` or `reading` answered."""
    if not found:
        raise NoState("registry_state or generation holds no row")
    return to_row(found[0])


def count_unknown(conn: Connection[Any], scanner: str) -> Unknown:
    """Count the unknown cards a caller has tried, by a statement of its own."""
    ((found,),) = _UNKNOWN.run(conn, {"scanner": scanner})
    return to_unknown(found)


def record(conn: Connection[Any], values: Mapping[str, Any]) -> None:
    """Record a check: one INSERT, which is atomic and its own audit record. JSON comes as bytes."""
    _RECORD.run(conn, values)


def find(conn: Connection[Any], number: str) -> Stored | None:
    """Find a recorded check by its number."""
    step = finding(number)
    return found_of(list(step.statement.run(conn, step.values))) if step is not None else None


def finding(number: str) -> Step | None:
    """Return the statement of `find` to be sent with others; None if no check has such a number."""
    month = month_of(number)
    if month is None:
        return None
    return Step(_FIND, {"number": number, "starts": month[0], "ends": month[1]})


def found_of(rows: Rows) -> Stored | None:
    """Read what the statement of `finding` answered."""
    if not rows:
        return None
    number, facility, card_key, day, verdict, scheme, promise, body = rows[0]
    return Stored(
        number=number.decode(),
        facility=_text(facility),
        card_key=_text(card_key),
        service_date=date.fromisoformat(day.decode()),
        verdict=verdict.decode(),
        scheme=_text(scheme),
        promise=promise == b"t",
        body=orjson.loads(body),
    )


def _text(cell: bytes | None) -> str | None:
    return None if cell is None else cell.decode()
