"""The swap: readers never notice, nothing is half done, and the new table is like the old one."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

import psycopg
import pytest
from flask import Flask

from config.settings import settings
from config.text import fold_card
from gateway.eligibility import queries
from gateway.registry import service as registry
from gateway.registry.loading import build, run
from gateway.registry.loading.terms import Refused
from tests.gateway.registry.conftest import CARD, OTHER_CARD, Feed, good

SHAPE = """
SELECT 'column', attname::text, format_type(atttypid, atttypmod), attnotnull::text,
       coalesce(pg_get_expr(adbin, adrelid), '')
  FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
 WHERE attrelid = %(table)s::regclass AND attnum > 0 AND NOT attisdropped
UNION ALL SELECT 'index', indexname, indexdef, '', '' FROM pg_indexes
 WHERE schemaname || '.' || tablename = %(table)s::text
UNION ALL SELECT 'constraint', conname, contype::text, pg_get_constraintdef(oid), ''
  FROM pg_constraint WHERE conrelid = %(table)s::regclass
UNION ALL SELECT 'grant', grantee::text, privilege_type::text, '', ''
  FROM information_schema.role_table_grants WHERE table_schema || '.' || table_name = %(table)s::text
 ORDER BY 1, 2, 3
"""
KINDS = ("facilities", "enterprises", "members", "dependents", "coverages", "contributions")


def shape(owner: psycopg.Connection[Any], kind: str) -> list[Any]:
    return owner.execute(SHAPE, {"table": f"registry.{kind}"}).fetchall()


def test_a_swapped_table_has_the_columns_indexes_and_grants_of_the_migration(
    feed: Feed, owner: psycopg.Connection[Any]
) -> None:
    before = {kind: shape(owner, kind) for kind in KINDS}

    feed.load()
    feed.take("members", good("members", phone="099887766"))

    for kind in KINDS:
        assert shape(owner, kind) == before[kind], kind
    assert ("index", "ix_members_search") in {row[:2] for row in before["members"]}


def test_a_new_table_and_its_indexes_are_read_into_memory_before_they_are_swapped_in(
    feed: Feed, owner: psycopg.Connection[Any], rows_of: Any
) -> None:
    owner.execute("CREATE EXTENSION pg_prewarm")
    [(name,)] = rows_of("SELECT quote_ident(current_database())")
    owner.execute(f"ALTER DATABASE {name} SET track_functions = 'all'")  # type: ignore[arg-type]

    feed.load("facilities")

    [(indexes,)] = rows_of(
        "SELECT count(*) FROM pg_index WHERE indrelid = 'registry.facilities'::regclass"
    )
    assert rows_of("SELECT calls FROM pg_stat_user_functions WHERE funcname = 'pg_prewarm'") == [
        (1 + indexes,)
    ]


def test_a_load_leaves_nothing_in_the_scratch_schema(feed: Feed, rows_of: Any) -> None:
    feed.load()
    feed.take("members", good("members", sex="X"))
    feed.take("members", good("members", phone=""), delta=True)

    assert (
        rows_of("SELECT relname FROM pg_class WHERE relnamespace = 'registry_next'::regnamespace")
        == []
    )


def test_the_application_may_read_the_registry_and_nothing_else(
    feed: Feed, owner: psycopg.Connection[Any]
) -> None:
    feed.load()

    owner.execute("SET ROLE nssf_app")

    assert owner.execute("SELECT count(*) FROM registry.members").fetchone() == (1,)
    for statement in (
        "UPDATE registry.members SET protected = false",
        "DELETE FROM registry.members",
        "INSERT INTO registry_files VALUES ('members', 'x', 'x', 1, false, 'x')",
        "CREATE TABLE registry_next.x ()",
        "CREATE TABLE registry.x ()",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            owner.execute(statement)


def test_readers_see_the_old_state_or_the_new_one_through_many_swaps(
    app: Flask, feed: Feed
) -> None:
    feed.load("enterprises", "members")
    stop, seen, failures = threading.Event(), set(), []
    address = settings().app_database_url

    def read() -> None:
        with psycopg.connect(address, autocommit=True, prepare_threshold=0) as connection:
            while not stop.is_set():
                try:
                    row = connection.execute(
                        "SELECT count(*), min(phone) FROM registry.members WHERE card_key LIKE %s",
                        ("2990%",),
                    ).fetchone()
                except psycopg.Error as error:
                    failures.append(repr(error))
                    return
                seen.add(row)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    jobs = [feed.take("members", good("members", phone=f"01200000{n}")) for n in range(5)]
    stop.set()
    for reader in readers:
        reader.join()

    assert failures == []
    assert {job.state for job in jobs} == {"committed"}
    assert {count for count, _ in seen} == {1}
    assert len(seen) > 1


def test_a_check_answers_from_the_old_state_until_the_swap(
    feed: Feed, owner: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    feed.load("facilities", "enterprises", "members")
    answers: list[tuple[str | None, ...]] = []

    def look() -> None:
        day = date(2026, 11, 22)
        with psycopg.connect(settings().app_database_url, autocommit=True) as connection:
            people = [
                queries.read(
                    connection, key=fold_card(card), day=day, since=day, facility="120101",
                ).people
                for card in (CARD, OTHER_CARD)
            ]  # fmt: skip
        answers.append(tuple(found[0][2] if found else None for found in people))

    original = build.swap

    def looking(connection: Any, load: Any) -> None:
        look()
        original(connection, load)

    monkeypatch.setattr(build, "swap", looking)
    feed.take("members", good("members", card_number=OTHER_CARD))
    look()

    assert answers == [(CARD, None), (None, OTHER_CARD)]


def test_a_reader_that_holds_the_table_delays_the_swap_and_blocks_nobody(
    feed: Feed, owner: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    feed.load("enterprises", "members")
    monkeypatch.setattr(run, "SWAP_ATTEMPTS", 3)
    with owner.transaction():
        owner.execute("SELECT 1 FROM registry.members")

        job = feed.take("members", good("members", phone=""))

        assert (job.state, job.report["code"]) == ("refused", "registry_busy")
    assert feed.take("members", good("members", phone="")).state == "committed"


def test_a_swap_waits_for_a_vacuum_that_readers_never_notice(
    feed: Feed, owner: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    feed.load("enterprises", "members")
    monkeypatch.setattr(run, "SWAP_ATTEMPTS", 1)
    owner.execute("BEGIN")
    # What vacuum and analyze hold.
    owner.execute("LOCK TABLE registry.members IN SHARE UPDATE EXCLUSIVE MODE")
    done = threading.Timer(0.6, owner.commit)
    done.start()

    job = feed.take("members", good("members", phone=""))
    done.join()

    assert job.state == "committed"


@pytest.mark.parametrize("step", ["create", "index", "swap"])
def test_an_interrupted_load_changes_nothing_and_runs_again(
    feed: Feed, rows_of: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    feed.load("enterprises", "members")
    original = getattr(build, step)

    def cut_off(*given: Any) -> None:
        original(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(build, step, cut_off)
    with pytest.raises(KeyboardInterrupt):
        feed.take("members", good("members", card_number=OTHER_CARD))
    monkeypatch.undo()

    assert rows_of("SELECT card_number FROM registry.members") == [(CARD,)]
    [(number, state)] = rows_of(
        "SELECT number, state FROM registry_imports ORDER BY requested_at DESC LIMIT 1"
    )
    assert state == "interrupted"

    assert registry.run_import(number).state == "committed"
    assert rows_of("SELECT card_number FROM registry.members") == [(OTHER_CARD,)]


def test_an_interrupted_delta_changes_nothing_and_the_same_file_is_taken_again(
    feed: Feed, rows_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed.load("enterprises", "members")
    original = build.bring_in

    def cut_off(*given: Any) -> None:
        original(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "bring_in", cut_off)
    with pytest.raises(KeyboardInterrupt):
        feed.take("members", good("members", phone="012999888"), delta=True)
    monkeypatch.undo()

    assert rows_of("SELECT phone FROM registry.members") == [("+85512345678",)]
    again = feed.take("members", good("members", phone="012999888"), delta=True)
    assert again.state == "committed"
    assert rows_of("SELECT phone FROM registry.members") == [("+85512999888",)]


def test_a_load_whose_process_was_killed_is_found_out_by_the_next(
    feed: Feed, owner: psycopg.Connection[Any], rows_of: Any
) -> None:
    job = feed.take("enterprises")
    owner.execute("UPDATE registry_imports SET state = 'running' WHERE number = %s", (job.number,))
    owner.execute("CREATE TABLE registry_next.members (leftover int)")
    owner.execute("CREATE TABLE registry_next.staging (leftover int)")

    feed.load("members")

    assert registry.find_import(job.number).state == "interrupted"
    assert rows_of("SELECT count(*) FROM registry.members") == [(1,)]


def test_the_record_and_the_swap_are_one(
    feed: Feed, rows_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise Refused("test", "stopped in the last step")

    monkeypatch.setattr(build, "swap", fail)

    job = feed.take("enterprises")

    assert job.state == "refused"
    assert rows_of("SELECT count(*) FROM registry_files") == [(0,)]
    assert rows_of("SELECT as_of FROM registry_state") == [(None,)]
    assert rows_of("SELECT count(*) FROM audit_events WHERE action = 'registry.imported'") == [(0,)]
