"""Claims as a biller files them, and who files them; for the tests of submission."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import psycopg

from auth.permissions import ROLE_PERMISSIONS, Actor, Role
from claims.submission import service as submission
from claims.submission.schemas import ClaimBody
from config import clock
from tests.factories import (
    HOSPITAL,
    MAN,
    OTHER_HOSPITAL,
    WOMAN,
    load_defaults,
    make_facility,
    make_member,
)

CONSULTATION_RIEL = 22_500


def arrange(owner: psycopg.Connection[Any]) -> None:
    """Load policies, tariffs, two hospitals, a woman and a man with cards."""
    load_defaults(owner)
    make_facility(owner, HOSPITAL)
    make_facility(owner, OTHER_HOSPITAL)
    make_member(owner, WOMAN)
    make_member(owner, MAN, sex="M", name_latin="CHAN VISAL", name_km="ចាន់ វិសាល")


def biller(facility: str = HOSPITAL) -> Actor:
    """Return a biller of a facility."""
    return Actor(
        f"user:biller-{facility}",
        ROLE_PERMISSIONS[Role.BILLING],
        facility=facility,
        facilities=(facility,),
        roles=(Role.BILLING,),
    )


def nssf(role: Role = Role.APPROVER, name: str = "sophea") -> Actor:
    """Return one of NSSF's people."""
    return Actor(f"user:{name}", ROLE_PERMISSIONS[role], nssf=True, roles=(role,))


def make_body(reference: str = "INV-1", **given: Any) -> dict[str, Any]:
    """Return the JSON of a small outpatient claim for today."""
    day = clock.today().isoformat()
    body = {
        "facility_reference": reference, "type": "treatment", "card_number": WOMAN,
        "visit_type": "outpatient", "service_from": day, "service_to": day,
        "diagnoses": [{"code": "J18.9", "role": "primary"}],
        "lines": [make_line()],
    }  # fmt: skip
    return body | given


def make_line(service: str = "OPD-CONSULTATION", **given: Any) -> dict[str, Any]:
    """Return the JSON of one line, without a day: the claim's first."""
    return {"service": service, "quantity": 1, "unit_price_riel": CONSULTATION_RIEL} | given


def file(reference: str = "INV-1", *, by: Actor | None = None, **given: Any) -> dict[str, Any]:
    """File a claim through the service; return it as answered."""
    loaded = ClaimBody().load(make_body(reference, **given))
    return submission.submit_claim(loaded, by=by or biller()).claim


def codes(claim: dict[str, Any]) -> set[str]:
    """Return the codes of a claim's findings, without the remark on demo prices."""
    return {finding["code"] for finding in claim["outcome"]["findings"]} - {"demo_tariff"}


def days_ago(days: int) -> str:
    """Return a day before today, as JSON carries it."""
    day: date = clock.today() - timedelta(days=days)
    return day.isoformat()
