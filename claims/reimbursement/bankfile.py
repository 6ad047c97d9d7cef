"""What a bank answers about a payment, as CSV: read row by row into plain values. Pure.

One format of our own, so that any bank's list can be brought into it. A row names a transfer by the
number the payment file gave it; a row that cannot be read is named and none of it is taken.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from config.errors import Invalid
from config.text import clean

COLUMNS = ("end_to_end_id", "amount_riel", "status", "bank_reference", "paid_on", "reason")
MAX_ROWS = 20_000
MAX_WORDS = {"end_to_end_id": 20, "bank_reference": 80, "reason": 500}
MAX_DIGITS = 18


class Status(StrEnum):
    """What the bank says of a transfer; `returned` is money that came back after it was paid."""

    PAID = "paid"
    FAILED = "failed"
    RETURNED = "returned"


class UnreadableRow(ValueError):
    """A row that says too little or something that cannot be; the message names the column."""


@dataclass(frozen=True, slots=True)
class BankRow:
    """One transfer as the bank reports it; `day` is when it was paid or came back."""

    row: int
    end_to_end_id: str
    riel: int
    status: Status
    bank_reference: str
    day: date | None
    reason: str

    @property
    def said(self) -> tuple[object, ...]:
        """Return all but the place in the file: two rows that say the same are one."""
        return (self.riel, self.status, self.bank_reference, self.day, self.reason)


def read_bank_file(content: bytes) -> tuple[list[BankRow], list[tuple[int, str, str]]]:
    """Read a file; return its rows, and (row, id, fault) of those that cannot be read.

    Rows count from the top of the file, its header included.
    """
    rows: list[BankRow] = []
    faults: list[tuple[int, str, str]] = []
    for number, record in _records(content):
        try:
            rows.append(_row(number, record))
        except UnreadableRow as fault:
            faults.append((number, (record.get("end_to_end_id") or "")[:20], str(fault)))
    return rows, faults


def _records(content: bytes) -> Iterator[tuple[int, Mapping[str, str | None]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unfit("The file is not UTF-8 text.") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in reader.fieldnames or ()]
        if sorted(header) != sorted(COLUMNS):
            raise _unfit("The columns are: " + ", ".join(COLUMNS) + ".")
        reader.fieldnames = header
        for number, record in enumerate(reader, 2):
            if number > MAX_ROWS + 1:
                raise _unfit(f"A file has at most {MAX_ROWS:,} rows.")
            yield number, record
    except csv.Error as error:
        raise _unfit(f"The file cannot be read as CSV: {error}.") from None


def _row(number: int, record: Mapping[str, str | None]) -> BankRow:
    if None in record or None in record.values():
        raise UnreadableRow("the number of cells differs from the header's")
    words = {name: _words(name, record[name] or "") for name in MAX_WORDS}
    if not words["end_to_end_id"]:
        raise UnreadableRow("end_to_end_id is missing")
    status = _status(record["status"] or "")
    day = _day(record["paid_on"] or "")
    if status is Status.PAID and not words["bank_reference"]:
        raise UnreadableRow("bank_reference is missing")
    if status is not Status.FAILED and day is None:
        raise UnreadableRow("paid_on is missing")
    if status is not Status.PAID and not words["reason"]:
        raise UnreadableRow("reason is missing")
    return BankRow(
        number, words["end_to_end_id"], _riel(record["amount_riel"] or ""), status,
        words["bank_reference"], day, words["reason"],
    )  # fmt: skip


def _words(name: str, text: str) -> str:
    try:
        return clean(text, max_length=MAX_WORDS[name])
    except ValueError as error:
        raise UnreadableRow(f"{name}: {error}") from None


def _status(text: str) -> Status:
    try:
        return Status(text.strip().lower())
    except ValueError:
        raise UnreadableRow("status is paid, failed or returned") from None


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise UnreadableRow("paid_on is a day as YYYY-MM-DD") from None


def _riel(text: str) -> int:
    plain = text.strip()
    if not (plain.isascii() and plain.isdecimal() and len(plain) <= MAX_DIGITS):
        raise UnreadableRow("amount_riel is a whole number of riel")
    return int(plain)


def _unfit(message: str) -> Invalid:
    return Invalid(errors=[{"pointer": "/file", "message": message}])
