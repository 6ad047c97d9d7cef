"""Who plays in the demo: its logins, its machine clients, and the facilities they work for.

The passwords and secrets here are public on purpose: the demo never loads beside real members.
"""

from __future__ import annotations

from dataclasses import dataclass

from auth.permissions import Actor, Role, system_actor
from auth.sessions import actor_of

SEED = 2026
DEMO = system_actor("demo")


@dataclass(frozen=True, slots=True)
class Login:
    """One person who signs in; `places` are keys of PLACES."""

    username: str
    name: str
    role: Role
    places: tuple[str, ...] = ()

    @property
    def password(self) -> str:
        """Return the password everybody may know."""
        return f"demo-{self.username}"


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine client with a secret everybody may know."""

    client_id: str
    name: str
    scopes: tuple[str, ...]
    places: tuple[str, ...] = ()

    @property
    def secret(self) -> str:
        """Return the secret, fixed so that examples can be copied."""
        return f"demo-secret-{self.client_id.removeprefix('client-')}"


# What each place is: the level its facility is chosen by, the first of them with an open contract.
PLACES = {
    "hospital": "cpa3",
    "private": "private_hospital",
    "national": "national",
    "district": "cpa1",
    "centre": "health_centre",
}
VISITED = ("national", "district", "centre")

LOGINS = (
    Login("reception", "ចាន់ ស្រីមុំ", Role.RECEPTION, ("hospital",)),
    Login("billing", "កែវ វិចិត្រ", Role.BILLING, ("hospital",)),
    Login("manager", "ហេង សុភា", Role.FACILITY_MANAGER, ("hospital",)),
    Login("reception.private", "លី ដាវី", Role.RECEPTION, ("private",)),
    Login("billing.private", "មាស រតនា", Role.BILLING, ("private",)),
    Login("agent", "នួន សំណាង", Role.NSSF_AGENT, VISITED),
    Login("hotline", "រស់ ចន្ធូ", Role.HOTLINE),
    Login("reviewer", "សេង ពិសិដ្ឋ", Role.REVIEWER),
    Login("approver", "ទេព កល្យាណ", Role.APPROVER),
    Login("finance", "អ៊ុក មុន្នី", Role.FINANCE),
    Login("authoriser", "វ៉ាន់ កុសល", Role.FINANCE_AUTHORISER),
    Login("analyst", "យឹម រចនា", Role.ANALYST),
    Login("auditor", "ឈឹម វិសាល", Role.AUDITOR),
    Login("administrator", "ថោង បុប្ផា", Role.ADMINISTRATOR),
)

MACHINES = (
    Machine(
        "client-de00000000000001", "Hospital information system (demo)",
        ("eligibility.check", "visit.manage", "claim.submit", "claim.read"), ("hospital",),
    ),
    Machine("client-de00000000000002", "NSSF review (demo)", ("claim.review", "claim.read")),
    Machine(
        "client-de00000000000003", "NSSF second approval (demo)",
        ("claim.review", "claim.approve", "claim.read"),
    ),
    Machine("client-de00000000000004", "NSSF finance (demo)", ("batch.manage", "claim.read")),
    Machine(
        "client-de00000000000005", "NSSF payment authorisation (demo)",
        ("batch.authorise", "claim.read"),
    ),
)  # fmt: skip

_BY_NAME = {login.username: login for login in LOGINS}
_DESKS = {"hospital": ("reception", "billing"), "private": ("reception.private", "billing.private")}


class Cast:
    """The demo's users as actors, once it is known which facility each place is."""

    def __init__(self, places: dict[str, str]) -> None:
        self.places = places

    def actor(self, username: str, place: str | None = None) -> Actor:
        """Return a login as the actor it is when signed in, at one of its places."""
        login = _BY_NAME[username]
        facilities = tuple(self.places[key] for key in login.places)
        chosen = self.places[place] if place else None
        return actor_of(username, (login.role,), facilities, chosen=chosen, name=login.name)

    def reception(self, place: str) -> Actor:
        """Return who sits at the reception of a place: its own people, else NSSF's agent."""
        return self.actor(_DESKS.get(place, ("agent", "agent"))[0], place)

    def billing(self, place: str) -> Actor:
        """Return who files the claims of a place."""
        return self.actor(_DESKS.get(place, ("agent", "agent"))[1], place)
