"""A bad file is refused by name, whole, with every bad row reported; or loaded without them."""

from __future__ import annotations

import csv
import gzip
import io
from typing import Any

import pytest

from gateway.registry import service as registry
from gateway.registry.feed import FEEDS
from gateway.registry.loading.faults import KEPT
from gateway.registry.models import ImportJob
from tests.gateway.registry.conftest import CARD, CHILD_CARD, OTHER_CARD, Feed, good

ENOUGH_FOR_A_REPORT_LARGER_THAN_THE_TABLE = KEPT + 5


def faults(job: ImportJob) -> list[tuple[int, str, str | None, str]]:
    return [
        (fault.row_number, fault.column_name, fault.value, fault.reason)
        for fault in registry.list_faults(job.number)
    ]


def test_a_file_with_a_bad_row_is_refused_whole(feed: Feed, rows_of: Any) -> None:
    feed.load("enterprises", "members")

    job = feed.take("members", good("members", card_number=OTHER_CARD), good("members", sex="X"))

    assert (job.state, job.rows, job.bad_rows, job.errors) == ("refused", 2, 1, 1)
    assert job.detail == "members.csv: 1 of 2 rows are bad."
    assert faults(job) == [(3, "sex", "X", "is not one of F, M")]
    assert rows_of("SELECT card_number FROM registry.members") == [(CARD,)]


def test_a_file_may_be_loaded_without_its_bad_rows(feed: Feed, rows_of: Any) -> None:
    feed.load("enterprises")

    job = feed.take("members", good("members"), good("members", sex="X"), skip_bad_rows=True)

    assert (job.state, job.rows, job.bad_rows) == ("committed", 2, 1)
    assert faults(job) == [(3, "sex", "X", "is not one of F, M")]
    assert rows_of("SELECT card_number FROM registry.members") == [(CARD,)]


BAD_VALUES = [
    ("facilities", "kind", "state", "is not one of public, private"),
    ("facilities", "province", "KH-26", None),
    ("facilities", "contract_to", "2015-12-31", "must not be before contract_from"),
    ("facilities", "code", "", "is required"),
    ("facilities", "code", "--", "has neither digits nor letters"),
    ("facilities", "bank_account", "9" * 65, "is longer than 64 characters"),
    ("enterprises", "name", "", "is required"),
    ("enterprises", "name", "\u00a0 \u200b", "is required"),
    ("members", "card_number", "", "is required"),
    ("members", "card_number", "- –", "has neither digits nor letters"),
    ("members", "card_number", "1" * 41, "is longer than 40 characters"),
    ("members", "date_of_birth", "1999-02-29", "is not a day written YYYY-MM-DD"),
    ("members", "date_of_birth", "29/01/1999", "is not a day written YYYY-MM-DD"),
    ("members", "date_of_birth", "today", "is not a day written YYYY-MM-DD"),
    ("members", "date_of_birth", "1999-1-01 ", "is not a day written YYYY-MM-DD"),
    ("members", "date_of_birth", "1899-12-31", "is not between 1900-01-01 and 2199-12-31"),
    ("members", "date_of_birth", "2199-01-01", "lies in the future"),
    ("members", "registered_on", "", "is required"),
    ("members", "status", "Active", "is not one of active, suspended, ended, deceased"),
    ("members", "category", "worker", None),
    ("members", "phone", "call me", "is not a telephone number"),
    ("members", "protected", "yes", "is not 0 or 1"),
    ("members", "card_status", "stolen", "is not one of live, lost, replaced"),
    ("members", "enterprise", "E404", "is not the number of an enterprise"),
    ("dependents", "relationship", "cousin", "is not one of spouse, child"),
    ("dependents", "disabled", "", "is required"),
    ("dependents", "valid_to", "2023-11-13", "must not be before valid_from"),
    ("dependents", "principal_card_number", OTHER_CARD, "is not the card of a member"),
    ("dependents", "date_of_birth", "1998-12-31", "makes the child older than the parent"),
    ("dependents", "card_number", CARD, "is the card of a member"),
    ("coverages", "scheme", "dental", None),
    ("coverages", "card_number", OTHER_CARD, "is the card of nobody in the registry"),
    ("coverages", "valid_to", "2026-02-30", "is not a day written YYYY-MM-DD"),
    ("contributions", "card_number", OTHER_CARD, "is the card of nobody in the registry"),
    ("contributions", "contributory_wage_riel", "1000.50", "is not a whole number of riel"),
    ("contributions", "contributory_wage_riel", "-5", "is not a whole number of riel"),
    ("contributions", "contributory_wage_riel", "1234567890123", "is not a whole number of riel"),
]


@pytest.mark.parametrize("kind", FEEDS)
def test_each_bad_value_is_named_with_row_column_and_reason(feed: Feed, kind: str) -> None:
    feed.load("enterprises", "members")
    cases = [case[1:] for case in BAD_VALUES if case[0] == kind]

    job = feed.take(kind, *(_unlike(kind, index) | {c: v} for index, (c, v, _) in enumerate(cases)))

    found = faults(job)
    assert (job.state, job.bad_rows) == ("refused", len(cases))
    assert [(row, column) for row, column, _, _ in found] == [
        (row, column) for row, (column, _, _) in enumerate(cases, start=2)
    ]
    for (*_, said), (_, _, reason) in zip(found, cases, strict=True):
        assert said == reason or (reason is None and said.startswith("is not one of"))


def _unlike(kind: str, index: int) -> dict[str, str]:
    """Return a right row that shares its key with none of the others."""
    row = good(kind)
    if kind in ("facilities", "enterprises", "members", "dependents"):
        key = next(iter(row))
        row[key] = f"{row[key]}{index}"
    elif kind == "coverages":
        row |= {"valid_from": f"20{index + 10}-01-01", "valid_to": f"20{index + 10}-01-31"}
    return row


NO_MONTHS = [
    "2025-13", "2025-1", "2025-06..2025-01", "2025-01...2025-06", "2025-01,2025-02", "2025-01 ",
    "2025-01  2025-02", "2025-01 2025-06..2025-02", "25-01", "2025-00..2025-03", "1899-01",
    "2025-01..2025-13", "", "all", "2025-01..2026-1a", "2199-01..2200-01", "2025-01..20-5-01",
]  # fmt: skip


def test_paid_months_that_are_none_are_refused(feed: Feed) -> None:
    feed.load("enterprises", "members")

    job = feed.take(
        "contributions", *(good("contributions", paid_months=text) for text in NO_MONTHS)
    )

    assert job.state == "refused"
    named = [(row, value) for row, column, value, _ in faults(job) if column == "paid_months"]
    assert named == [(row, text or None) for row, text in enumerate(NO_MONTHS, start=2)]


def test_a_card_twice_in_a_file_names_every_row_of_it(feed: Feed, rows_of: Any) -> None:
    feed.load("enterprises")
    same = good("members", card_number="២៩៩០១០១ 0000001ក", name_latin="CHAN DARA")

    job = feed.take("members", good("members"), good("members", card_number=OTHER_CARD), same)

    assert job.state == "refused"
    assert faults(job) == [
        (2, "card_number", CARD, "is in the file more than once"),
        (4, "card_number", "២៩៩០១០១ 0000001ក", "is in the file more than once"),
    ]


def test_of_a_card_that_is_there_twice_neither_row_is_guessed_to_be_right(
    feed: Feed, rows_of: Any
) -> None:
    feed.load("enterprises")

    job = feed.take(
        "members", good("members"), good("members", card_number=OTHER_CARD), good("members"),
        skip_bad_rows=True,
    )  # fmt: skip

    assert (job.state, job.bad_rows) == ("committed", 2)
    assert rows_of("SELECT card_number FROM registry.members") == [(OTHER_CARD,)]


def test_two_periods_of_one_scheme_may_touch_but_not_overlap(feed: Feed, rows_of: Any) -> None:
    feed.load("enterprises", "members")
    first = good("coverages", valid_from="2020-01-01", valid_to="2020-12-31")

    overlapping = feed.take("coverages", first, good("coverages", valid_from="2020-12-31"))
    touching = feed.take("coverages", first, good("coverages", valid_from="2021-01-01"))

    assert overlapping.state == "refused"
    assert faults(overlapping) == [
        (3, "valid_from", "2020-12-31", "lies within another period of the same person and scheme")
    ]
    assert touching.state == "committed"


def test_a_member_needs_a_name(feed: Feed) -> None:
    feed.load("enterprises")

    job = feed.take("members", good("members", name_km="", name_latin=""))

    assert faults(job) == [(2, "name_km", None, "one of name_km and name_latin is required")]


def test_every_bad_row_is_reported_not_only_the_first_kind_of_fault(feed: Feed) -> None:
    feed.load("enterprises", "members")

    job = feed.take(
        "dependents",
        good("dependents", sex="?", disabled="2"),
        good("dependents", card_number=OTHER_CARD, principal_card_number="0"),
        good("dependents", name_km="a\x02b"),
        good("dependents", card_number="1200505-0000009-ង"),
    )

    assert [(row, column) for row, column, _, _ in faults(job)] == [
        (2, "disabled"),
        (2, "sex"),
        (3, "principal_card_number"),
        (4, "name_km"),
    ]


def test_files_are_refused_in_the_wrong_order(feed: Feed) -> None:
    members = feed.take("members")
    contributions = feed.take("contributions")

    assert (members.report["code"], members.detail) == (
        "wrong_order", "Import enterprises before members.",
    )  # fmt: skip
    assert (contributions.report["code"], contributions.detail) == (
        "wrong_order", "Import members before contributions.",
    )  # fmt: skip


def test_unknown_and_missing_columns_are_refused_by_name(feed: Feed) -> None:
    row = {k: v for k, v in good("members", salary="1").items() if k != "sex"}

    job = feed.take("members", row)

    assert (job.state, job.report["code"]) == ("refused", "bad_header")
    assert job.detail == "members.csv: unknown column 'salary'; column 'sex' is missing."


def test_an_unknown_key_of_ndjson_is_refused_by_name(feed: Feed) -> None:
    job = feed.take(
        "enterprises", good("enterprises"), good("enterprises", boss="x"), name="enterprises.ndjson"
    )

    assert job.detail == "enterprises.ndjson, line 2: unknown column 'boss'."


def _bytes(feed: Feed, data: bytes, name: str = "enterprises.csv", **options: Any) -> ImportJob:
    path = feed.folder / name
    path.write_bytes(data)
    return feed.take_path(path, **options)


HEADER = b"number,name,sector,province\n"


BROKEN = [
    (b"", "enterprises.csv", "empty_file", "empty"),
    ("number,name".encode("utf-16"), "enterprises.csv", "wrong_encoding", "UTF-16"),
    ('{"number": 1}'.encode("utf-16"), "enterprises.ndjson", "wrong_encoding", "UTF-16"),
    ("numéro,nom\n".encode("latin-1"), "enterprises.csv", "wrong_encoding", "not UTF-8"),
    (b"number;name;sector;province\n", "enterprises.csv", "bad_header", "unknown column"),
    (gzip.compress(HEADER * 100)[:-9], "enterprises.csv.gz", "truncated_gzip", "truncated gzip"),
    (gzip.compress(HEADER)[:5], "enterprises.csv.gz", "truncated_gzip", "truncated gzip"),
    (b"\x1f\x8b\x07junk junk junk", "enterprises.csv.gz", "broken_gzip", "broken gzip"),
    (gzip.compress(HEADER)[:-8] + b"12345678", "enterprises.csv.gz", "broken_gzip", "broken"),
    (HEADER + b'E1,"' + b"x" * 200_000, "enterprises.csv", "broken_csv", "field larger"),
    (b'{"number":"' + b"x" * 1_100_000, "enterprises.ndjson", "broken_ndjson", "longer than"),
]


def test_a_broken_file_is_named(feed: Feed, rows_of: Any) -> None:
    feed.load("enterprises")

    jobs = [_bytes(feed, data, name) for data, name, _, _ in BROKEN]

    assert [(job.state, job.report["code"]) for job in jobs] == [
        ("refused", code) for _, _, code, _ in BROKEN
    ]
    for job, (*_, words) in zip(jobs, BROKEN, strict=True):
        assert words in (job.detail or "")
    assert rows_of("SELECT number FROM registry.enterprises") == [("E1",)]


def test_rows_that_are_no_rows_are_each_reported(feed: Feed, rows_of: Any) -> None:
    data = HEADER + (
        b"E1,Sewing,garment,KH-12\n"
        b"E2,Too,few\n"
        b"E3,One,too,many,KH-12\n"
        b"E4,caf\xe9,garment,KH-12\n"
        b"E5,nul\x00,garment,KH-12\n"
        b'E6,"fine, with\nbreak",garment,KH-13\n'
    )

    refused = _bytes(feed, data)
    taken = _bytes(feed, data, skip_bad_rows=True)

    assert [(row, reason) for row, _, _, reason in faults(refused)] == [
        (3, "the row has 3 values, the header 4"),
        (4, "the row has 5 values, the header 4"),
        (5, "is not UTF-8"),
        (6, "contains the control character U+0000"),
        (7, "contains a control character"),
    ]
    assert (taken.state, taken.rows, taken.bad_rows) == ("committed", 6, 5)
    assert rows_of("SELECT number FROM registry.enterprises") == [("E1",)]


def test_lines_that_are_no_objects_are_each_reported(feed: Feed) -> None:
    data = (
        b'{"number":"E1","name":"Sewing","sector":"garment","province":"KH-12"}\n'
        b"not json\n[1]\n"
        b'{"number":"E2","name":1.5,"sector":"garment","province":"KH-12"}\n'
        b'{"number":"E3","name":"a\\u0000b","sector":"garment","province":"KH-12"}\n'
        b'{"number":"E4","name":"\xff","sector":"garment","province":"KH-12"}\n'
        b'{"number":"E5","sector":"gar\\\\ment\\tx","province":"KH-12"}\n'
    )

    job = _bytes(feed, data, "enterprises.ndjson")

    assert [(row, column, reason) for row, column, _, reason in faults(job)] == [
        (2, "", "is not JSON in UTF-8"),
        (3, "", "is not a JSON object"),
        (4, "", "name is neither text nor a whole number"),
        (5, "", "name contains the control character U+0000"),
        (6, "", "is not JSON in UTF-8"),
        (7, "name", "is required"),
        (7, "sector", "contains a control character"),
    ]


def test_the_report_file_holds_every_fault_and_the_table_the_first(
    feed: Feed, rows_of: Any
) -> None:
    count = ENOUGH_FOR_A_REPORT_LARGER_THAN_THE_TABLE
    rows = [good("enterprises", number=f"E{n}", province="=1+1") for n in range(count)]

    job = feed.take("enterprises", *rows)

    report = registry.fault_report(job.number)
    assert report is not None
    lines = list(csv.reader(io.StringIO(report.read_bytes().decode("utf-8-sig"))))
    assert lines[0] == ["row", "column", "value", "reason"]
    assert lines[1][:3] == ["2", "province", "'=1+1"]
    assert len(lines) == 1 + count
    assert job.bad_rows == count
    assert rows_of("SELECT count(*) FROM registry_import_errors") == [(KEPT,)]
    assert report.stat().st_mode & 0o077 == 0


def test_a_refused_file_may_come_again_once_it_is_right(feed: Feed) -> None:
    feed.load("enterprises", "members")
    feed.take("dependents", good("dependents", principal_card_number=OTHER_CARD))

    assert feed.take("dependents", good("dependents", card_number=CHILD_CARD)).state == "committed"


@pytest.mark.parametrize("name", ["enterprises.csv", "enterprises.ndjson.gz"])
def test_one_bad_row_in_a_hundred_refuses_the_whole_or_is_left_out(
    feed: Feed, rows_of: Any, name: str
) -> None:
    feed.load("enterprises")
    rows = [good("enterprises", number=f"E{n}") for n in range(3000)]
    for n in range(50, 3000, 100):
        rows[n]["province"] = "KH-99"

    refused = feed.take("enterprises", *rows, name=name)
    untouched = rows_of("SELECT count(*) FROM registry.enterprises")
    taken = feed.take("enterprises", *rows, name=name, skip_bad_rows=True)

    assert (refused.state, refused.bad_rows, len(feed.faults(refused))) == ("refused", 30, 30)
    assert {fault.value for fault in feed.faults(refused)} == {"KH-99"}
    assert untouched == [(1,)]
    assert (taken.state, taken.rows, taken.bad_rows) == ("committed", 3000, 30)
    assert rows_of("SELECT count(*) FROM registry.enterprises") == [(2970,)]
