"""The words of a check-in, and who goes before whom in the line. Pure."""

from __future__ import annotations

from enum import StrEnum


class VisitType(StrEnum):
    """What kind of care a visit is for."""

    OUTPATIENT = "outpatient"
    INPATIENT = "inpatient"
    EMERGENCY = "emergency"


class Payer(StrEnum):
    """Who is expected to pay; other payers wait in the same line, so that waits compare."""

    NSSF = "nssf"
    HEF = "hef"
    FULL_PAY = "full_pay"
    EXEMPT = "exempt"


class Priority(StrEnum):
    """Why somebody goes before others, strongest reason first; `none` keeps to arrival."""

    EMERGENCY = "emergency"
    PREGNANT = "pregnant"
    ELDERLY = "elderly"
    DISABLED = "disabled"
    NONE = "none"


class IdentitySeen(StrEnum):
    """Which paper showed who the patient is (Prakas 109/2016: an identity document is shown)."""

    NATIONAL_ID = "national_id"
    NSSF_CARD_PHOTO = "nssf_card_photo"
    BIRTH_CERTIFICATE = "birth_certificate"
    FAMILY = "family"
    NONE = "none"


def rank_of(priority: Priority | str) -> int:
    """Return the place of a priority in the line: a smaller rank is called first."""
    return list(Priority).index(Priority(priority))
