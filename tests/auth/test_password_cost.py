"""What a password costs whoever tries many: the other tests hash with less."""

from __future__ import annotations

import runpy

from argon2 import Type

from auth import passwords


def test_a_stored_password_costs_what_owasp_asks_for() -> None:
    shipped = runpy.run_path(passwords.__file__)["_hasher"]

    assert shipped.type is Type.ID
    assert (shipped.memory_cost, shipped.time_cost, shipped.parallelism) == (19456, 2, 1)
