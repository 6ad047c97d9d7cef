"""What members ask for, as bodies of the door, and the people of a small world that may ask."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from auth.permissions import ROLE_PERMISSIONS, Actor, Role
from claims.allowances import service as allowances
from claims.allowances.schemas import AllowanceBody
from config import clock
from tests.claims.payable import APPROVER, REVIEWER, biller
from tests.factories import HOSPITAL, OTHER_HOSPITAL, WOMAN

BILLER = biller(HOSPITAL)
STRANGER = biller(OTHER_HOSPITAL)
AT_NSSF = Actor("client:nssf-desk", ROLE_PERMISSIONS[Role.NSSF_AGENT], nssf=True)
BANK = {"method": "bank", "account": "001-234-567", "name": "SOK TARA"}
CASH = {"method": "cash", "name": "SOK TARA"}


def ago(days: int) -> str:
    """Return a day before today, as the door takes it."""
    return (clock.today() - timedelta(days=days)).isoformat()


def birth(event: str = "delivery", days: int = 3, **given: Any) -> dict[str, Any]:
    """Ask for one payment of the birth package."""
    return {
        "kind": "birth", "event": event, "card_number": WOMAN, "event_on": ago(days),
        "payee": BANK,
    } | ({"gestation_weeks": 39} if event == "delivery" else {}) | given  # fmt: skip


def maternity(days: int = 3, **given: Any) -> dict[str, Any]:
    """Ask for the maternity allowance."""
    return {
        "kind": "maternity", "card_number": WOMAN, "event_on": ago(days), "gestation_weeks": 39,
        "born_in_contracted_facility": True, "payee": BANK,
    } | given  # fmt: skip


def sickness(first: int, last: int, **given: Any) -> dict[str, Any]:
    """Ask for the sickness allowance from so many days ago to so many."""
    return {
        "kind": "sickness", "card_number": WOMAN, "event_on": ago(first), "until": ago(last),
        "leave_permitted": True, "payee": BANK,
    } | given  # fmt: skip


def refund(days: int = 3, **given: Any) -> dict[str, Any]:
    """Ask for emergency care back that was paid in cash at a private clinic."""
    care = {
        "facility_name": "Clinic by the road", "facility_level": "health_centre",
        "emergency": True, "diagnoses": ["T14.9"], "paid_riel": 50_000,
        "lines": [{"service": "EMERGENCY", "quantity": 1, "unit_price_riel": 50_000}],
    } | given  # fmt: skip
    return {
        "kind": "refund", "card_number": WOMAN, "event_on": ago(days), "care": care,
        "payee": CASH,
    }  # fmt: skip


def file(body: dict[str, Any], *, by: Actor = BILLER) -> dict[str, Any]:
    """File what the door would load of a body."""
    return allowances.file_allowance(AllowanceBody().load(body), by=by)


def approved(body: dict[str, Any], *, by: Actor = BILLER) -> dict[str, Any]:
    """File an allowance and let NSSF approve it, by two people where two are needed."""
    number = file(body, by=by)["number"]
    found = allowances.approve(number, by=REVIEWER)
    return allowances.approve(number, by=APPROVER) if found["awaiting"] else found


def day(text: str) -> date:
    """Read a day."""
    return date.fromisoformat(text)
