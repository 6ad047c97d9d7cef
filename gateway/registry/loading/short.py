"""The short way: a file without a fault is judged and built in one pass over the staged rows.

It is taken whole or not at all. If a single row breaks a rule, speaks of somebody unknown or is
written in a way that needs a closer look, nothing is built, and the file goes the long way, which
names every fault and ends in the same rows.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection, DataError

from gateway.registry.feed import Feed, Form
from gateway.registry.loading import build, rules
from gateway.registry.loading.staging import SPELLINGS, STAGING
from gateway.registry.loading.terms import Findings, Load


def build_sound(connection: Connection[Any], load: Load, findings: Findings) -> bool:
    """Build the new table of a file without a fault; False, and nothing built, if it has any."""
    # A delta is too small to be worth a join with everybody.
    holders = _speaks_of_holders(load.feed) and not load.delta
    made, source, faults = (_holders if holders else _described)(load, findings)
    for name in _histories(load.feed):
        if holders:
            _spell(connection, load, name)
            source += f" JOIN {SPELLINGS} AS p ON p.given = {rules.staged(name)}"
            made[name] = "p.canonical"
        elif _has_bad(connection, load, name):
            return False
    made, known = build.keep_known(load, findings, made)
    # One condition, so that the planner takes it for half of the rows and not for none of them.
    source += f"{known} WHERE CASE WHEN {' OR '.join(faults)} THEN false ELSE true END"
    built = _try(connection, load, findings, made, source)
    if built != findings.staged:
        connection.execute(f"DROP TABLE IF EXISTS {load.scratch}")
        return False
    findings.rows, findings.sound = built, not load.delta
    # A holder's card is written as the registry has it, which need not be as printed.
    findings.printed = not holders
    return True


def _try(
    connection: Connection[Any], load: Load, findings: Findings, made: dict[str, str], source: str
) -> int | None:
    joins = build.joins_of_few(findings) if load.delta else ("enable_nestloop",)
    with build.without(connection, *joins):
        try:
            return build.create(connection, load, made, source)
        except DataError:
            return None  # a day that is none: the long way finds out which


def _speaks_of_holders(feed: Feed) -> bool:
    return any(column.stored == ("card_key",) for column in feed.columns)


def _faults(load: Load, findings: Findings, *unless: str) -> list[str]:
    found = rules.row_rules(load.feed, findings.header, today=load.today, trusting=True)
    return [
        "s._fault IS NOT NULL",
        *(f"({rule.condition})" for rule in found if rule.column not in unless),
    ]


def _holders(load: Load, findings: Findings) -> tuple[dict[str, str], str, list[str]]:
    """Find coverages' and contributions' people by a card written just as the registry holds it.

    Such a number needs no check and no folding.
    """
    made = rules.stored(load.feed, findings.header, printed=True)
    made["card_key"] = "coalesce(m.card_key, d.card_key)"
    source = (
        f"{STAGING} AS s"
        ' LEFT JOIN registry.members AS m ON m.card_number = s."card_number"'
        ' LEFT JOIN registry.dependents AS d ON d.card_number = s."card_number"'
    )
    faults = _faults(load, findings, "card_number", *_histories(load.feed))
    return made, source, [*faults, f"{made['card_key']} IS NULL"]


def _described(load: Load, findings: Findings) -> tuple[dict[str, str], str, list[str]]:
    """Judge the files that say who and what there is."""
    made = rules.stored(load.feed, findings.header, printed=True)
    faults = _faults(load, findings, *_histories(load.feed))
    # What is like printed holds nothing else.
    faults.append(rules.unlike_printed(load.feed))
    faults.append(rules.suspicious(load.feed, findings.header, but=frozenset({Form.CARD})))
    joins, unknown = _REFERENCES.get(load.feed.kind, ("", [])) if not load.delta else ("", [])
    return made, f"{STAGING} AS s{joins.format(**made)}", faults + unknown


# The rules of `checks` about other tables, as joins.
_REFERENCES = {
    "members": (
        " LEFT JOIN registry.enterprises AS e ON e.number = {enterprise}",
        ['s."enterprise" IS NOT NULL AND e.number IS NULL'],
    ),
    "dependents": (
        " LEFT JOIN registry.members AS parent ON parent.card_key = {principal_key}"
        " LEFT JOIN registry.members AS self ON self.card_key = {card_key}",
        [
            "parent.card_key IS NULL",
            's."relationship" = \'child\' AND parent.date_of_birth > s."date_of_birth"::date',
            's."valid_to" IS NULL AND self.card_key IS NOT NULL',
        ],
    ),
}


def _histories(feed: Feed) -> list[str]:
    """Return the columns that are judged apart: a look into a list keeps a pass to one process."""
    return [column.name for column in feed.columns if column.form == Form.MONTHS]


def _bad(load: Load, name: str) -> str:
    found = rules.row_rules(load.feed, [name], today=load.today)
    return " OR ".join(f"({rule.condition})" for rule in found if rule.column == name)


def _has_bad(connection: Connection[Any], load: Load, name: str) -> bool:
    bad = f"SELECT EXISTS (SELECT FROM {STAGING} AS s WHERE {_bad(load, name)})"
    return connection.execute(bad).fetchone() == (True,)


def _spell(connection: Connection[Any], load: Load, name: str) -> None:
    """Judge and spell each history once: millions of people share some thousands of them."""
    value = rules.staged(name)
    spelled = rules.stored(load.feed, [name], printed=True)[name]
    connection.execute(f"DROP TABLE IF EXISTS {SPELLINGS}")
    connection.execute(
        f"CREATE UNLOGGED TABLE {SPELLINGS} AS SELECT {value} AS given, {spelled} AS canonical"
        f" FROM (SELECT DISTINCT {value} FROM {STAGING} AS s) AS s"
        f" WHERE ({_bad(load, name)}) IS NOT TRUE"
    )
    connection.execute(f"ANALYZE {SPELLINGS}")
