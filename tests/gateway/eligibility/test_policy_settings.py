"""What is policy data and no code: who pays first, how long a newborn is covered, any limit."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import psycopg

from config import clock
from config.text import fold_card
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


COUNTED = """  - id: W-ANC
    kind: limit
    groups: [private_worker]
    benefits: [antenatal]
    count: 2
    window_months: 9
    effective_from: 2016-03-17
    effective_to:
    source: a limit of this test
    status: assumption
    confidence: L
benefits:
"""


def test_a_policy_file_may_count_the_uses_of_one_benefit_in_a_period(country: Owner) -> None:
    today = clock.today()
    load_from(today, "health_care-2023-11-14.yaml", ("benefits:\n", COUNTED))
    key = fold_card(WOMAN)

    def antenatal() -> tuple[bool, dict[str, Any] | None, list[str]]:
        answer = check(benefits=("antenatal",))["benefits"][0]
        codes = [one["code"] for one in answer["reasons"]]
        return answer["covered"], answer["remaining"], codes

    def use(*days: date, claim: str) -> None:
        coverage.use_benefit(
            card_key=key, scheme="health_care", benefit="antenatal", days=list(days), claim=claim
        )

    assert antenatal() == (True, {"unit": "count", "value": 2}, [])
    use(today - timedelta(days=300), today - timedelta(days=20), claim="C26K00000001")
    assert antenatal() == (True, {"unit": "count", "value": 1}, [])
    use(today - timedelta(days=10), claim="C26K00000002")
    assert antenatal() == (False, {"unit": "count", "value": 0}, ["limit_reached"])
    assert check(benefits=("outpatient",))["benefits"][0]["covered"] is True
