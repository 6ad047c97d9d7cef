"""The catalogue is complete in both languages, and says nothing it must not."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from claims.adjudication.reasons import CATALOGUE, Reason, Severity, found

REVIEWER_WORDS = {"duplicate", "not_covered", "price", "documents", "not_eligible", "other"}
KHMER = re.compile("[\u1780-\u17ff]")


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("reason", CATALOGUE.values(), ids=list(CATALOGUE))
def test_a_reason_speaks_both_languages_about_the_same_numbers(reason: Reason) -> None:
    assert reason.text_en
    assert KHMER.search(reason.text_km)
    assert {name.removesuffix("_en") for name in names(reason.text_en)} == {
        name.removesuffix("_km") for name in names(reason.text_km)
    }


@pytest.mark.parametrize("reason", CATALOGUE.values(), ids=list(CATALOGUE))
def test_a_reason_that_costs_money_has_a_carc_a_fhir_reason_and_a_source(reason: Reason) -> None:
    if reason.severity != Severity.INFO or reason.code == "copayment":
        assert reason.carc.isdecimal()
        assert reason.fhir in ("ar001", "ar002")
    assert reason.source


def test_the_words_a_reviewer_may_use_are_in_the_catalogue() -> None:
    assert CATALOGUE.keys() >= REVIEWER_WORDS


def test_no_text_speaks_of_another_facility() -> None:
    spoken = " ".join(reason.text_en for reason in CATALOGUE.values()).lower()

    assert "another facility" not in spoken
    assert "other facility" not in spoken


def test_a_finding_carries_the_source_of_the_policy_that_decided() -> None:
    finding = found("late", source="Prakas 1/2030", days=40, limit=30)

    assert finding.source == "Prakas 1/2030"
    assert finding.as_json()["text_en"] == (
        "Submitted 40 days after the last service day; the limit is 30 days."
    )
