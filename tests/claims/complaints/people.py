"""Who complains to whom: NSSF's manager and hotline, and receptions of two hospitals."""

from __future__ import annotations

from typing import Any

from auth.permissions import ROLE_PERMISSIONS, Actor, Role
from claims.complaints import service as complaints
from claims.complaints.rules import Channel, Complainant, Filing, Kind
from tests.claims.payable import person
from tests.factories import HOSPITAL

MANAGER = person("chea", Role.ADMINISTRATOR)
HOTLINE = person("mony", Role.HOTLINE)
NAME, PHONE = "SENG SOPHAL", "012 999 888"
WORDS = "The cashier SECRETLY asked for money before my operation."
# Whatever would tell a facility who complained, or in which words.
SECRETS = (NAME, "SOPHAL", PHONE, "SECRETLY", "operation")
AMOUNT = 76_543_210


def reception(name: str = "sreymom", *, facility: str = HOSPITAL) -> Actor:
    """Make a receptionist of a facility."""
    return Actor(
        f"user:{name}",
        ROLE_PERMISSIONS[Role.RECEPTION],
        facility=facility,
        facilities=(facility,),
        roles=(Role.RECEPTION,),
    )


def filing(**given: Any) -> Filing:
    """Describe a complaint about the hospital by a caller who gave a name."""
    made = {
        "kind": Kind.CARE_REFUSED, "text": WORDS, "facility": HOSPITAL,
        "channel": Channel.HOTLINE_1286, "complainant": Complainant(NAME, PHONE),
    }  # fmt: skip
    return Filing(**made | given)


def filed(*, by: Actor = HOTLINE, **given: Any) -> str:
    """File a complaint; return its number."""
    return str(complaints.file_complaint(filing(**given), by=by)["number"])


def forwarded(**given: Any) -> str:
    """File a complaint and ask the hospital about it; return its number."""
    number = filed(**given)
    complaints.forward(number, "Please tell us how payments are taken at your desk.", by=MANAGER)
    return number
