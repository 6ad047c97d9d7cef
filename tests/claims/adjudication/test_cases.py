"""Every case of cases.yaml, decided by the rules and the shipped tariffs and policies."""

from __future__ import annotations

from typing import Any

import pytest

from claims.adjudication.reasons import CATALOGUE
from tests.claims.adjudication.reading import TESTED, judge_case, read_cases
from tests.claims.adjudication.test_reasons import REVIEWER_WORDS

CASES = read_cases()


def test_there_are_at_least_120_cases_and_each_cites_its_rule() -> None:
    assert len(CASES) >= 120
    assert all(case["rule"] and case["expect"] for case in CASES)
    assert len({case["case"] for case in CASES}) == len(CASES)


def test_every_finding_of_the_rules_occurs_in_a_case() -> None:
    occur = {code for case in CASES for code in case["expect"]["codes"]}
    if any(case["expect"].get("demo") for case in CASES):
        occur.add("demo_tariff")

    assert occur == CATALOGUE.keys() - REVIEWER_WORDS | {"not_eligible", "duplicate"}


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    expect = case["expect"]

    outcome = judge_case(case.get("given", {}))

    codes = sorted(finding.code for finding in outcome.findings if finding.code != "demo_tariff")
    assert codes == sorted(expect["codes"])
    assert [line.decision for line in outcome.lines] == expect["decisions"]
    assert outcome.payable_riel == expect["payable"]
    if "pays" in expect:
        assert [line.payable_riel for line in outcome.lines] == expect["pays"]
    if "demo" in expect:
        assert any(finding.code == "demo_tariff" for finding in outcome.findings)


@pytest.mark.parametrize("name", ["OPD-CONSULTATION", "outpatient"])
def test_a_co_payment_cites_the_policy_that_sets_it(name: str) -> None:
    outcome = judge_case({"copay": {name: 500}})

    [finding] = [one for one in outcome.findings if one.code == "copayment"]
    assert finding.source == TESTED.text
