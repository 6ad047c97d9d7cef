"""Reading one person by card: members, dependents, however the number was typed."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from config.errors import NotFound
from gateway.members import service as members
from tests.gateway.registry.conftest import GOOD

KEY = "29901010000001ក"
CHILD = "12005050000003គ"


@pytest.fixture
def family(owner: psycopg.Connection[Any]) -> None:
    owner.execute(
        "INSERT INTO registry.members (card_key, card_number, name_latin, sex, date_of_birth, category,"
        " province, registered_on, status, status_on, protected) VALUES"
        " (%s, '2990101-0000001-ក', 'SOK TARA', 'F', '1999-01-01', 'private_worker', 'KH-12',"
        " '2020-01-01', 'active', '2020-01-01', true)",
        (KEY,),
    )
    owner.execute(
        "INSERT INTO registry.dependents (card_key, card_number, principal_key, relationship, name_km,"
        " sex, date_of_birth, disabled, chronically_ill, valid_from) VALUES"
        " (%s, '1200505-0000003-គ', %s, 'child', 'សុខ មករា', 'M', '2020-05-05', false, false,"
        " '2023-11-14')",
        (CHILD, KEY),
    )


@pytest.mark.usefixtures("family")
def test_a_member_is_found_however_the_card_was_typed() -> None:
    typed = [GOOD["members"]["card_number"], "២៩៩០១០១ ០០០០០០១ក", " 2990101–0000001–ក"]

    assert {members.find_person(number).card_key for number in typed} == {KEY}
    found = members.find_person(KEY)
    assert (found.relationship, found.category, found.protected) == ("self", "private_worker", True)


@pytest.mark.usefixtures("family")
def test_a_dependent_names_the_principal_and_shares_the_protection() -> None:
    found = members.find_person("1200505-0000003-គ")

    assert (found.relationship, found.principal_key) == ("child", KEY)
    assert found.principal_card_number == "2990101-0000001-ក"
    assert found.protected is True
    assert [child.card_key for child in members.list_dependents(KEY)] == [CHILD]


@pytest.mark.usefixtures("family")
def test_a_dependent_whose_principal_left_the_registry_is_still_found(
    owner: psycopg.Connection[Any],
) -> None:
    owner.execute("DELETE FROM registry.members")

    found = members.find_person(CHILD)

    assert (found.principal_key, found.principal_card_number, found.category) == (KEY, None, None)


def test_an_unknown_card_is_not_found(owner: psycopg.Connection[Any]) -> None:
    with pytest.raises(NotFound) as missing:
        members.find_person("nobody")

    assert missing.value.code == "unknown_card"
