"""The statements of signals: what a submission is compared with, what it leaves, the night's figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from claims.signals.rules import Measure, Signal
from config.json import dumps
from config.months import month_of
from config.prepared import Prepared, Rows, Step

# A watch or a patient's word once noted stays with a claim that is changed and sent again.
COMPARED = """
SELECT (SELECT jsonb_object_agg(p.measure, jsonb_build_array(p.value, p.sample, p.peers, p.median,
                   p.p90)) FROM facility_profiles p WHERE p.facility = %(facility)s),
       (SELECT jsonb_object_agg(s.code, s.numbers) FROM claim_signals s
         WHERE s.claim = %(claim)s AND s.code IN ('facility_watch', 'patient_reported_paying')),
       (SELECT jsonb_build_array(w.id, w.why) FROM facility_watches w
         WHERE w.facility = %(facility)s AND w.remaining > 0 ORDER BY w.id LIMIT 1),
       coalesce((SELECT v.arrived_at FROM visits v
                  WHERE v.number = %(visit)s AND v.facility = %(facility)s),
                (SELECT e.checked_at FROM eligibility_checks e
                  WHERE e.number = %(check)s AND e.facility = %(facility)s
                    AND e.checked_at >= %(starts)s AND e.checked_at < %(ends)s)),
       (SELECT jsonb_build_array(a.number, coalesce(a.approved_riel, a.computed_riel), a.event_on)
          FROM allowances a
         WHERE a.card_key = %(card_key)s AND a.kind = 'refund'
           AND a.event_on BETWEEN %(first)s::date AND %(last)s::date
           AND a.state NOT IN ('rejected', 'withdrawn') ORDER BY a.id LIMIT 1)
"""
_COMPARED = Prepared("claim_compare", COMPARED)
NOTED = """
noted AS (
    INSERT INTO claim_signals (claim, version, code, points, numbers, text_en, text_km)
    SELECT claim.number, claim.version, s.code, s.points, s.numbers, s.text_en, s.text_km
      FROM claim, jsonb_to_recordset(%(signals)s)
           AS s(code text, points integer, numbers jsonb, text_en text, text_km text)
), counted AS (
    UPDATE facility_watches SET remaining = remaining - 1 FROM claim
     WHERE facility_watches.id = %(watch)s AND remaining > 0
)"""
"""What is noted of the one row of `claim`, part of a statement that has or makes it."""
NOTE = f"""
WITH claim AS (SELECT %(claim)s AS number, %(version)s::integer AS version), {NOTED}
UPDATE claims SET risk = %(risk)s WHERE number = %(claim)s
"""  # noqa: S608 - a part of this module
LATEST = """
SELECT s.code, s.points, s.text_en, s.text_km, s.numbers FROM claim_signals s
 WHERE s.claim = %(claim)s
   AND s.version = (SELECT max(o.version) FROM claim_signals o WHERE o.claim = %(claim)s)
   AND EXISTS (SELECT 1 FROM claims c WHERE c.number = %(claim)s AND c.risk > 0)
 ORDER BY s.points DESC, s.id
"""
LOCK = """
SELECT number, version, risk, scheme, service_from FROM claims
 WHERE number = %s AND state <> 'draft' FOR UPDATE
"""
PROFILES = """
WITH live AS (
    SELECT c.id, c.facility, c.visit_type, c.claimed_riel, c.service_from,
           extract(hour FROM coalesce(v.arrived_at, e.checked_at)
                   AT TIME ZONE 'Asia/Phnom_Penh')::int AS hour
      FROM claims c
      LEFT JOIN visits v ON v.number = c.visit_number
      LEFT JOIN eligibility_checks e ON v.number IS NULL AND e.number = c.check_number
           AND e.checked_at >= %(day_from)s::date - interval '1 year'
     WHERE c.service_from BETWEEN %(day_from)s AND %(day_to)s
       AND c.state NOT IN ('draft', 'withdrawn', 'voided')
), measured AS (
    SELECT facility, 'average_' || visit_type AS measure,
           sum(claimed_riel)::bigint / count(*) AS value, count(*) AS sample
      FROM live GROUP BY facility, visit_type
    UNION ALL
    SELECT facility, 'weekend_share',
           1000 * count(*) FILTER (WHERE extract(isodow FROM service_from) > 5) / count(*), count(*)
      FROM live WHERE visit_type = 'outpatient' GROUP BY facility
    UNION ALL
    SELECT facility, 'night_share', 1000 * count(*) FILTER (WHERE hour = ANY(%(night)s)) / count(*),
           count(*)
      FROM live WHERE visit_type = 'outpatient' AND hour IS NOT NULL GROUP BY facility
    UNION ALL
    SELECT live.facility, 'caesarean_share',
           1000 * count(*) FILTER (WHERE l.service = 'DELIVERY-CAESAREAN') / count(*), count(*)
      FROM live JOIN claim_lines l ON l.claim_id = live.id AND l.service LIKE 'DELIVERY-%%'
     GROUP BY live.facility
), placed AS (
    SELECT m.*, f.level, f.kind FROM measured m JOIN registry.facilities f ON f.code = m.facility
), compared AS (
    SELECT level, kind, measure, count(*) AS peers,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY value)::bigint AS median,
           percentile_cont(0.9) WITHIN GROUP (ORDER BY value)::bigint AS p90
      FROM placed WHERE sample >= %(least_sample)s GROUP BY level, kind, measure
)
INSERT INTO facility_profiles (facility, measure, level, kind, value, sample, peers, median, p90,
                               day_from, day_to)
SELECT p.facility, p.measure, p.level, p.kind, p.value, p.sample,
       coalesce(c.peers, 0) - (p.sample >= %(least_sample)s)::int, c.median, c.p90,
       %(day_from)s, %(day_to)s
  FROM placed p LEFT JOIN compared c USING (level, kind, measure)
"""


@dataclass(frozen=True, slots=True)
class Compared:
    """What the store knows of a claim's facility, and what was noted of the claim before."""

    profile: Mapping[str, Measure]
    earlier: Mapping[str, Mapping[str, Any]]
    watch: tuple[int, str] | None
    received_at: datetime | None
    refund: tuple[str, int, str] | None = None
    """Number, riel and day of a refund the member asked for, for care within the claim's days."""


def comparing(
    *,
    claim: str | None,
    facility: str,
    visit: str | None,
    check: str | None,
    card_key: str,
    days: tuple[date, date],
) -> Step:
    """Return the statement that reads what a claim is compared with; `compared_of` reads it."""
    # The number of a check names its month, so that one partition is looked into.
    starts, ends = month_of(check or "") or (None, None)
    values = {"claim": claim, "facility": facility, "visit": visit, "check": check,
              "starts": starts, "ends": ends, "card_key": card_key,
              "first": days[0], "last": days[1]}  # fmt: skip
    return Step(_COMPARED, values)


def compared_of(rows: Rows) -> Compared:
    """Read what the statement of `comparing` answered."""
    profile, earlier, watch, received_at, refund = rows[0]
    watched = orjson.loads(watch) if watch else None
    return Compared(
        profile={
            measure: Measure(*figures)
            for measure, figures in (orjson.loads(profile) if profile else {}).items()
        },
        earlier=orjson.loads(earlier) if earlier else {},
        watch=(watched[0], watched[1]) if watched else None,
        received_at=datetime.fromisoformat(received_at.decode()) if received_at else None,
        refund=tuple(orjson.loads(refund)) if refund else None,
    )


def note(
    connection: Connection[Any],
    *,
    claim: str,
    version: int,
    signals: Sequence[Signal],
    risk: int,
    watch: int | None = None,
) -> None:
    """Add a claim's signals, set its risk and count down the watch, in one statement."""
    connection.execute(
        NOTE,
        {
            "claim": claim, "version": version, "watch": watch, "risk": risk,
            "signals": Jsonb([signal.as_json() for signal in signals], dumps),
        },
    )  # fmt: skip


def lock(connection: Connection[Any], claim: str) -> dict[str, Any] | None:
    """Lock a claim that was submitted and return what a signal added later needs of it."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(LOCK, [claim]).fetchone()


def latest(connection: Connection[Any], claim: str) -> list[dict[str, Any]]:
    """Return the signals of a claim as it stands, the gravest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(LATEST, {"claim": claim}).fetchall()


def compute_profiles(
    connection: Connection[Any],
    *,
    day_from: date,
    day_to: date,
    least_sample: int,
    night: list[int],
) -> int:
    """Replace every facility's figures by those of a period; return how many there are."""
    connection.execute("DELETE FROM facility_profiles")
    return connection.execute(
        PROFILES,
        {"day_from": day_from, "day_to": day_to, "least_sample": least_sample, "night": night},
    ).rowcount
