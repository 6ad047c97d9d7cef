"""Finding a person by birth date and a name like the one given: which, how many, and how."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
import pytest

from gateway.members import queries
from tests.factories import make_member

BORN = date(1990, 2, 2)
CARDS = ("1900202-0000011-ឃ", "1900202-0000012-ឃ")
# As many people as a province: names of made-up words, born over fifty years.
PROVINCE = """
INSERT INTO registry.members (card_key, card_number, name_latin, sex, date_of_birth, category,
    province, registered_on, status, status_on)
SELECT i, i, translate(left(md5(i::text), 5) || ' ' || left(md5((i % 7919)::text), 6),
           '0123456789', 'GHIJKLMNOP'),
       'F', date '1960-01-01' + i % 18262, 'private_worker', 'KH-12', '2020-01-01', 'active', '2020-01-01'
  FROM generate_series(1, 100000) AS i
"""


def found(owner: psycopg.Connection[Any], name: str, born: date = BORN) -> list[tuple[str, bool]]:
    return [(one.card_number, one.exact) for one in queries.by_name(owner, name, born)]


@pytest.mark.parametrize(
    ("asked", "exact"),
    [
        ("CHAN VISAL", True),
        ("visal chan", True),
        ("Chan Visál", True),
        (" chan  VISAL ", True),
        ("CHANN VISAL", False),
        ("ចាន់ វិសាល", True),
        ("វិសាល ចាន់", True),
        ("ចាន់\u200b វិសាល", True),
        ("ចាន វិសាល", False),
    ],
)
def test_a_name_is_found_in_either_script_order_and_spelling(
    owner: psycopg.Connection[Any], asked: str, exact: bool
) -> None:
    make_member(owner, CARDS[0], name_latin="CHAN VISAL", name_km="ចាន់ វិសាល", date_of_birth=BORN)
    make_member(owner, CARDS[1], name_latin="SOK DARA", name_km="សុខ ដារ៉ា", date_of_birth=BORN)

    assert found(owner, asked) == [(CARDS[0], exact)]
    assert found(owner, asked, date(1990, 2, 3)) == []


def test_lost_cards_come_last_and_one_more_than_ten_is_told(
    owner: psycopg.Connection[Any],
) -> None:
    for number in range(12):
        card = f"1900202-{number:07d}-ឃ"
        lost = "lost" if number < 2 else "live"
        make_member(
            owner, card, name_latin="CHAN VISAL", name_km=None, date_of_birth=BORN,
            card_status=lost,
        )  # fmt: skip

    people = queries.by_name(owner, "Chan Visal", BORN)

    assert len(people) == queries.MOST_CANDIDATES + 1
    assert [one.live for one in people] == [True] * 10 + [False]


def test_a_name_is_looked_up_by_trigrams_in_an_index_among_a_hundred_thousand(
    owner: psycopg.Connection[Any],
) -> None:
    with owner.transaction(force_rollback=True):
        # The index is made after the rows, as an import makes it: nothing is left pending in it.
        [(definition,)] = owner.execute(
            "SELECT pg_get_indexdef('registry.ix_members_search'::regclass)"
        ).fetchall()
        owner.execute("DROP INDEX registry.ix_members_search")
        owner.execute(PROVINCE)
        owner.execute(definition)
        owner.execute("ANALYZE registry.members")
        asked = queries.name_params("CHAN VISAL", BORN)
        rows = owner.execute("EXPLAIN (COSTS OFF) " + queries.BY_NAME, asked).fetchall()

    conditions = [line for (line,) in rows if "Index Cond" in line]
    assert len(conditions) >= 2
    for line in conditions:
        assert "date_of_birth = '1990-02-02'::date" in line
        assert "% 'chan visal'::text" in line
    assert not [line for (line,) in rows if "Seq Scan on members" in line]
