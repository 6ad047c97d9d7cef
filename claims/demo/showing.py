"""What a person needs to begin: a login per role, ten cards with their answers, the machine clients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from claims.demo.cast import LOGINS, MACHINES
from claims.demo.showcase import CARDS
from config import clock
from config.settings import settings
from config.text import fold_card
from gateway.eligibility.service import judge
from gateway.facilities.service import find_facility


@dataclass(frozen=True, slots=True)
class Answer:
    """What a card number is answered with, and why."""

    number: str
    verdict: str
    code: str | None
    text: str


def answers(facility: str, day: date) -> list[Answer]:
    """Judge the ten cards at a facility on a day; nothing is recorded."""
    found = []
    for card in CARDS:
        decision = judge(card_key=fold_card(card.number), day=day, facility=facility).decision
        why = decision.reasons[0] if decision.reasons else None
        found.append(
            Answer(
                card.number, decision.verdict, why.code if why else None,
                why.text_en if why else card.shows,
            )
        )  # fmt: skip
    return found


def summary(places: dict[str, str]) -> Iterator[str]:
    """Write the page line by line."""
    names = {key: f"{find_facility(code).name_en} ({code})" for key, code in places.items()}
    yield "Demo data: nobody in it exists. Sign in with"
    yield ""
    yield f"  {'role':<19} {'user name':<17} {'password':<22} works for"
    for login in LOGINS:
        where = ", ".join(names[key] for key in login.places) or "NSSF"
        yield f"  {login.role:<19} {login.username:<17} {login.password:<22} {where}"
    yield ""
    yield f"Ten cards, ten answers (at {names['hospital']}, today)"
    yield ""
    for one in answers(places["hospital"], clock.today()):
        yield f"  {one.number}  {one.verdict:<13} {one.code or '-':<29} {one.text}"
    yield ""
    yield f"Machine clients (POST {settings().public_url}/oauth/token, grant client_credentials)"
    yield ""
    for machine in MACHINES:
        yield f"  {machine.client_id}  {machine.secret}  {machine.name}"
        yield f"  {'':<23}  {' '.join(machine.scopes)}"
