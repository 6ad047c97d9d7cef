"""Do the diagnoses fit the patient: ICD-10 codes known and exact, sex and age. Whole claim."""

from __future__ import annotations

from collections.abc import Iterator

from claims.adjudication.reasons import Finding, found
from claims.adjudication.rules.facts import ClaimFacts, age_on

# ICD-10 blocks as (first, last) three-character categories.
FEMALE = (("C51", "C58"), ("D25", "D28"), ("N70", "N98"), ("O00", "O99"), ("Z32", "Z36"))
MALE = (("C60", "C63"), ("D29", "D29"), ("N40", "N51"))
PREGNANCY = (("O00", "O99"), ("Z33", "Z36"))
PERINATAL = (("P00", "P96"),)
CHILDBEARING_AGES = range(12, 56)
# Chapter XVI holds conditions that begin around birth; long-term effects are coded elsewhere.
PERINATAL_UNTIL_AGE = 1

Blocks = tuple[tuple[str, str], ...]


def is_within(code: str, blocks: Blocks) -> bool:
    """Tell whether a code belongs to one of the blocks."""
    category = code[:3].upper()
    return any(first <= category <= last for first, last in blocks)


def diagnosis_findings(facts: ClaimFacts) -> Iterator[Finding]:
    """Name each code that is unknown or a mere group, or does not fit sex or age (WHO ICD-10)."""
    patient, day = facts.patient, facts.service_from
    born = patient.date_of_birth
    # The day before birth has its own finding; an age below zero fits no rule.
    age = age_on(day, born) if born is not None and born <= day else None
    for diagnosis in dict.fromkeys(facts.diagnoses):
        code = diagnosis.code
        if not diagnosis.known:
            yield found("diagnosis_unknown", diagnosis=code)
            continue
        if not diagnosis.leaf:
            yield found("diagnosis_not_leaf", diagnosis=code)
        if not _fits_sex(code, patient.sex):
            yield found("diagnosis_sex", diagnosis=code)
        if age is not None and not _fits_age(code, age):
            yield found("diagnosis_age", diagnosis=code)


def _fits_sex(code: str, sex: str | None) -> bool:
    if sex == "M":
        return not is_within(code, FEMALE)
    return sex != "F" or not is_within(code, MALE)


def _fits_age(code: str, age: int) -> bool:
    if is_within(code, PREGNANCY):
        return age in CHILDBEARING_AGES
    return not is_within(code, PERINATAL) or age < PERINATAL_UNTIL_AGE
