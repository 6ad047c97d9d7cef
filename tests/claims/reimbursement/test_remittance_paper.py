"""The remittance on paper: both languages, every reason once, nothing on it becomes markup."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from claims.reimbursement.remittance_paper import _given, to_pdf

NAMES = ("មន្ទីរពេទ្យខេត្តកំពត", "Kampot Provincial Hospital")


def claim(**given: Any) -> dict[str, Any]:
    return {
        "number": "C26K00000000A", "facility_reference": "INV-1", "facility_patient_number": None,
        "claimed_riel": 18_000, "approved_riel": 12_000,
        "reductions": [{"code": "documents", "carc": "16", "riel": 6000}],
    } | given  # fmt: skip


def advice(*claims: dict[str, Any], **given: Any) -> dict[str, Any]:
    return {
        "number": "R26K00000000A", "batch": "B26K00000000B", "facility": "120101", "scheme": "hef",
        "paid_on": date(2026, 11, 22), "bank_reference": "ACL-77", "total_riel": 11_500,
        "carried_forward_riel": 0, "reversed_on": None, "claims": list(claims) or [claim()],
        "adjustments": [{"kind": "recovery", "claim": "C26K00000000B", "riel": -500}],
    } | given  # fmt: skip


def shown(**given: Any) -> dict[str, Any]:
    return _given(advice(**given), NAMES, test_data=False)


def test_the_totals_lead_from_what_was_claimed_to_what_was_paid() -> None:
    totals = {words[1]: riel for words, riel in shown(carried_forward_riel=300)["totals"]}

    assert totals == {
        "Claimed in all": "18,000", "Approved in all": "12,000", "Adjustments in all": "-500",
        "Paid (riel)": "11,500", "Recoveries carried forward": "300",
    }  # fmt: skip


def test_each_reason_is_said_once_in_both_languages_with_its_riel() -> None:
    cuts = [{"code": "documents", "carc": "16", "riel": 1}, {"code": "gone", "carc": "", "riel": 2}]
    given = _given(advice(claim(reductions=cuts), claim(reductions=cuts)), NAMES, test_data=False)

    documents, gone = given["reasons"]
    assert (documents[0], documents[1], documents[3]) == ("documents", "16", "2")
    assert documents[2][0] != documents[2][1]
    assert "{" not in "".join(documents[2])
    assert gone == ("gone", "–", ("gone", "gone"), "4")


def test_a_payment_the_bank_took_back_says_so_with_the_day() -> None:
    assert shown()["reversed"] is None
    assert "2026-11-25" in shown(reversed_on=date(2026, 11, 25))["reversed"][1]


@pytest.mark.parametrize(
    "text", ['#panic("x")', "$x$ *y* `z` @a <b>", "\\", "=1+1", "ក" * 64, "x" * 64]
)
def test_whatever_stands_on_a_claim_is_printed_as_it_is(text: str) -> None:
    odd = claim(facility_reference=text, facility_patient_number=text)

    assert to_pdf(advice(odd, bank_reference=text), facility=NAMES, test_data=True)[:5] == b"%PDF-"


def test_the_largest_remittance_is_printed_while_somebody_waits() -> None:
    many = [claim(number=f"C26K{n:09}") for n in range(1000)]

    assert to_pdf(advice(*many), facility=NAMES, test_data=False)[:5] == b"%PDF-"
