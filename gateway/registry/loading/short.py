"""The short way for files about people already known: coverages and contributions.

A card number written just as the registry holds it needs no check and no folding: one join finds the
person. It is taken whole or not at all; a file with anything else in it goes the long way.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from gateway.registry.feed import Feed, Form
from gateway.registry.loading import build, rules
from gateway.registry.loading.staging import SPELLINGS, STAGING
from gateway.registry.loading.terms import Findings, Load

_KNOWN = (
    f"{STAGING} AS s"
    ' LEFT JOIN registry.members AS m ON m.card_number = s."card_number"'
    ' LEFT JOIN registry.dependents AS d ON d.card_number = s."card_number"'
)


def build_known(connection: Connection[Any], load: Load, findings: Findings) -> bool:
    """Build the new table of a file without a fault; False, and nothing built, if it has any."""
    # A delta is too small to be worth a join with everybody.
    if load.delta or not _speaks_of_holders(load.feed):
        return False
    made = rules.stored(load.feed, findings.header, printed=True)
    made["card_key"] = "coalesce(m.card_key, d.card_key)"
    months = [column.name for column in load.feed.columns if column.form == Form.MONTHS]
    source, faults = _KNOWN, ["s._fault IS NOT NULL", f"{made['card_key']} IS NULL"]
    for name in months:
        _spell(connection, load, name)
        source += f" JOIN {SPELLINGS} AS p ON p.given = {rules.staged(name)}"
        made[name] = "p.canonical"
    faults += [
        f"({rule.condition})"
        for rule in rules.row_rules(load.feed, findings.header, today=load.today)
        if rule.column not in ("card_number", *months)
    ]
    # One condition, so that the planner takes it for half of the rows and not for none of them.
    source += f" WHERE CASE WHEN {' OR '.join(faults)} THEN false ELSE true END"
    connection.execute("SET enable_nestloop = off")
    built = build.create(connection, load, made, source)
    connection.execute("RESET enable_nestloop")
    [(staged,)] = connection.execute(f"SELECT count(*) FROM {STAGING}").fetchall()
    if built != staged:
        connection.execute(f"DROP TABLE {load.scratch}")
        return False
    findings.rows, findings.holders_known = built, True
    connection.execute(f"ANALYZE {load.scratch}")
    return True


def _speaks_of_holders(feed: Feed) -> bool:
    return any(column.stored == ("card_key",) for column in feed.columns)


def _spell(connection: Connection[Any], load: Load, name: str) -> None:
    """Judge and spell each history once: millions of people share some thousands of them."""
    value = rules.staged(name)
    column = load.feed.column(name)
    bad = " OR ".join(
        f"({rule.condition})"
        for rule in rules.row_rules(load.feed, [name], today=load.today)
        if rule.column == name
    )
    spelled = rules.stored(load.feed, [name], printed=True)[column.name]
    connection.execute(f"DROP TABLE IF EXISTS {SPELLINGS}")
    connection.execute(
        f"CREATE UNLOGGED TABLE {SPELLINGS} AS SELECT {value} AS given, {spelled} AS canonical"
        f" FROM (SELECT DISTINCT {value} FROM {STAGING} AS s) AS s WHERE ({bad}) IS NOT TRUE"
    )
    connection.execute(f"ANALYZE {SPELLINGS}")
