"""Set-wise checks of a staged file: which rows are bad, and why, all of them.

Rows that break a rule of their own leave the staging; rows that break a rule about others (a card
twice, no principal) are found on the built table. Every one is in the faults table in the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from psycopg import Connection

from gateway.registry.feed import Feed
from gateway.registry.loading import build, rules
from gateway.registry.loading.rules import Rule, quoted
from gateway.registry.loading.staging import FAULTS, STAGING
from gateway.registry.loading.terms import Findings, Load, Refused

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class SetRule:
    """A condition over a row `n` of the built table that looks at other rows as well.

    `of_news`: a delta's rows that say what is known already were judged when it became known.
    """

    column: str
    condition: str
    reason: str
    elsewhere: bool = True
    of_news: bool = False


def check_rows(connection: Connection[Any], load: Load, findings: Findings) -> None:
    """Clean the text, find the rows that break a rule of their own, take them out of staging."""
    found = rules.row_rules(load.feed, findings.header, today=load.today)
    bad = " OR ".join(["s._fault IS NOT NULL", *(f"({rule.condition})" for rule in found)])
    closer = rules.suspicious(load.feed, findings.header)
    findings.rows, bad_rows, suspicious, unlike_printed = _count(connection, load, bad, closer)
    if suspicious:
        _report(connection, rules.text_rules(load.feed, findings.header), closer)
        connection.execute(
            f"UPDATE {STAGING} AS s SET {rules.tidying(load.feed, findings.header)} WHERE {closer}"
        )
        # What a clean-up leaves empty or right is judged as it is stored.
        _, bad_rows, _, unlike_printed = _count(connection, load, bad, "false")
    if bad_rows:
        connection.execute(
            f"INSERT INTO {FAULTS} SELECT s._row, '', s._value, s._fault FROM {STAGING} AS s"
            " WHERE s._fault IS NOT NULL"
        )
        _report(connection, found, f"({bad})")
    if bad_rows or suspicious:
        connection.execute(
            f"DELETE FROM {STAGING} AS s USING {FAULTS} AS f WHERE f.row_number = s._row"
        )
    findings.printed = unlike_printed == 0
    if unlike_printed:
        _count_unfamiliar(connection, findings)


def _count(connection: Connection[Any], load: Load, bad: str, closer: str) -> tuple[int, ...]:
    counts = connection.execute(
        f"SELECT count(*), count(*) FILTER (WHERE {bad}), count(*) FILTER (WHERE {closer}),"
        f" count(*) FILTER (WHERE {rules.unlike_printed(load.feed)}) FROM {STAGING} AS s"
    ).fetchall()
    return tuple(counts[0])


def _count_unfamiliar(connection: Connection[Any], findings: Findings) -> None:
    row = connection.execute(
        f"SELECT count(*) FROM {STAGING} AS s WHERE {rules.unfamiliar_card()}"
    ).fetchone()
    if row and row[0]:
        findings.report["unfamiliar_card_numbers"] = row[0]


def _report(connection: Connection[Any], found: list[Rule], among: str) -> None:
    """Write down each bad value once, with the first reason that applies to it."""
    by_column = groupby(sorted(found, key=lambda rule: rule.column), key=lambda rule: rule.column)
    cases = []
    for column, group in by_column:
        whens = " ".join(f"WHEN {rule.condition} THEN {quoted(rule.reason)}" for rule in group)
        cases.append(f"({quoted(column)}, {rules.staged(column)}, CASE {whens} END)")
    connection.execute(
        f"INSERT INTO {FAULTS} SELECT s._row, v.name, left(v.value, {_SHOWN}), v.reason"
        f" FROM {STAGING} AS s CROSS JOIN LATERAL (VALUES {', '.join(cases)})"
        f" AS v (name, value, reason) WHERE s._fault IS NULL AND {among} AND v.reason IS NOT NULL"
    )


def check_sets(connection: Connection[Any], load: Load, findings: Findings) -> None:
    """Find the rows of the built table that contradict other rows or the registry."""
    _refuse_out_of_order(connection, load)
    found = False
    for rule in _set_rules(connection, load, findings):
        news = "n._news AND " if load.delta and rule.of_news else ""
        bad = (
            f"SELECT {_keys('n', load.feed)} FROM {load.scratch} AS n WHERE {news}{rule.condition}"
        )
        if _any(connection, findings, rule, bad):
            found = True
            matched = _same_row(load, findings, "b")
            connection.execute(
                f"INSERT INTO {FAULTS} SELECT DISTINCT s._row, {quoted(rule.column)},"
                f" left({rules.staged(rule.column)}, {_SHOWN}), {quoted(rule.reason)}"
                f" FROM {STAGING} AS s JOIN ({bad}) AS b ON {matched}"
            )
    if found:
        connection.execute(
            f"DELETE FROM {load.scratch} AS n USING {STAGING} AS s, {FAULTS} AS f"
            f" WHERE f.row_number = s._row AND {_same_row(load, findings, 'n')}"
        )


def settle(connection: Connection[Any], load: Load, findings: Findings) -> None:
    """Count what was found; refuse the file unless bad rows are to be left out."""
    findings.bad_rows, findings.errors = connection.execute(
        f"SELECT count(DISTINCT row_number), count(*) FROM {FAULTS}"
    ).fetchall()[0]
    if findings.bad_rows and not load.skip_bad_rows:
        raise Refused(
            "bad_rows", f"{load.file_name}: {findings.bad_rows} of {findings.rows} rows are bad."
        )


def refuse_overlaps(connection: Connection[Any], load: Load) -> None:
    """Refuse a delta that leaves a person with two periods of one scheme at a time."""
    if load.feed.kind != "coverages":
        return
    overlap = _OVERLAP.format(table=load.live)
    row = connection.execute(
        f"SELECT count(*) FROM {load.live} AS n WHERE {overlap}"
        f" AND n.card_key IN (SELECT card_key FROM {load.scratch} WHERE _news)"
    ).fetchone()
    if row and row[0]:
        raise Refused(
            "overlapping_periods",
            f"{load.file_name}: {row[0]} periods overlap another of the same person and scheme.",
        )


def _any(connection: Connection[Any], findings: Findings, rule: SetRule, bad: str) -> bool:
    joins = build.joins_of_few(findings) if rule.elsewhere else ()
    with build.without(connection, *joins):
        return connection.execute(f"SELECT EXISTS ({bad})").fetchone() == (True,)


def _set_rules(connection: Connection[Any], load: Load, findings: Findings) -> Iterator[SetRule]:
    for rule in _SET_RULES.get(load.feed.kind, ()):
        if not (rule.elsewhere and findings.sound):
            yield rule
    # Building the key finds out by itself whether one occurs twice; only then are they looked for.
    if _has_repeats(connection, load) if load.delta else not build.key(connection, load):
        yield _twice(load)


def _refuse_out_of_order(connection: Connection[Any], load: Load) -> None:
    for kind in load.feed.needs:
        if connection.execute(f"SELECT EXISTS (SELECT FROM registry.{kind})").fetchone() == (
            False,
        ):
            raise Refused("wrong_order", f"Import {kind} before {load.feed.kind}.")
    if load.feed.kind == "members":
        row = connection.execute(
            "SELECT NOT EXISTS (SELECT FROM registry.enterprises) AND EXISTS"
            f" (SELECT FROM {load.scratch} WHERE enterprise IS NOT NULL)"
        ).fetchone()
        if row == (True,):
            raise Refused("wrong_order", "Import enterprises before members.")


def _keys(alias: str, feed: Feed) -> str:
    return ", ".join(f"{alias}.{name}" for name in feed.key)


def _same_row(load: Load, findings: Findings, alias: str) -> str:
    made = findings.stored(load.feed)
    return " AND ".join(f"{made[name]} = {alias}.{name}" for name in load.feed.key)


def _has_repeats(connection: Connection[Any], load: Load) -> bool:
    return connection.execute(f"SELECT EXISTS ({_repeated(load)})").fetchone() == (True,)


def _repeated(load: Load) -> str:
    keys = ", ".join(load.feed.key)
    return f"SELECT {keys} FROM {load.scratch} GROUP BY {keys} HAVING count(*) > 1"


def _twice(load: Load) -> SetRule:
    condition = f"({_keys('n', load.feed)}) IN ({_repeated(load)})"
    column = next(c.name for c in load.feed.columns if load.feed.key[0] in c.targets)
    return SetRule(column, condition, "is in the file more than once", elsewhere=False)


# Looked up one after the other: most cards are a member's.
_NOBODY = (
    "NOT EXISTS (SELECT FROM (SELECT card_key FROM registry.members"
    " UNION ALL SELECT card_key FROM registry.dependents) AS one WHERE one.card_key = n.card_key)"
)
_OVERLAP = (
    "EXISTS (SELECT FROM {table} AS o WHERE o.card_key = n.card_key AND o.scheme = n.scheme"
    " AND o.valid_from < n.valid_from AND (o.valid_to IS NULL OR o.valid_to > n.valid_from))"
)
_UNKNOWN_CARD = SetRule(
    "card_number", _NOBODY, "is the card of nobody in the registry", of_news=True
)
_SET_RULES = {
    "members": (
        SetRule(
            "enterprise",
            "n.enterprise IS NOT NULL AND NOT EXISTS"
            " (SELECT FROM registry.enterprises AS e WHERE e.number = n.enterprise)",
            "is not the number of an enterprise",
        ),
    ),
    "dependents": (
        SetRule(
            "principal_card_number",
            "NOT EXISTS (SELECT FROM registry.members AS m WHERE m.card_key = n.principal_key)",
            "is not the card of a member",
        ),
        SetRule(
            "date_of_birth",
            "n.relationship = 'child' AND EXISTS (SELECT FROM registry.members AS m"
            " WHERE m.card_key = n.principal_key AND m.date_of_birth > n.date_of_birth)",
            "makes the child older than the parent",
        ),
        SetRule(
            "card_number",
            "n.valid_to IS NULL AND EXISTS"
            " (SELECT FROM registry.members AS m WHERE m.card_key = n.card_key)",
            "is the card of a member",
        ),
    ),
    "coverages": (
        _UNKNOWN_CARD,
        SetRule(
            "valid_from",
            _OVERLAP.format(table="registry_next.coverages"),
            "lies within another period of the same person and scheme",
            elsewhere=False,
        ),
    ),
    "contributions": (_UNKNOWN_CARD,),
}
