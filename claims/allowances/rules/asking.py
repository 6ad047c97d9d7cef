"""From what was asked for to the event the rules compute with, and what a claim proposes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from claims.allowances.rules.facts import (
    ANTENATAL,
    BIRTH,
    DELIVERY,
    EVENT_OF,
    MATERNITY,
    POSTNATAL,
    VACCINATION,
    Event,
)

PER_CHILD = frozenset({DELIVERY, VACCINATION})
WAGED = frozenset({MATERNITY, "sickness"})
LIVE = "live"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for, in one canonical form: `data` is JSON and holds no payee."""

    data: dict[str, Any]

    @property
    def kind(self) -> str:
        """Return the kind of allowance."""
        return str(self.data["kind"])

    @property
    def event(self) -> str:
        """Return the event, which most kinds have only one of."""
        return EVENT_OF.get(self.kind) or str(self.data["event"])

    @property
    def on(self) -> date:
        """Return the day of the event."""
        return date.fromisoformat(self.data["event_on"])

    @property
    def until(self) -> date | None:
        """Return the last day, of a sickness."""
        return _day(self.data["until"])

    @property
    def delivery_on(self) -> date | None:
        """Return the day of the delivery as told; a delivery is its own."""
        return self.on if self.event == DELIVERY else _day(self.data["delivery_on"])

    @property
    def birth_order(self) -> int:
        """Return which child is meant, 0 for the mother."""
        if self.kind != BIRTH or self.event not in PER_CHILD:
            return 0
        return int(self.data["birth_order"] or 1)

    def to_event(
        self, *, delivery_on: date | None, contracted: bool | None, checked: bool
    ) -> Event:
        """Return the event with what the claims add to what was told."""
        told = self.data
        return Event(
            kind=self.kind,
            event=self.event,
            on=self.on,
            until=self.until,
            delivery_on=delivery_on,
            birth_order=self.birth_order,
            children=told["children"] or 1,
            outcome=told["outcome"] or LIVE,
            weeks=told["gestation_weeks"],
            contracted=contracted,
            checked_after=checked,
            leave=told["leave_permitted"],
        )


NOTHING_TOLD: dict[str, Any] = {
    "event": None, "until": None, "delivery_on": None, "birth_order": None, "children": None,
    "outcome": None, "gestation_weeks": None, "born_in_contracted_facility": None,
    "leave_permitted": None, "claim": None, "care": None,
}  # fmt: skip


def wish_of(loaded: Mapping[str, Any]) -> Wish:
    """Return what a door loaded without the payee, days as text."""
    told = {name: value for name, value in loaded.items() if name not in ("payee", "card_number")}
    return Wish(_plain(NOTHING_TOLD | told))


def proposals(body: Mapping[str, Any], *, claim: str, birth_order: int) -> list[Wish]:
    """Return what an approved maternity claim proposes: one payment an event, one a child.

    The newborn's own care and miscarriages propose nothing.
    """
    told = body.get("maternity")
    if told is None or birth_order:
        return []
    base = {"claim": claim, "event_on": event_day(body), "gestation_weeks": told["gestation_weeks"]}
    if told["event"] in (ANTENATAL, POSTNATAL):
        return [wish_of(base | {"kind": BIRTH, "event": told["event"]})]
    if told["event"] != DELIVERY:
        return []
    births = told["births"] or [{"outcome": LIVE}]
    base |= {"children": len(births), "born_in_contracted_facility": True}
    children = [
        wish_of(base | {"kind": BIRTH, "event": DELIVERY, "birth_order": order,
                        "outcome": child["outcome"]})
        for order, child in enumerate(births, start=1)
    ]  # fmt: skip
    return [wish_of(base | {"kind": MATERNITY}), *children]


def event_day(body: Mapping[str, Any]) -> date:
    """Return the day a maternity claim is about: that of its delivery line, else its first."""
    days = [
        line["service_date"] for line in body["lines"] if line["service"].startswith("DELIVERY-")
    ]
    return date.fromisoformat(min(days, default=None) or body["service_from"])


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
