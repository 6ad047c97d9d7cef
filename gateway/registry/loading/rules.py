"""A feed's rules as SQL over the staged text: what is wrong with a row, and what it becomes.

Pure: texts in, texts out. Each rule is a condition with its reason; counting bad rows and
reporting them use the same conditions, so a row is reported exactly if it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from config.text import KHMER_DIGITS
from gateway.registry.feed import Column, Feed, Form
from gateway.registry.loading import texts

EARLIEST, LATEST = "1900-01-01", "2199-12-31"
_MONTH = "(?:19|20|21)[0-9]{2}-(?:0[1-9]|1[0-2])"
_SPAN = f"{_MONTH}(?:\\.\\.{_MONTH})?"
_MONTHS = f"^{_SPAN}(?: {_SPAN})*$"
_SIGNIFICANT = "[0-9A-Za-z\\u1780-\\u17b3\\u17e0-\\u17e9]"
_ORDINARY_CARD = "^[0-9]{7}-?[0-9]{7}-?[0-9A-Za-z\\u1780-\\u17a2]$"
_DIGITS = "0123456789"
_PHONE_CHARACTERS = _DIGITS + "+() ./-" + KHMER_DIGITS
_HYPHEN, _NOTHING = "'-'", "''"
# Between two digits nothing but digits reads as a number, save an underscore; asking PostgreSQL to
# read it takes a quarter of the time of looking at the characters.
_DIGITS_ALONE = "({value} NOT LIKE '%\\_%' AND pg_input_is_valid('1' || {value} || '1', 'bigint'))"
_CANONICAL_PHONE = (
    "({value} LIKE '+855__%' AND {value} NOT LIKE '+8550%' AND {value} NOT LIKE '%\\_%'"
    " AND pg_input_is_valid({value} || '1', 'bigint'))"
)
_FREE_TEXT = (Form.TEXT, Form.CARD, Form.IDENTIFIER, Form.FOLDED, Form.PHONE)


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition under which a row is refused, and the column and reason to name."""

    column: str
    condition: str
    reason: str


def quoted(text: str) -> str:
    """Return an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def staged(name: str) -> str:
    """Return the staged column of a file's column."""
    return f's."{name}"'


def row_rules(feed: Feed, header: list[str], *, today: date, trusting: bool = False) -> list[Rule]:
    """Return the rules a single row can break, cheapest first within a column.

    The `trusting` ones are for a pass that may fail: a day that is none stops it.
    """
    rules: list[Rule] = []
    for column in feed.columns:
        if column.name in header:
            rules.extend(_column_rules(column, today, trusting=trusting))
    if feed.either:
        one, other = feed.either
        condition = f"{staged(one)} IS NULL AND {staged(other)} IS NULL"
        rules.append(Rule(one, condition, f"one of {one} and {other} is required"))
    if feed.period:
        start, end = feed.period
        condition = f"{staged(end)} < {staged(start)}"
        rules.append(Rule(end, condition, f"must not be before {start}"))
    return rules


def text_rules(feed: Feed, header: list[str]) -> list[Rule]:
    """Return the rules on characters; they run only on rows found suspicious."""
    return [
        rule
        for column in _free_columns(feed, header)
        for rule in (
            Rule(column.name, _matches(column, texts.CONTROLS), "contains a control character"),
            Rule(column.name, _matches(column, texts.stacked()), "stacks too many combining marks"),
        )
    ]


def suspicious(feed: Feed, header: list[str], *, but: frozenset[Form] = frozenset()) -> str:
    """Return the condition of rows whose text needs a closer look and perhaps a clean-up."""
    columns = (column for column in _free_columns(feed, header) if column.form not in but)
    joined = ", ".join(staged(column.name) for column in columns)
    return f"concat_ws('|', {joined}) ~ {quoted(texts.SUSPICIOUS)}" if joined else "false"


def tidying(feed: Feed, header: list[str]) -> str:
    """Return the assignments that clean a suspicious row's text in place."""
    return ", ".join(
        f'"{column.name}" = {_tidied(staged(column.name))}'
        for column in _free_columns(feed, header)
    )


def unlike_printed(feed: Feed) -> str:
    """Return the condition of rows with a card number not written exactly as cards are printed.

    Where there is none, folding is dropping the hyphens; that saves minutes on a national file.
    """
    cards = [staged(column.name) for column in feed.columns if column.form == Form.CARD]
    printed = [
        f"{card} LIKE '_______-_______-_' AND {card} NOT LIKE '%-%-%-%'"
        f" AND {_DIGITS_ALONE.format(value=f'replace(left({card}, 15), {_HYPHEN}, {_NOTHING})')}"
        f" AND (substr({card}, 17) COLLATE \"C\" BETWEEN 'ក' AND 'អ'"
        f" OR substr({card}, 17) COLLATE \"C\" BETWEEN '0' AND '9'"
        f" OR substr({card}, 17) COLLATE \"C\" BETWEEN 'A' AND 'Z')"
        for card in cards
    ]
    return f"NOT ({' AND '.join(printed)})" if printed else "false"


def unfamiliar_card() -> str:
    """Return the condition of card numbers in an unknown format: counted, never refused."""
    return f"{staged('card_number')} !~ {quoted(_ORDINARY_CARD)}"


def stored(feed: Feed, header: list[str], *, printed: bool) -> dict[str, str]:
    """Return each column of the table with its expression over the staged row.

    If all cards are written as `printed`, dropping the hyphens folds them.
    """
    made: dict[str, str] = {}
    for column in feed.columns:
        value = staged(column.name) if column.name in header else "NULL"
        for target in column.targets:
            is_key = target.endswith("_key")
            made[target] = _key(value, printed) if is_key else _stored(column, value)
    return made


def _tidied(value: str) -> str:
    bare = f"translate({value}, {quoted(texts.STRIPPED)}, '')"
    return f"nullif(btrim(normalize({bare}, NFC), {quoted(texts.TRIMMED)}), '')"


def _free_columns(feed: Feed, header: list[str]) -> list[Column]:
    return [c for c in feed.columns if c.name in header and c.form in _FREE_TEXT]


def _matches(column: Column, pattern: str) -> str:
    return f"{staged(column.name)} ~ {quoted(pattern)}"


def _column_rules(column: Column, today: date, *, trusting: bool) -> Iterator[Rule]:
    value = staged(column.name)
    if column.required:
        yield Rule(column.name, f"{value} IS NULL", "is required")
    if column.form in (*_FREE_TEXT, Form.MONTHS):
        too_long = f"char_length({value}) > {column.max_length}"
        yield Rule(column.name, too_long, f"is longer than {column.max_length} characters")
    if column.form == Form.CHOICE:
        options = ", ".join(map(quoted, column.choices))
        reason = "is not one of " + ", ".join(column.choices)
        yield Rule(column.name, f"{value} NOT IN ({options})", reason)
    elif column.form in (Form.DAY, Form.LAST_DAY):
        yield from _day_rules(column, value, today, trusting=trusting)
    elif column.form in _FORMS:
        condition, reason = _FORMS[column.form]
        yield Rule(column.name, condition.format(value=value), reason)


def _day_rules(column: Column, value: str, today: date, *, trusting: bool) -> Iterator[Rule]:
    # Reading and writing it again is quicker than looking at its characters.
    is_day = f"{value}::date::text = {value}"
    if not trusting:
        is_day = (
            f"CASE WHEN {value} LIKE '____-__-__' AND pg_input_is_valid({value}, 'date')"
            f" THEN {is_day} ELSE {value} IS NULL END"
        )
    yield Rule(column.name, f"NOT ({is_day})", "is not a day written YYYY-MM-DD")
    # Days in this form compare as text.
    outside = f"({value} < '{EARLIEST}' OR {value} > '{LATEST}')"
    yield Rule(column.name, outside, f"is not between {EARLIEST} and {LATEST}")
    if column.not_after_today:
        yield Rule(column.name, f"{value} > '{today.isoformat()}'", "lies in the future")


_REVERSED = "EXISTS (SELECT FROM string_to_table({value}, ' ') AS span WHERE left(span, 7) > right(span, 7))"
# Most numbers begin with a digit or a capital; the pattern is for the others.
_EMPTY_NUMBER = (
    "(ascii({value}) NOT BETWEEN 48 AND 57 AND ascii({value}) NOT BETWEEN 65 AND 90"
    f" AND {{value}} !~ {quoted(_SIGNIFICANT)})",
    "has neither digits nor letters",
)
_SPAN_FAULTY = (
    f"NOT (translate({{value}}, '{_DIGITS}', '') = '-..-' AND left({{value}}, 4) BETWEEN '1900' AND"
    " '2199' AND right({value}, 7) < '2200' AND substr({value}, 6, 2) BETWEEN '01' AND '12'"
    " AND right({value}, 2) BETWEEN '01' AND '12' AND left({value}, 7) <= right({value}, 7))"
)
_FORMS = {
    Form.CARD: _EMPTY_NUMBER,
    Form.IDENTIFIER: _EMPTY_NUMBER,
    Form.FOLDED: _EMPTY_NUMBER,
    Form.PHONE: (
        f"(NOT {_CANONICAL_PHONE} AND"
        f" (translate({{value}}, '{_PHONE_CHARACTERS}', '') <> '' OR char_length({{value}}) < 6))",
        "is not a telephone number",
    ),
    Form.FLAG: ("{value} NOT IN ('0', '1')", "is not 0 or 1"),
    Form.RIEL: (
        f"(NOT {_DIGITS_ALONE} OR char_length({{value}}) > 12)",
        "is not a whole number of riel",
    ),
    Form.MONTHS: (
        f"CASE WHEN {{value}} LIKE '____-__..____-__' THEN {_SPAN_FAULTY} ELSE {{value}} !~ "
        + quoted(_MONTHS).replace("{", "{{").replace("}", "}}")
        + f" OR {_REVERSED} END",
        "is not a list of months and ranges such as 2025-01..2025-06 2025-08",
    ),
}


def _key(value: str, printed: bool) -> str:
    return f"replace({value}, '-', '')" if printed else f"fold_card({value})"


def _stored(column: Column, value: str) -> str:
    if column.default:
        value = f"coalesce({value}, {quoted(column.default)})"
    return _CASTS.get(column.form, "{value}").format(value=value)


# The common form is recognised by something cheaper than what folds the others.
_CASTS = {
    Form.DAY: "{value}::date",
    Form.LAST_DAY: "{value}::date + 1",
    Form.FLAG: "{value} = '1'",
    Form.RIEL: "{value}::bigint",
    Form.FOLDED: f"CASE WHEN {_DIGITS_ALONE} THEN {{value}} ELSE fold_card({{value}}) END",
    Form.PHONE: f"CASE WHEN {_CANONICAL_PHONE} THEN {{value}} ELSE fold_phone({{value}}) END",
    Form.MONTHS: "CASE WHEN char_length({value}) > 16 THEN canonical_months({value}) ELSE {value} END",
}
