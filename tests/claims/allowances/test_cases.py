"""Every case of cases.yaml, computed by the shipped rules."""

from __future__ import annotations

from typing import Any

import pytest

from claims.allowances.reasons import CATALOGUE
from tests.claims.allowances.reading import compute_case, read_cases

CASES = read_cases()


def test_there_are_at_least_60_cases_and_each_cites_its_rule() -> None:
    assert len(CASES) >= 60
    assert all(case["rule"] and case["expect"] for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=[f"{n} {case['case']}" for n, case in enumerate(CASES)])
def test_case(case: dict[str, Any]) -> None:
    expect = case["expect"]

    found = compute_case(case["given"])

    assert (found.verdict, found.riel) == (expect["verdict"], expect["riel"])
    if "codes" in expect:
        assert list(found.codes) == expect["codes"]
    if "assumed" in expect:
        assert found.assumed is expect["assumed"]


def test_every_text_of_the_computation_is_reached_by_a_case() -> None:
    reached = {code for case in CASES for code in compute_case(case["given"]).codes}

    said_by_people = {code for code, said in CATALOGUE.items() if said.severity == "review"}
    assert set(CATALOGUE) - reached <= said_by_people


def test_every_step_says_its_source_in_both_languages() -> None:
    for case in CASES:
        for step in compute_case(case["given"]).steps:
            assert step.text_en
            assert step.text_km != step.text_en
            assert step.source.text
            assert "{" not in step.text_en + step.text_km
