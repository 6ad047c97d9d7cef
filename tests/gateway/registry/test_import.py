"""A good file becomes the registry: every kind, every form, once."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from auth.permissions import system_actor
from config.errors import Conflict, Invalid, NotFound
from config.settings import settings
from gateway.registry import service as registry
from tests.gateway.registry.conftest import CARD, CHILD_CARD, OTHER_CARD, Feed, good


def test_a_whole_feed_fills_every_table(feed: Feed, rows_of: Any) -> None:
    feed.load()

    key = "29901010000001ក"
    assert rows_of("SELECT code, contract_to, phone FROM registry.facilities") == [
        ("120101", None, None)
    ]
    assert rows_of("SELECT number FROM registry.enterprises") == [("E1",)]
    assert rows_of(
        "SELECT card_key, card_number, phone, card_status, protected, household_card FROM registry.members"
    ) == [(key, CARD, "+85512345678", "live", False, None)]
    assert rows_of(
        "SELECT principal_key, name_latin, disabled, chronically_ill, valid_to FROM registry.dependents"
    ) == [(key, None, False, True, None)]
    assert rows_of(
        "SELECT card_key, paid_months, contributory_wage_riel FROM registry.contributions"
    ) == [(key, "2025-01..2025-06 2025-08", 775000)]


def test_a_last_day_is_stored_as_the_day_after(feed: Feed, rows_of: Any) -> None:
    feed.load()

    assert rows_of("SELECT valid_from, valid_to FROM registry.coverages") == [
        (date(2020, 1, 1), date(2027, 1, 1))
    ]


@pytest.mark.parametrize(
    "name", ["members-2026-11.ndjson.gz", "members.ndjson", "members.csv.gz", "members_late.csv"]
)
def test_every_format_gives_the_same_registry(feed: Feed, rows_of: Any, name: str) -> None:
    feed.load("enterprises")

    job = feed.take("members", good("members", protected="1", district="Daun Penh"), name=name)

    assert (job.state, job.rows, job.bad_rows) == ("committed", 1, 0)
    assert rows_of("SELECT card_number, protected, district FROM registry.members") == [
        (CARD, True, "Daun Penh")
    ]


def test_ndjson_may_carry_numbers_truth_values_and_nulls(feed: Feed, rows_of: Any) -> None:
    feed.load("enterprises", "members")
    row: dict[str, Any] = good("dependents", disabled=True, chronically_ill=0, valid_to=None)  # type: ignore[arg-type]

    job = feed.take("dependents", row, name="dependents.ndjson")

    assert job.state == "committed", job.detail
    assert rows_of("SELECT disabled, chronically_ill, valid_to FROM registry.dependents") == [
        (True, False, None)
    ]


def test_columns_may_come_in_any_order_with_windows_line_ends_and_a_mark(
    feed: Feed, rows_of: Any
) -> None:
    row = good("enterprises", name='Sewing, "best"\nin town'.replace("\n", " "))
    path = feed.write("enterprises", [dict(reversed(row.items()))])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert feed.take_path(path).state == "committed"
    assert rows_of("SELECT name FROM registry.enterprises") == [('Sewing, "best" in town',)]


def test_a_committed_file_is_skipped_when_it_comes_again(feed: Feed, rows_of: Any) -> None:
    first = feed.take("enterprises")

    again = feed.take("enterprises", name="enterprises-copy.csv")

    assert (first.state, again.state) == ("committed", "skipped")
    assert rows_of("SELECT import_number FROM registry_files") == [(first.number,)]


def test_an_import_leaves_its_trace_and_the_registry_its_moment(feed: Feed, rows_of: Any) -> None:
    assert registry.freshness().as_of is None

    job = feed.take("enterprises")

    assert registry.freshness().as_of is not None
    assert rows_of(
        "SELECT action FROM audit_events WHERE subject = %s ORDER BY id", job.number
    ) == [
        ("registry.import_requested",),
        ("registry.imported",),
    ]


def test_contributions_tell_through_which_month_they_are_complete(feed: Feed) -> None:
    feed.load("enterprises", "members")
    assert registry.freshness().contributions_loaded is False

    feed.take("contributions", complete_through="2026-09")
    fresh = registry.freshness()
    feed.take("contributions", good("contributions", paid_months="2026-01"), delta=True)
    after_delta = registry.freshness()
    feed.take("contributions", good("contributions", paid_months="2026-02"))

    assert (fresh.contributions_loaded, fresh.complete_through) == (True, "2026-09")
    assert after_delta.complete_through == "2026-09"
    assert registry.freshness().complete_through is None


def test_a_month_declared_with_a_file_committed_before_is_kept(feed: Feed, rows_of: Any) -> None:
    feed.load("enterprises", "members", "contributions")
    [(before,)] = rows_of("SELECT n FROM generation")

    job = feed.take("contributions", complete_through="2026-09")

    assert (job.state, registry.freshness().complete_through) == ("skipped", "2026-09")
    assert rows_of("SELECT n FROM generation") == [(before + 1,)]
    assert rows_of(
        "SELECT actor, details FROM audit_events WHERE action = 'registry.declared' AND subject = %s",
        job.number,
    ) == [("system:tests", {"kind": "contributions", "complete_through": "2026-09"})]


def test_a_month_is_declared_of_the_contributions_that_came_last_alone(feed: Feed) -> None:
    feed.load("enterprises", "members", "contributions")
    feed.take("contributions", good("contributions", paid_months="2026-02"))

    job = feed.take("contributions", complete_through="2026-09")

    assert (job.state, job.report["code"]) == ("refused", "newer_contributions")
    assert registry.freshness().complete_through is None


@pytest.mark.parametrize(
    ("kind", "month"),
    [("enterprises", "2026-09"), ("contributions", "2026-9"), ("contributions", "2026-13")],
)
def test_complete_through_is_a_month_of_contributions(feed: Feed, kind: str, month: str) -> None:
    with pytest.raises(Invalid) as refused:
        feed.take(kind, complete_through=month)

    assert refused.value.extra["errors"][0]["pointer"] == "/complete_through"


def test_a_manifest_that_matches_is_satisfied(feed: Feed) -> None:
    path = feed.write("enterprises", [good("enterprises")])
    _manifest(path, rows=1)

    assert feed.take_path(path).state == "committed"


@pytest.mark.parametrize(
    ("manifest", "code"),
    [
        ({"rows": 2}, "manifest_rows"),
        ({"sha256": "0" * 64}, "manifest_hash"),
        ({"rows": "1"}, "bad_manifest"),
        ({"sha256": "abc"}, "bad_manifest"),
    ],
)
def test_a_manifest_that_differs_refuses_the_file(
    feed: Feed, rows_of: Any, manifest: dict[str, Any], code: str
) -> None:
    path = feed.write("enterprises", [good("enterprises")])
    _manifest(path, **manifest)

    job = feed.take_path(path)

    assert (job.state, job.report["code"]) == ("refused", code)
    assert rows_of("SELECT count(*) FROM registry.enterprises") == [(0,)]


def test_a_file_whose_name_says_nothing_needs_a_kind(feed: Feed) -> None:
    path = feed.write("enterprises", [good("enterprises")], name="november.csv")

    with pytest.raises(Invalid) as refused:
        feed.take_path(path)

    assert refused.value.code == "unknown_kind"
    assert feed.take_path(path, kind="enterprises").state == "committed"


def test_a_file_that_is_not_there_is_named(feed: Feed) -> None:
    with pytest.raises(NotFound) as refused:
        feed.take_path(feed.folder / "members.csv")

    assert "members.csv" in (refused.value.detail or "")


def test_one_import_runs_at_a_time(feed: Feed, owner: Any) -> None:
    owner.execute("SELECT pg_advisory_lock(7272)")

    with pytest.raises(Conflict) as refused:
        feed.take("enterprises")

    assert refused.value.code == "import_running"


def test_a_card_in_an_unknown_format_is_counted_not_refused(feed: Feed, rows_of: Any) -> None:
    feed.load("enterprises")

    job = feed.take(
        "members", good("members"), good("members", card_number="Nssf 77", national_id="9")
    )

    assert (job.state, job.report["unfamiliar_card_numbers"]) == ("committed", 1)
    assert rows_of("SELECT card_key FROM registry.members ORDER BY 1") == [
        ("29901010000001ក",),
        ("NSSF77",),
    ]


def test_cards_typed_in_khmer_digits_join_their_holder(feed: Feed, rows_of: Any) -> None:
    feed.load("enterprises", "members")

    job = feed.take("coverages", good("coverages", card_number="២៩៩០១០១ ០០០០០០១–ក"))

    assert job.state == "committed", job.detail
    assert rows_of("SELECT card_key FROM registry.coverages") == [("29901010000001ក",)]


def test_dependents_have_coverages_and_contributions_of_their_own(feed: Feed, rows_of: Any) -> None:
    feed.load("enterprises", "members", "dependents")

    jobs = [
        feed.take("coverages", good("coverages", card_number=CHILD_CARD)),
        feed.take("contributions", good("contributions", card_number=CHILD_CARD)),
    ]

    assert [job.state for job in jobs] == ["committed", "committed"]


def test_only_one_of_the_two_names_is_needed(feed: Feed, rows_of: Any) -> None:
    feed.load("enterprises")

    job = feed.take(
        "members",
        good("members", name_latin=""),
        good(
            "members", card_number=OTHER_CARD, name_km="", national_id="", phone="", enterprise=""
        ),
    )

    assert job.state == "committed", job.detail
    assert rows_of(
        "SELECT name_km IS NULL, national_id IS NULL FROM registry.members ORDER BY 1"
    ) == [
        (False, False),
        (True, True),
    ]


def test_an_import_that_is_done_stays_as_it_is(feed: Feed) -> None:
    job = feed.take("enterprises")

    assert registry.run_import(job.number).finished_at == job.finished_at


def test_the_reports_of_an_import_nobody_made_are_not_found(feed: Feed) -> None:
    with pytest.raises(NotFound):
        registry.fault_report("I26K000000000")


def test_a_request_that_cannot_be_queued_leaves_no_file(feed: Feed) -> None:
    path = feed.write("enterprises", [good("enterprises")])
    options = registry.Options(complete_through="2026-01")
    folder = settings().uploads_dir / "registry"
    before = set(folder.glob("*"))

    with path.open("rb") as file, pytest.raises(Invalid):
        registry.request_import(file, "enterprises.csv", options, by=system_actor("tests"))

    assert set(folder.glob("*")) == before


def _manifest(path: Path, **given: Any) -> None:
    true = {"rows": 1, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    path.with_name(path.name + ".manifest.json").write_bytes(orjson.dumps(true | given))
