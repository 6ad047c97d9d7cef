"""A remittance as sheets to print: a PDF in Khmer and English, set by Typst with our own fonts.

Claim numbers, the facility's own references and amounts: nobody's name, no diagnosis. Nothing is
read from the system or from the network.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from claims.adjudication.reasons import CATALOGUE
from config.json import dumps
from config.later import later
from gateway.eligibility.slip_paper import DATA as GATEWAY_DATA

typst = later("typst")
DATA = Path(__file__).parent.parent / "data"
PAPER = DATA / "papers" / "remittance.typ"
NOTHING = "–"
PLACEHOLDER = re.compile(r"\{[^}]*\}")
# A reference without spaces is broken where a column would end.
LONG_WORD = re.compile(r"(\S{14})(?=\S)")
TITLE = ("សេចក្តីជូនដំណឹងការទូទាត់", "Remittance advice")
FACTS = {
    "facility": ("មូលដ្ឋានសុខាភិបាល", "Facility"),
    "scheme": ("របប", "Scheme"),
    "paid_on": ("ថ្ងៃទូទាត់", "Paid on"),
    "bank_reference": ("លេខយោងធនាគារ", "Bank reference"),
    "batch": ("បាច់ទូទាត់", "Batch"),
}
SCHEMES = {
    "health_care": ("របបថែទាំសុខភាព ប.ស.ស.", "NSSF health care"),
    "occupational_risk": ("ហានិភ័យការងារ", "Occupational risk"),
    "hef": ("មូលនិធិសមធម៌", "Health Equity Fund"),
}
CLAIMS = ("សំណើសុំទូទាត់", "Claims")
CLAIMS_HEADS = (
    ("សំណើសុំទូទាត់", "Claim"), ("លេខយោងរបស់មូលដ្ឋាន", "Own reference"), ("លេខអ្នកជំងឺ", "Patient number"),
    ("ទឹកប្រាក់ស្នើសុំ", "Claimed"), ("អនុម័ត", "Approved"), ("ចំនួនកាត់បន្ថយ", "Reductions"),
)  # fmt: skip
ADJUSTMENTS = ("ការកែតម្រូវ", "Adjustments")
ADJUSTMENTS_HEADS = (("ប្រភេទ", "Kind"), ("សំណើសុំទូទាត់", "Claim"), ("ចំនួនរៀល", "Riel"))
KINDS = {
    "supplement": ("ការទូទាត់បន្ថែម", "Supplement"),
    "recovery": ("ការដកសងវិញ", "Recovery"),
}
REASONS = ("មូលហេតុនៃការកាត់បន្ថយ", "Reasons of the reductions")
REASONS_HEADS = (("កូដ", "Code"), ("CARC", "CARC"), ("មូលហេតុ", "Reason"), ("ចំនួនរៀល", "Riel"))
CLAIMED = ("សរុបស្នើសុំ", "Claimed in all")
APPROVED = ("សរុបអនុម័ត", "Approved in all")
ADJUSTED = ("សរុបការកែតម្រូវ", "Adjustments in all")
TOTAL = ("ចំនួនទឹកប្រាក់ដែលបានទូទាត់ (រៀល)", "Paid (riel)")
CARRIED = ("ការដកសងវិញដែលផ្ទេរទៅលើកក្រោយ", "Recoveries carried forward")
REVERSED = ("ធនាគារបានប្រគល់ប្រាក់នេះមកវិញនៅថ្ងៃ {day}", "The bank took this payment back on {day}")
NOTE = (
    "សូមបញ្ជាក់ចំនួនដែលបានទទួលនៅលើទំព័រនៃសេចក្តីជូនដំណឹងនេះ។ សំណួរ៖ ១២៨៦ ឬ ១២៩៧",
    "Please confirm on this remittance's page what you received. Questions: 1286 or 1297",
)


def to_pdf(advice: Mapping[str, Any], *, facility: tuple[str, str], test_data: bool) -> bytes:
    """Print a remittance as `find_remittance` returns it; `facility` is its Khmer and Latin name."""
    printed: bytes = typst.compile(
        PAPER,
        root=DATA,
        font_paths=[GATEWAY_DATA / "fonts"],
        ignore_system_fonts=True,
        sys_inputs={"remittance": dumps(_given(advice, facility, test_data)).decode()},
        format="pdf",
    )
    return printed


def _given(advice: Mapping[str, Any], facility: tuple[str, str], test_data: bool) -> dict[str, Any]:
    reversed_on = advice["reversed_on"]
    return {
        "title": TITLE,
        "number": advice["number"],
        "reversed": reversed_on and [words.format(day=reversed_on) for words in REVERSED],
        "facts": [(words, _fact(advice, name, facility)) for name, words in FACTS.items()],
        "claims_title": CLAIMS,
        "claims_heads": CLAIMS_HEADS,
        "claims": [_claim(claim) for claim in advice["claims"]],
        "adjustments_title": ADJUSTMENTS,
        "adjustments_heads": ADJUSTMENTS_HEADS,
        "adjustments": [
            (KINDS[one["kind"]], one["claim"], _riel(one["riel"])) for one in advice["adjustments"]
        ],
        "totals": _totals(advice),
        "reasons_title": REASONS,
        "reasons_heads": REASONS_HEADS,
        "reasons": _reasons(advice),
        "note": NOTE,
        "test": test_data,
        "watermark": "TEST DATA · សាកល្បង",
    }


def _fact(advice: Mapping[str, Any], name: str, facility: tuple[str, str]) -> str:
    if name == "facility":
        return " · ".join(dict.fromkeys((advice["facility"], *filter(None, facility))))
    if name == "scheme":
        return " · ".join(SCHEMES.get(advice["scheme"], (advice["scheme"],)))
    return str(advice[name])


def _claim(claim: Mapping[str, Any]) -> tuple[str, ...]:
    cuts = "; ".join(f"{cut['code']} {_riel(cut['riel'])}" for cut in claim["reductions"])
    return (
        claim["number"], _breakable(claim["facility_reference"]),
        _breakable(claim["facility_patient_number"] or NOTHING),
        _riel(claim["claimed_riel"]), _riel(claim["approved_riel"]), cuts or NOTHING,
    )  # fmt: skip


def _totals(advice: Mapping[str, Any]) -> list[tuple[tuple[str, str], str]]:
    sums = [
        (CLAIMED, sum(claim["claimed_riel"] for claim in advice["claims"])),
        (APPROVED, sum(claim["approved_riel"] for claim in advice["claims"])),
    ]
    if advice["adjustments"]:
        sums.append((ADJUSTED, sum(one["riel"] for one in advice["adjustments"])))
    sums.append((TOTAL, advice["total_riel"]))
    if advice["carried_forward_riel"]:
        sums.append((CARRIED, advice["carried_forward_riel"]))
    return [(words, _riel(riel)) for words, riel in sums]


def _reasons(advice: Mapping[str, Any]) -> list[tuple[str, str, tuple[str, str], str]]:
    """Say each reason once, with all the riel it took off."""
    riel: dict[str, int] = {}
    for claim in advice["claims"]:
        for cut in claim["reductions"]:
            riel[cut["code"]] = riel.get(cut["code"], 0) + cut["riel"]
    return [(code, *_reason(code), _riel(taken)) for code, taken in sorted(riel.items())]


def _reason(code: str) -> tuple[str, tuple[str, str]]:
    reason = CATALOGUE.get(code)
    if reason is None:
        return NOTHING, (code, code)
    # What a rule fills in differs from claim to claim.
    return reason.carc or NOTHING, (
        PLACEHOLDER.sub("…", reason.text_km),
        PLACEHOLDER.sub("…", reason.text_en),
    )


def _breakable(text: str) -> str:
    return LONG_WORD.sub("\\1\u200b", text)


def _riel(amount: int) -> str:
    return f"{amount:,}"
