"""Members NSSF has marked `protected`: nobody looks them up without saying why, card or not.

Every look-up of one is recorded as such and comes on the auditor's list of its day (`watching`).
"""

from __future__ import annotations

from auth.permissions import Actor
from config.audit import record
from config.errors import Invalid
from config.words import N_
from gateway.eligibility.rules.facts import Person


def is_protected(person: Person | None) -> bool:
    """Tell whether a person, or the member whose family the person is, is protected."""
    if person is None:
        return False
    return person.protected or (person.principal is not None and person.principal.protected)


def refuse_without_reason(person: Person | None, reason: str | None, *, by: Actor) -> None:
    """Refuse to show a protected person to who does not say why; the attempt is recorded."""
    if person is None or reason or not is_protected(person):
        return
    record(by, "member.protected_refused", subject=person.card_number, facility=by.facility)
    message = N_("This look-up needs a reason: say why.")
    raise Invalid("reason_required", errors=[{"pointer": "/reason", "message": message}])


def record_read(card_number: str, check: str, *, by: Actor) -> None:
    """Record that a protected person was shown, and by which check."""
    record(by, "member.protected_read", subject=card_number, facility=by.facility, check=check)
