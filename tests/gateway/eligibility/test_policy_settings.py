"""Two settings the issue names are policy data: who pays first, and how long a newborn is covered."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import psycopg

from config import clock
from gateway.coverage import service as coverage
from gateway.eligibility import service as eligibility
from gateway.eligibility.rules.facts import Newborn
from gateway.eligibility.service import CheckRequest
from tests.factories import WOMAN, contribute, cover
from tests.gateway.eligibility.conftest import HOTLINE, RECEPTION

Owner = psycopg.Connection[Any]


def check(**given: Any) -> dict[str, Any]:
    return eligibility.check(CheckRequest(card_number=WOMAN, **given), by=RECEPTION)


def load_from(day: date, shipped: str, *changes: tuple[str, str]) -> None:
    """Put a shipped policy file with changes in force from a day on."""
    text = (coverage.DEFAULTS / shipped).read_text(encoding="utf-8")
    date_of_file = shipped.removesuffix(".yaml").split("-", 1)[1]
    for old, new in ((f"effective_from: {date_of_file}\ntitle", f"effective_from: {day}\ntitle"),
                     *changes):  # fmt: skip
        assert old in text
        text = text.replace(old, new, 1)
    coverage.load_policy(text, name="changed.yaml", by=HOTLINE)


def test_who_pays_first_is_a_line_of_the_policy_file_and_holds_from_its_day(
    country: Owner,
) -> None:
    cover(country, WOMAN, "hef", date(2020, 1, 1))
    contribute(country, WOMAN, "hef", "2020-01")
    today = clock.today()
    assert check()["scheme"] == "health_care"

    load_from(today, "health_care-2023-11-14.yaml", ("\norder: 1\n", "\norder: 3\n"))

    assert check()["scheme"] == "hef"
    assert check(service_date=today - timedelta(days=1))["scheme"] == "health_care"


def test_how_long_a_newborn_is_covered_is_a_line_of_the_policy_file(country: Owner) -> None:
    today = clock.today()
    days = [Newborn("F", today - timedelta(days=age)) for age in (28, 29)]
    assert [check(patient=child)["verdict"] for child in days] == ["eligible", "not_eligible"]

    load_from(
        today, "health_care-2023-11-14.yaml",
        ("newborn_days:\n    value: 28", "newborn_days:\n    value: 60"),
    )  # fmt: skip

    assert [check(patient=child)["verdict"] for child in days] == ["eligible", "eligible"]
    assert check(patient=Newborn("F", today - timedelta(days=61)))["verdict"] == "not_eligible"
