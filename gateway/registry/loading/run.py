"""One load from file to committed table, on the owner's own connection; nothing is half done.

Everything before the last step happens beside the live table and may be cut off anywhere: the next
load clears it away. The last step is one short transaction.
"""

from __future__ import annotations

import time
from typing import Any

from psycopg import Connection
from psycopg.errors import LockNotAvailable
from psycopg.types.json import Jsonb

from gateway.facilities import service as facilities
from gateway.registry.loading import build, checks, short, source, staging
from gateway.registry.loading.terms import LIVE, Findings, Load, Progress, Refused, Timed

LOCK_WAIT_MS = 20
# About ten minutes: what was built took longer, and slow disks keep readers for seconds.
SWAP_ATTEMPTS = 2_700
_PAUSE = 0.2
_SESSION = (
    "SET synchronous_commit = off",
    "SET maintenance_work_mem = '512MB'",
    "SET work_mem = '192MB'",
    "SET max_parallel_workers_per_gather = 2",
    "SET max_parallel_maintenance_workers = 2",
    "SET parallel_setup_cost = 0",
    "SET parallel_tuple_cost = 0",
    "SET jit = off",
    "SET datestyle = 'ISO, YMD'",
    "SET gin_pending_list_limit = '32MB'",
    "SET client_min_messages = warning",
)


def is_committed(connection: Connection[Any], load: Load, digest: str) -> bool:
    """Tell whether these very bytes were committed before."""
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM registry_files WHERE kind = %s AND sha256 = %s)",
        (load.feed.kind, digest),
    ).fetchone()
    return row == (True,)


def load_file(
    connection: Connection[Any], load: Load, findings: Findings, progress: Progress
) -> bool:
    """Load one file; return False if its bytes were committed before. Raises Refused."""
    findings.sha256, findings.size = source.digest_of(load.path)
    promised = source.manifest_rows(load.path, findings.sha256)
    if is_committed(connection, load, findings.sha256):
        return False
    progress = timed = Timed(progress)
    findings.report["seconds"] = timed.seconds
    _prepare(connection, load)
    build.clear_scratch(connection, load)
    findings.header, findings.staged = staging.stage_file(connection, load, progress)
    findings.few = build.are_few(connection, load, findings.staged)
    progress.stage("check")
    built = short.build_sound(connection, load, findings)
    if not built:
        checks.check_rows(connection, load, findings)
    if promised is not None and promised != findings.rows:
        raise Refused(
            "manifest_rows",
            f"{load.file_name} has {findings.rows} rows, its manifest says {promised}.",
        )
    progress.stage("build")
    if not built:
        build.build(connection, load, findings)
    checks.check_sets(connection, load, findings)
    checks.settle(connection, load, findings)
    build.hold_large_change(connection, load, findings)
    if not load.delta:
        progress.stage("index")
        build.index(connection, load)
        build.warm(connection, load)
    progress.stage("commit")
    _commit(connection, load, findings)
    return True


def _prepare(connection: Connection[Any], load: Load) -> None:
    connection.execute("; ".join(_SESSION))
    if load.delta:
        # Fewer rows than in a full file, and as many processes for them; starting one is not free.
        connection.execute("SET min_parallel_table_scan_size = '1MB'")
    # Packing the pages of new indexes costs more than writing them; only some servers allow it.
    allowed = "SELECT has_parameter_privilege('wal_compression', 'SET')"
    if connection.execute(allowed).fetchone() == (True,):
        connection.execute("SET wal_compression = off")


def _commit(connection: Connection[Any], load: Load, findings: Findings) -> None:
    """Make the new state visible; readers in the way are waited for without blocking others."""
    connection.execute("SET synchronous_commit = on")
    for _ in range(SWAP_ATTEMPTS):
        try:
            with connection.transaction():
                if not load.delta:
                    # Vacuum gives way to whoever waits a second; readers are not in this one's way.
                    live = ", ".join(f"{LIVE}.{table}" for table in load.feed.tables)
                    connection.execute(f"LOCK TABLE {live} IN SHARE UPDATE EXCLUSIVE MODE")
                connection.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT_MS}ms'")
                _record(connection, load, findings)
                _replace(connection, load, findings)
        except LockNotAvailable:
            time.sleep(_PAUSE)
        else:
            return
    raise Refused(
        "registry_busy", f"{load.file_name}: readers held the registry for too long; run it again."
    )


def _replace(connection: Connection[Any], load: Load, findings: Findings) -> None:
    if load.delta:
        with build.without(connection, *build.joins_of_few(findings)):
            build.bring_in(connection, load, findings)
            checks.refuse_overlaps(connection, load)
    else:
        build.swap(connection, load)
    if load.feed.kind == "facilities":
        held = facilities.take_accounts(connection, number=load.number, by=load.by)
        if held:
            findings.report["held_accounts"] = held
            connection.execute(
                "UPDATE registry_imports SET report = %s WHERE number = %s",
                (Jsonb(findings.report), load.number),
            )


def _record(connection: Connection[Any], load: Load, findings: Findings) -> None:
    """Write down what is committed, in the transaction that makes it so."""
    connection.execute(
        "INSERT INTO registry_files (kind, sha256, file_name, rows, delta, import_number)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (
            load.feed.kind, findings.sha256, load.file_name, findings.rows - findings.bad_rows,
            load.delta, load.number,
        ),
    )  # fmt: skip
    connection.execute("UPDATE registry_state SET as_of = now() WHERE id = 1")
    if load.feed.kind == "contributions":
        connection.execute(
            "UPDATE registry_state SET contributions_loaded = true, complete_through ="
            " CASE WHEN %(delta)s THEN coalesce(%(through)s, complete_through) ELSE %(through)s END"
            " WHERE id = 1",
            {"delta": load.delta, "through": load.complete_through},
        )
    finish(connection, load, findings, "committed", None)
    _tell(connection, load, "registry.imported", rows=findings.rows, delta=load.delta)


def skip(connection: Connection[Any], load: Load, findings: Findings) -> None:
    """Leave a file committed before as it is; a month declared with it now is kept all the same."""
    if load.complete_through is None:
        finish(connection, load, findings, "skipped", "committed before")
        return
    with connection.transaction():
        row = connection.execute(
            "UPDATE registry_state SET complete_through = %s WHERE id = 1 AND %s ="
            " (SELECT sha256 FROM registry_files WHERE kind = %s ORDER BY committed_at DESC LIMIT 1)",
            (load.complete_through, findings.sha256, load.feed.kind),
        )
        if not row.rowcount:
            raise Refused(
                "newer_contributions",
                f"{load.file_name} was committed before and others since: declare the month with the"
                " newest of them.",
            )
        detail = f"committed before; contributions are complete through {load.complete_through}"
        finish(connection, load, findings, "skipped", detail)
        _tell(connection, load, "registry.declared")


def _tell(connection: Connection[Any], load: Load, action: str, **details: Any) -> None:
    """Tell caches that something changed, and the trail what it was.

    Written by hand: it must be one with the change, on the owner's connection.
    """
    connection.execute("UPDATE generation SET n = n + 1 WHERE id = 1")
    if load.complete_through:
        details["complete_through"] = load.complete_through
    connection.execute(
        "INSERT INTO audit_events (actor, action, subject, details) VALUES (%s, %s, %s, %s)",
        (load.by, action, load.number, Jsonb({"kind": load.feed.kind} | details)),
    )


def finish(
    connection: Connection[Any], load: Load, findings: Findings, state: str, detail: str | None
) -> None:
    """Write the end of an import to its record."""
    connection.execute(
        "UPDATE registry_imports SET state = %s, detail = %s, finished_at = now(), rows = %s,"
        " bad_rows = %s, errors = %s, sha256 = %s, bytes = %s, report = %s WHERE number = %s",
        (
            state, detail, findings.rows, findings.bad_rows, findings.errors, findings.sha256,
            findings.size, Jsonb(findings.report), load.number,
        ),
    )  # fmt: skip
