"""Do the hot statements read by index at this size? Fills the recorded tables to a million rows.

Runs at the end of `make bench-scale`: the plans of the check, of a recorded check by its number, of
the last hour's counts, of a claim's facts, of lists and of the review queue must not read a large
table from end to end.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg

from benchmarks.store import Store
from claims.submission import queries as claims
from config import clock
from config.months import month_of
from config.numbers import new_number
from gateway.eligibility import queries as checks

ROWS = 1_000_000
LARGE = ("members", "dependents", "coverages", "contributions", "eligibility_checks_", "claims",
         "claim_lines", "claim_events", "audit_events_")  # fmt: skip
# A month of checks: `number` names its month, so the moments stay within it.
FILL = """
INSERT INTO eligibility_checks (number, checked_at, valid_until, facility, actor, scanner, card_key,
    service_date, verdict, promise, policy_version, request, body)
SELECT 'E' || month_mark(at) || 'Z' || lpad(n::text, 8, '0'), at, at, 'F' || n %% 1500,
       'client:' || n %% 1500, 'F' || n %% 1500, 'K' || n, current_date,
       CASE WHEN n %% 50 = 0 THEN 'not_found' ELSE 'not_eligible' END, false, 'P', '{}', '{}'
  FROM (SELECT n, greatest(now() - n * interval '2 seconds',
                           date_trunc('month', now() AT TIME ZONE 'Asia/Phnom_Penh')
                             AT TIME ZONE 'Asia/Phnom_Penh') AS at
          FROM generate_series(1, %(rows)s) n) given
"""
LISTS = (
    f"SELECT {claims.LIST_COLUMNS} FROM claims WHERE facility = 'F1' ORDER BY id DESC LIMIT 51",
    f"SELECT {claims.LIST_COLUMNS} FROM claims WHERE facility = 'F1' AND updated_at > now()"
    " - interval '1 hour' ORDER BY updated_at, id LIMIT 51",
    "SELECT * FROM audit_events WHERE subject = 'C1' ORDER BY id DESC LIMIT 51",
    "SELECT * FROM audit_events ORDER BY id DESC LIMIT 51",
)


def refuse_whole_scans(made: Store) -> int:
    """Stop with the plan that reads a large table from end to end; return how many were looked at."""
    with psycopg.connect(made.owner_url, autocommit=True) as connection:
        connection.execute(FILL, {"rows": ROWS})
        connection.execute("ANALYZE eligibility_checks, claims, claim_lines, claim_events")
        statements = _statements()
        for statement, values in statements:
            plan = "\n".join(
                row[0] for row in connection.execute("EXPLAIN " + statement, values).fetchall()
            )
            for table in LARGE:
                if f"Seq Scan on {table}" in plan and _is_large(connection, table, plan):
                    raise SystemExit(f"{table} is read whole by\n{statement}\n{plan}")
    return len(statements)


def _statements() -> list[tuple[Any, Any]]:
    today, number = clock.today(), new_number("E", clock.now())
    month = month_of(number)
    assert month is not None
    who = {"key": "K7", "day": today, "since": today - timedelta(days=365), "facility": "F7",
           "scanner": "F7", "actor": "client:7"}  # fmt: skip
    claim = {"facility": "F7", "reference": "INV-1", "card_key": "K7", "visit": None,
             "replaces": None, "since": today - timedelta(days=400), "until": today}  # fmt: skip
    return [
        (checks.READ, who),
        (checks.READ_UNKNOWN, who),
        (checks.READ_AND_COUNT, who),
        (checks.FIND, {"number": number, "starts": month[0], "ends": month[1]}),
        (claims.GATHER, claim),
        (claims.RECENT, {"card_key": "K7", "facility": "F7"}),
        *((statement, None) for statement in LISTS),
    ]


def _is_large(connection: psycopg.Connection[Any], table: str, plan: str) -> bool:
    """Tell whether a scanned table is worth an index: an empty month ahead is not."""
    names = {line.split("Seq Scan on ", 1)[1].split()[0] for line in plan.splitlines()
             if f"Seq Scan on {table}" in line}  # fmt: skip
    found = connection.execute(
        "SELECT coalesce(max(reltuples), 0) FROM pg_class WHERE relname = ANY (%s)", [list(names)]
    ).fetchone()
    return found is not None and found[0] > 10_000
