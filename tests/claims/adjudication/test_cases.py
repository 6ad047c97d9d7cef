"""Every case of cases.yaml, decided by the rules and the shipped tariffs and policies."""

from __future__ import annotations

from typing import Any

import pytest

from tests.claims.adjudication.reading import judge_case, read_cases

CASES = read_cases()


def test_there_are_at_least_120_cases_and_each_cites_its_rule() -> None:
    assert len(CASES) >= 120
    assert all(case["rule"] and case["expect"] for case in CASES)
    assert len({case["case"] for case in CASES}) == len(CASES)


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
