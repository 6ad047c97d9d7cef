"""Makes the demo's users and machine clients, and tells afterwards where they work."""

from __future__ import annotations

from auth.models import ApiClient
from auth.passwords import token_hash
from auth.service import create_user, find_user
from claims.demo.cast import DEMO, LOGINS, MACHINES, PLACES, Machine
from config.audit import record
from config.db import transaction
from gateway.facilities.service import find_facility


def make_logins(places: dict[str, str]) -> None:
    """Create a user for each role, with the password everybody may know."""
    for login in LOGINS:
        create_user(
            login.username,
            roles=(login.role,),
            facilities=[places[key] for key in login.places],
            display_name=login.name,
            password=login.password,
            by=DEMO,
        )


def make_machines(places: dict[str, str]) -> None:
    """Create the machine clients; the service draws secrets at random, these are fixed."""
    with transaction():
        for machine in MACHINES:
            _make_machine(machine, [places[key] for key in machine.places])


def places_of_logins() -> dict[str, str]:
    """Return the facility of each of the demo's places, as its users know them."""
    keys = {level: key for key, level in PLACES.items()}
    codes = {code for login in LOGINS for code in find_user(login.username, by=DEMO).facilities}
    return {keys[find_facility(code).level]: code for code in sorted(codes)}


def _make_machine(machine: Machine, facilities: list[str]) -> None:
    with transaction() as session:
        client = ApiClient(
            client_id=machine.client_id,
            name=machine.name,
            scopes=list(machine.scopes),
            facilities=facilities,
            secret_hashes=[token_hash(machine.secret)],
            created_by=DEMO.subject,
        )
        session.add(client)
        session.flush()
        record(
            DEMO, "client.created", subject=client.subject,
            facility=facilities[0] if facilities else None,
            scopes=list(machine.scopes), facilities=facilities,
        )  # fmt: skip
