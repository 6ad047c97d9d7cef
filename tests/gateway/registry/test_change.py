"""Full and delta files, the hold on large changes, and the hold on bank accounts."""

from __future__ import annotations

from typing import Any

import pytest

from auth.permissions import Actor, Permission
from config.errors import Conflict, Forbidden
from gateway.facilities import service as facilities
from tests.gateway.registry.conftest import CARD, OTHER_CARD, Feed, good

MANY = 1000


def person(index: int, **given: str) -> dict[str, str]:
    return good("members", card_number=f"2990101-{index:07d}-ក", enterprise="", **given)


def officer(name: str) -> Actor:
    return Actor(f"user:{name}", frozenset({Permission.REGISTRY_IMPORT}), nssf=True)


def test_a_full_file_replaces_all_it_covers(feed: Feed, rows_of: Any) -> None:
    feed.load("enterprises", "members")

    job = feed.take("members", good("members", card_number=OTHER_CARD))

    assert job.report | {"covered": 1, "removed": 1, "ended": 0} == job.report
    assert rows_of("SELECT card_number FROM registry.members") == [(OTHER_CARD,)]


def test_a_delta_adds_and_changes_and_leaves_the_rest(feed: Feed, rows_of: Any) -> None:
    feed.load("enterprises")
    feed.take("members", good("members"), good("members", card_number=OTHER_CARD))

    job = feed.take(
        "members",
        good("members", status="suspended", status_on="2026-01-01"),
        good("members", card_number="1010101-0000009-ង"),
        delta=True,
    )

    assert job.state == "committed", job.detail
    assert rows_of("SELECT card_number, status FROM registry.members ORDER BY 1") == [
        ("1010101-0000009-ង", "active"),
        (OTHER_CARD, "active"),
        (CARD, "suspended"),
    ]


def test_a_delta_closes_a_coverage_by_its_first_day(feed: Feed, rows_of: Any) -> None:
    feed.load("enterprises", "members", "coverages")

    feed.take("coverages", good("coverages", valid_to="2025-12-31"), delta=True)

    assert rows_of("SELECT valid_from::text, valid_to::text FROM registry.coverages") == [
        ("2020-01-01", "2026-01-01")
    ]


def test_a_delta_that_overlaps_a_live_period_changes_nothing(feed: Feed, rows_of: Any) -> None:
    feed.load("enterprises", "members", "coverages")

    job = feed.take("coverages", good("coverages", valid_from="2021-01-01"), delta=True)

    assert (job.state, job.report["code"]) == ("refused", "overlapping_periods")
    assert rows_of("SELECT valid_from::text FROM registry.coverages") == [("2020-01-01",)]


@pytest.mark.parametrize("delta", [True, False])
def test_a_file_without_an_optional_column_keeps_what_is_known(
    feed: Feed, rows_of: Any, delta: bool
) -> None:
    feed.load("enterprises")
    feed.take("members", good("members", protected="1", card_status="lost", district="Meanchey"))

    job = feed.take(
        "members", good("members", phone=""), good("members", card_number=OTHER_CARD), delta=delta
    )

    assert job.state == "committed", job.detail
    assert rows_of(
        "SELECT card_status, protected, district, phone FROM registry.members ORDER BY card_number DESC"
    ) == [("lost", True, "Meanchey", None), ("live", False, None, "+85512345678")]


def test_a_full_file_cut_at_a_row_boundary_ends_nobodys_membership(
    feed: Feed, rows_of: Any
) -> None:
    everybody = [person(index) for index in range(MANY)]
    feed.take("members", *everybody)

    held = feed.take("members", *everybody[:-21])

    assert (held.state, held.report["code"]) == ("held", "large_change")
    assert "would remove 21 and end 0 of 1000 rows" in (held.detail or "")
    assert rows_of("SELECT count(*) FROM registry.members") == [(MANY,)]


def test_a_held_file_is_taken_once_somebody_accepts_the_change(feed: Feed, rows_of: Any) -> None:
    everybody = [person(index) for index in range(MANY)]
    feed.take("members", *everybody)
    feed.take("members", *everybody[:-21])

    accepted = feed.take("members", *everybody[:-21], accept_change=True)

    assert accepted.state == "committed"
    assert rows_of("SELECT count(*) FROM registry.members") == [(MANY - 21,)]


def test_two_per_cent_is_not_more_than_two_per_cent(feed: Feed) -> None:
    everybody = [person(index) for index in range(MANY)]
    feed.take("members", *everybody)

    assert feed.take("members", *everybody[:-20]).state == "committed"


def test_fewer_than_a_thousand_rows_are_never_held(feed: Feed) -> None:
    everybody = [person(index) for index in range(MANY - 1)]
    feed.take("members", *everybody)

    assert feed.take("members", *everybody[:10]).state == "committed"


@pytest.mark.parametrize("delta", [True, False])
def test_a_file_that_ends_many_memberships_is_held_too(feed: Feed, delta: bool) -> None:
    feed.take("members", *(person(index) for index in range(MANY)))
    ended = [
        person(index, **({"status": "ended", "status_on": "2026-01-01"} if index < 21 else {}))
        for index in range(MANY)
    ]

    job = feed.take("members", *ended, delta=delta)

    assert (job.state, job.report["ended"]) == ("held", 21)


def test_a_file_that_ends_many_coverages_is_held_too(feed: Feed) -> None:
    feed.take("members", *(person(index) for index in range(MANY)))
    cards = [f"2990101-{index:07d}-ក" for index in range(MANY)]
    feed.take("coverages", *(good("coverages", card_number=card, valid_to="") for card in cards))

    job = feed.take(
        "coverages",
        *(good("coverages", card_number=card, valid_to="2026-10-31") for card in cards[:50]),
        *(good("coverages", card_number=card, valid_to="") for card in cards[50:]),
    )

    assert (job.state, job.report["ended"]) == ("held", 50)


def test_the_first_bank_account_of_a_facility_is_taken(feed: Feed) -> None:
    feed.load("facilities")

    assert facilities.payable_accounts(["120101"]).get("120101") == "001-1"


def test_a_changed_bank_account_waits_for_a_second_person(feed: Feed, rows_of: Any) -> None:
    feed.load("facilities")

    job = feed.take("facilities", good("facilities", bank_account="666-6"))

    assert (job.state, job.report["held_accounts"]) == ("committed", ["120101"])
    assert facilities.payable_accounts(["120101"]).get("120101") == "001-1"
    [held] = facilities.list_held_accounts()
    assert (held.account, held.confirmed_account, held.introduced_by) == (
        "666-6", "001-1", "system:tests",
    )  # fmt: skip


def test_who_brought_an_account_in_does_not_confirm_it(feed: Feed) -> None:
    feed.load("facilities")
    feed.take("facilities", good("facilities", bank_account="666-6"))
    brought = Actor("system:tests", frozenset(), nssf=True)

    with pytest.raises(Forbidden) as refused:
        facilities.confirm_account("120101", by=brought)

    assert refused.value.code == "same_person"
    assert facilities.payable_accounts(["120101"]).get("120101") == "001-1"


def test_a_confirmed_account_is_paid_to_from_then_on(feed: Feed, rows_of: Any) -> None:
    feed.load("facilities")
    feed.take("facilities", good("facilities", bank_account="777-7"))

    facilities.confirm_account("120101", by=officer("second"))

    assert facilities.payable_accounts(["120101"]).get("120101") == "777-7"
    assert facilities.list_held_accounts() == []
    assert rows_of("SELECT account, state, decided_by FROM facility_bank_accounts ORDER BY id") == [
        ("001-1", "superseded", "user:second"),
        ("777-7", "confirmed", "user:second"),
    ]
    assert rows_of("SELECT count(*) FROM audit_events WHERE action = 'account.confirmed'") == [(1,)]


def test_a_refused_account_is_never_paid_to(feed: Feed) -> None:
    feed.load("facilities")
    feed.take("facilities", good("facilities", bank_account="666-6"))

    facilities.refuse_account("120101", by=officer("second"))

    assert facilities.payable_accounts(["120101"]).get("120101") == "001-1"
    with pytest.raises(Conflict):
        facilities.confirm_account("120101", by=officer("second"))


def test_a_feed_that_takes_a_change_back_leaves_nothing_waiting(feed: Feed) -> None:
    feed.load("facilities")
    feed.take("facilities", good("facilities", bank_account="666-6"))

    feed.take("facilities", good("facilities", phone="012345678"))

    assert facilities.list_held_accounts() == []
    assert facilities.payable_accounts(["120101"]).get("120101") == "001-1"


def test_a_second_change_replaces_the_one_that_waits(feed: Feed) -> None:
    feed.load("facilities")
    feed.take("facilities", good("facilities", bank_account="666-6"))

    feed.take("facilities", good("facilities", bank_account="888-8"), delta=True)

    assert [held.account for held in facilities.list_held_accounts()] == ["888-8"]


def test_a_facility_without_an_account_in_the_feed_is_not_paid(feed: Feed) -> None:
    feed.load("facilities")

    feed.take("facilities", good("facilities", bank_account=""))
    without = facilities.payable_accounts(["120101"]).get("120101")
    feed.take("facilities", good("facilities", bank_account="001-1", name_en="Hospital again"))

    assert without is None
    assert facilities.payable_accounts(["120101"]).get("120101") == "001-1"
