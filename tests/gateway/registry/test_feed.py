"""The feed as data: names of files, headers."""

from __future__ import annotations

import pytest

from gateway.registry.feed import FEEDS, MEMBERS, header_faults, is_month, is_ndjson, kind_of


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("members.csv", "members"),
        ("members-2026-11.ndjson.gz", "members"),
        ("Facilities_v2.CSV", "facilities"),
        ("contributions.csv.gz", "contributions"),
        ("membership.csv", None),
        ("membersx.csv", None),
        ("members.xlsx", None),
        ("old-members.csv", None),
    ],
)
def test_the_kind_of_a_file_is_its_name(name: str, kind: str | None) -> None:
    assert kind_of(name) == kind


def test_ndjson_is_told_by_the_name_also_when_packed() -> None:
    assert is_ndjson("members.ndjson")
    assert is_ndjson("members.jsonl.gz")
    assert not is_ndjson("members.csv.gz")


def test_kinds_are_imported_in_the_order_of_the_contract() -> None:
    assert list(FEEDS) == [
        "facilities", "enterprises", "members", "dependents", "coverages", "contributions",
    ]  # fmt: skip


def test_a_header_may_stand_in_any_order_and_lack_optional_columns() -> None:
    required = [column.name for column in MEMBERS.columns if not column.may_be_missing]

    assert header_faults(MEMBERS, required[::-1]) == []


def test_a_bad_header_names_every_wrong_column() -> None:
    header = [c.name for c in MEMBERS.columns if c.name != "sex"] + ["salary", "phone"]

    faults = header_faults(MEMBERS, header)

    assert faults == [
        "unknown column 'salary'",
        "column 'phone' occurs twice",
        "column 'sex' is missing",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2026-10", True), ("2026-13", False), ("2026-1", False), ("１２３４-10", False)],
)
def test_a_month_has_four_digits_and_two(text: str, expected: bool) -> None:
    assert is_month(text) is expected
