"""Past claims with what each was judged by, read in one stream: nothing is written, nothing waits.

The person's part is the statement of a check itself, with columns in the place of its values, so
that a simulation and a check can never read different things.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
import psycopg
from psycopg import Connection

from claims.adjudication.rules.facts import Past
from claims.simulation.rules import Stored as StoredClaim
from claims.submission.queries import AHEAD, BACK, READS_ONLY, to_past
from gateway.coverage.policy_file import MAX_WINDOW_MONTHS
from gateway.eligibility.queries import READ, Stored
from gateway.eligibility.rows import Row

# A claim's own use of a benefit, and what was used after it, is not what it was judged by.
EARLIER_USE = "(SELECT b.* FROM benefit_usage b WHERE b.claim <> c.number AND b.recorded_at < c.submitted_at) u"
IN_THE_PLACE_OF = {
    "%(key)s": "c.card_key",
    "%(day)s": "c.service_from",
    "%(since)s": f"(c.service_from - interval '{MAX_WINDOW_MONTHS} months')::date",
    "%(facility)s": "c.facility",
    "benefit_usage u": EARLIER_USE,
    # A claim does not ask about the family.
    "WHERE d.principal_key = c.card_key": "WHERE false",
}
LIVE = """c.submitted_at IS NOT NULL AND c.state NOT IN ('draft', 'withdrawn', 'voided')
   AND (%(day_from)s::date IS NULL OR c.service_from >= %(day_from)s)
   AND (%(day_to)s::date IS NULL OR c.service_from <= %(day_to)s)"""
RANGES = f"""
SELECT min(id), max(id), count(*) FROM (
    SELECT id, (row_number() OVER (ORDER BY id) - 1) / %(size)s AS part FROM claims c WHERE {LIVE}
) numbered GROUP BY part ORDER BY part
"""  # noqa: S608 - our own constants


def _person() -> str:
    statement = READ
    for value, column in IN_THE_PLACE_OF.items():
        statement = statement.replace(value, column)
    return statement


CLAIMS = f"""
SELECT c.number, c.facility, c.body, c.facility_level, c.scheme,
       coalesce(c.category,
                CASE WHEN c.person ->> 'relationship' <> 'self' THEN 'dependent' END) AS category,
       c.payable_riel, c.first_submitted_at, c.submitted_at, c.check_number, c.card_key,
       jsonb_path_query_array(c.outcome, '$.findings[*].code')::text AS codes,
       CASE WHEN e.number IS NOT NULL THEN json_build_array(e.number, e.facility, e.card_key,
            e.service_date, e.verdict, e.scheme, e.promise)::text END AS checked,
       CASE WHEN e.promise AND r.people IS NULL THEN e.body::text END AS checked_body,
       r.*, h.past,
       CASE WHEN %(with_files)s THEN (SELECT array_agg(DISTINCT a.kind) FROM attachments a
            WHERE a.subject = c.number AND a.added_at < c.submitted_at) END AS kinds
  FROM claims c
 CROSS JOIN LATERAL ({_person()}) AS r(at, as_of, contributions_loaded, complete_through,
                                       generation, place, people)
  LEFT JOIN LATERAL (
    SELECT x.number, x.facility, x.card_key, x.service_date, x.verdict, x.scheme, x.promise, x.body
      FROM eligibility_checks x
     WHERE x.number = c.check_number AND x.checked_at < c.submitted_at + interval '1 day'
       AND x.checked_at > c.service_from - interval '1 year') e ON true
 CROSS JOIN LATERAL (
    SELECT json_agg(json_build_array(o.number, o.facility = c.facility, l.service, l.service_date,
               coalesce(l.approved_quantity, l.quantity), o.visit_type, o.service_from,
               o.service_to, l.birth_order))::text AS past
      FROM claim_lines l JOIN claims o ON o.id = l.claim_id
     WHERE l.card_key = c.card_key AND o.id <> c.id AND o.first_submitted_at < c.submitted_at
       AND l.service_date BETWEEN c.service_from - %(back)s AND c.service_to + %(ahead)s
       AND o.state NOT IN ('draft', 'withdrawn', 'rejected', 'voided')
       AND coalesce(l.approved_quantity > 0, l.decision <> 'denied', true)) h
 WHERE c.id BETWEEN %(first)s AND %(last)s AND {LIVE}
"""  # noqa: S608 - our own constants


@dataclass(frozen=True, slots=True)
class Source:
    """Where to read, and as of when: an exported snapshot is the same moment in every process."""

    address: str
    options: str
    snapshot: str | None = None


@dataclass(frozen=True, slots=True)
class PastClaim:
    """One stored claim and everything it is judged by."""

    stored: StoredClaim
    facility: str
    card_key: str
    body: dict[str, Any]
    first_submitted_at: datetime
    submitted_at: datetime
    check_number: str | None
    check: Stored | None
    row: Row
    history: tuple[Past, ...]
    attachments: frozenset[str]


@contextmanager
def reading(source: Source) -> Iterator[Connection[Any]]:
    """Lend a connection that can write nothing and sees one moment, however long it reads."""
    with psycopg.connect(
        source.address, options=source.options, application_name=READS_ONLY
    ) as connection:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        if source.snapshot is not None:
            connection.execute(f"SET TRANSACTION SNAPSHOT '{source.snapshot}'")
        # Compiling a plan costs more here than it saves; each claim is a few look-ups by index.
        connection.execute("SET LOCAL jit = off")
        yield connection


def export_snapshot(connection: Connection[Any]) -> str:
    """Name the moment a connection sees, for others to see the same."""
    row = connection.execute("SELECT pg_export_snapshot()").fetchone()
    return str(row[0]) if row else ""


def ranges(
    connection: Connection[Any], *, day_from: date | None, day_to: date | None, size: int
) -> list[tuple[int, int, int]]:
    """Cut the claims of a period into parts: first id, last id, how many."""
    return connection.execute(
        RANGES, {"day_from": day_from, "day_to": day_to, "size": size}
    ).fetchall()


def claims_of(
    connection: Connection[Any],
    part: tuple[int, int],
    *,
    day_from: date | None,
    day_to: date | None,
    with_files: bool,
    at_once: int = 500,
) -> Iterator[PastClaim]:
    """Stream a part's claims through a cursor of the server: memory does not grow with the part."""
    with connection.cursor("past_claims") as cursor:
        cursor.itersize = at_once
        cursor.execute(
            CLAIMS,
            {
                "first": part[0], "last": part[1], "day_from": day_from, "day_to": day_to,
                "back": BACK, "ahead": AHEAD, "with_files": with_files,
            },
        )  # fmt: skip
        for row in cursor:
            yield _past_claim(row)


def _past_claim(row: tuple[Any, ...]) -> PastClaim:
    (number, facility, body, level, scheme, category, payable, first, last, check, key,
     codes, checked, checked_body, at, as_of, loaded, through, generation, place, people, past,
     kinds) = row  # fmt: skip
    return PastClaim(
        stored=StoredClaim(
            number, category, level, scheme, payable or 0, frozenset(orjson.loads(codes or "[]"))
        ),
        facility=facility,
        card_key=key,
        body=body,
        first_submitted_at=first,
        submitted_at=last,
        check_number=check,
        check=_check(checked, checked_body),
        row=Row(
            at=at,
            as_of=as_of,
            contributions_loaded=loaded,
            complete_through=through,
            generation=generation,
            facility=orjson.loads(place) if place else None,
            people=orjson.loads(people) if people else [],
        ),
        history=tuple(to_past(values) for values in orjson.loads(past)) if past else (),
        attachments=frozenset(kinds or ()),
    )


def _check(checked: str | None, body: str | None) -> Stored | None:
    if checked is None:
        return None
    number, facility, key, day, verdict, scheme, promise = orjson.loads(checked)
    known: Mapping[str, Any] = orjson.loads(body) if body else {}
    return Stored(
        number, facility, key, date.fromisoformat(day), verdict, scheme, promise, dict(known)
    )
