"""The search for a person without a card: by national ID, telephone, or birth date and name.

One statement each, plain rows, ten and one more at most; who may search and what is shown of the
people found is the caller's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg import Connection

CANDIDATE_COLUMNS = "card_key, card_number, name_km, name_latin, sex, date_of_birth"
LIKE = 0.5
"""How alike two folded names must be (pg_trgm) to be offered; only an equal one is taken."""

MOST_CANDIDATES = 10

_SAME_NAME = " OR ".join(
    f"fold_name({column}) = fold_name(%({form})s)"
    for column in ("name_latin", "name_km")
    for form in ("name", "turned")
)
BY_NAME = " UNION ".join(
    f"SELECT {CANDIDATE_COLUMNS}, coalesce({_SAME_NAME}, false), {live} FROM registry.{table}"  # noqa: S608 - own constants
    f" WHERE date_of_birth = %(born)s AND fold_name({column}) %% fold_name(%(name)s)"
    for table, live in (("members", "card_status = 'live'"), ("dependents", "true"))
    for column in ("name_latin", "name_km")
)
BY_NAME += f" ORDER BY 8 DESC, 7 DESC, date_of_birth, card_key LIMIT {MOST_CANDIDATES + 1}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person a search found."""

    card_key: str
    card_number: str
    name_km: str | None
    name_latin: str | None
    sex: str
    date_of_birth: date
    exact: bool
    live: bool


def by_national_id(conn: Connection[Any], national_id: str) -> list[Candidate]:
    """Find members and dependents with a national ID, ten and one more at most."""
    same = "national_id = %(value)s"
    return _search(conn, of_members=same, of_dependents=same, params={"value": national_id})


def by_phone(conn: Connection[Any], phone: str) -> list[Candidate]:
    """Find members with a telephone number, however it is written; dependents have none."""
    same = (
        "phone = fold_phone(%(value)s) AND card_key IN"
        " (SELECT card_key FROM registry.phones WHERE phone = fold_phone(%(value)s))"
    )
    return _search(conn, of_members=same, of_dependents="false", params={"value": phone})


def by_name(conn: Connection[Any], name: str, born: date) -> list[Candidate]:
    """Find people born that day with this Khmer or Latin name or one like it, in either order.

    The order of words makes no difference to trigrams. Each language is a look of its own into the
    index of birth dates and trigrams: an OR of the two would be answered by the birth date alone.
    """
    with conn.transaction():
        conn.execute(f"SET LOCAL pg_trgm.similarity_threshold = {LIKE}")
        found = conn.execute(BY_NAME, name_params(name, born)).fetchall()
    return [Candidate(*row) for row in found]


def name_params(name: str, born: date) -> dict[str, Any]:
    """Return what BY_NAME asks for."""
    words = name.split()
    return {"name": " ".join(words), "turned": " ".join(reversed(words)), "born": born}


def _search(
    conn: Connection[Any],
    *,
    of_members: str,
    of_dependents: str,
    params: Mapping[str, Any],
) -> list[Candidate]:
    columns = f"{CANDIDATE_COLUMNS}, true"
    statement = (
        f"SELECT {columns}, card_status = 'live' FROM registry.members WHERE {of_members}"  # noqa: S608 - own constants
        f" UNION ALL SELECT {columns}, true FROM registry.dependents WHERE {of_dependents}"
        f" ORDER BY 8 DESC, 7 DESC, date_of_birth, card_key LIMIT {MOST_CANDIDATES + 1}"
    )
    return [Candidate(*row) for row in conn.execute(statement, params).fetchall()]
