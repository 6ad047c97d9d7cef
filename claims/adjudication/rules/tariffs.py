"""Prices by service, level, payer and day: the frozen list, and the reading of a tariff file.

Pure: `adjudication.service` fills the list from the database and stores what a file holds.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from config.text import clean
from gateway.coverage.policy import BENEFITS, LEVELS

COLUMNS = (
    "service", "name_km", "name_en", "benefit", "level", "payer", "price_riel",
    "valid_from", "valid_to", "status", "source",
)  # fmt: skip
PAYERS = ("nssf", "hef")
STATUSES = ("law", "reported", "assumption", "demo")
MAX_PRICE = 10**9


@dataclass(frozen=True, slots=True)
class Price:
    """One row of the price list; `valid_to` is the first day it no longer holds."""

    service: str
    name_km: str
    name_en: str
    benefit: str
    level: str
    payer: str
    price_riel: int
    valid_from: date
    valid_to: date | None
    status: str
    source: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what the price is for."""
        return self.service, self.level, self.payer

    def in_force(self, day: date) -> bool:
        """Tell whether the price holds on a day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def overlaps(self, other: Price) -> bool:
        """Tell whether both could hold on one day."""
        return (self.valid_to is None or other.valid_from < self.valid_to) and (
            other.valid_to is None or self.valid_from < other.valid_to
        )


@dataclass(frozen=True)
class Tariffs:
    """A price list, arranged for look-up by what is sold, where, who pays and when."""

    prices: Mapping[tuple[str, str, str], tuple[Price, ...]]
    services: Mapping[str, Price]

    def find(self, service: str, level: str, payer: str, day: date) -> Price | None:
        """Return the price in force, if there is one."""
        for price in self.prices.get((service, level, payer), ()):
            if price.in_force(day):
                return price
        return None

    def benefit_of(self, service: str) -> str | None:
        """Return the benefit a service belongs to; None for an unknown service."""
        known = self.services.get(service)
        return known.benefit if known is not None else None

    def on(self, day: date) -> Tariffs:
        """Return the list of what holds on one day."""
        return tariffs_of(price for group in self.prices.values() for price in group
                          if price.in_force(day))  # fmt: skip

    def all(self) -> list[Price]:
        """Return every price in a steady order."""
        rows = (price for group in self.prices.values() for price in group)
        return sorted(rows, key=lambda price: (*price.key, price.valid_from))


def tariffs_of(prices: Iterable[Price]) -> Tariffs:
    """Arrange rows as a list; a service's name and benefit are those of its newest row."""
    by_key: dict[tuple[str, str, str], list[Price]] = {}
    services: dict[str, Price] = {}
    for price in sorted(prices, key=lambda row: (row.valid_from, *row.key)):
        by_key.setdefault(price.key, []).append(price)
        services[price.service] = price
    return Tariffs(
        MappingProxyType({key: tuple(reversed(rows)) for key, rows in by_key.items()}),
        MappingProxyType(services),
    )


class TariffFileError(ValueError):
    """A tariff file that cannot be loaded; `problems` names row, column and reason of each fault."""

    def __init__(self, problems: list[tuple[int, str, str]]) -> None:
        self.problems = problems
        super().__init__(
            "\n".join(f"row {row}, {column}: {reason}" for row, column, reason in problems)
        )


def read_tariffs(content: bytes) -> list[Price]:
    """Read a tariff file (CSV, UTF-8, header row), or raise naming every fault in it."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TariffFileError([(1, "file", "is not UTF-8")]) from None
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    _refuse_header(reader.fieldnames or [])
    problems: list[tuple[int, str, str]] = []
    prices: list[Price] = []
    for number, row in enumerate(_rows(reader), start=2):
        faults = _Row(number, row)
        price = faults.read()
        problems.extend(faults.problems)
        if price is not None:
            problems.extend(
                (number, "valid_from", "overlaps another row of this file")
                for other in prices
                if other.key == price.key and other.overlaps(price)
            )
            prices.append(price)
    if not prices and not problems:
        problems.append((1, "file", "has no rows"))
    if problems:
        raise TariffFileError(problems)
    return prices


def _rows(reader: csv.DictReader[str]) -> Iterable[dict[str, Any]]:
    try:
        yield from reader
    except csv.Error as error:
        raise TariffFileError([(reader.line_num, "file", str(error))]) from None


def _refuse_header(names: Iterable[str]) -> None:
    given = list(names)
    problems = [(1, name or "(empty)", "unknown column") for name in given if name not in COLUMNS]
    problems += [(1, name, "column is missing") for name in COLUMNS if name not in given]
    if problems:
        raise TariffFileError(problems)


class _Row:
    """Reads one row and collects its faults."""

    def __init__(self, number: int, row: Mapping[Any, Any]) -> None:
        self.number, self.row = number, row
        self.problems: list[tuple[int, str, str]] = []

    def read(self) -> Price | None:
        if None in self.row or None in self.row.values():
            self._fault("row", "has another number of columns than the header")
            return None
        valid_from = self._day("valid_from")
        last = self._day("valid_to") if self.row["valid_to"].strip() else None
        if valid_from and last and last < valid_from:
            self._fault("valid_to", "lies before valid_from")
        price = Price(
            service=self._code("service"),
            name_km=self._text("name_km"),
            name_en=self._text("name_en"),
            benefit=self._one_of("benefit", BENEFITS),
            level=self._one_of("level", LEVELS),
            payer=self._one_of("payer", PAYERS),
            price_riel=self._riel("price_riel"),
            valid_from=valid_from or date.min,
            valid_to=last + timedelta(days=1) if last else None,
            status=self._one_of("status", STATUSES),
            source=self._text("source"),
        )
        return None if self.problems else price

    def _fault(self, column: str, reason: str) -> None:
        self.problems.append((self.number, column, reason))

    def _text(self, column: str) -> str:
        try:
            text = clean(self.row[column], max_length=300)
        except ValueError as error:
            self._fault(column, str(error))
            return ""
        if not text:
            self._fault(column, "is empty")
        return text

    def _code(self, column: str) -> str:
        text = self._text(column)
        if text and not (text.isascii() and text.replace("-", "").replace("_", "").isalnum()):
            self._fault(column, "may hold letters, digits, - and _ only")
        return text.upper()

    def _one_of(self, column: str, choices: tuple[str, ...]) -> str:
        text = str(self.row[column]).strip()
        if text not in choices:
            self._fault(column, f"must be one of {', '.join(choices)}")
        return text

    def _riel(self, column: str) -> int:
        text = str(self.row[column]).strip()
        if not (text.isascii() and text.isdecimal()) or int(text) > MAX_PRICE:
            self._fault(column, f"must be whole riel, at most {MAX_PRICE}")
            return 0
        return int(text)

    def _day(self, column: str) -> date | None:
        try:
            return date.fromisoformat(str(self.row[column]).strip())
        except ValueError:
            self._fault(column, "must be a day such as 2026-01-31")
            return None
