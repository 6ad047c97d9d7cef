"""The registry feed as data: its kinds, their columns, what each may hold, and how a file is named.

Pure. The import checks files against it, the generator writes files from it, the docs are made of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from gateway.facilities.provinces import PROVINCE_CODES


class Form(StrEnum):
    """How a column's text is to be read."""

    TEXT = "text"
    CARD = "card"
    IDENTIFIER = "identifier"
    FOLDED = "folded"
    PHONE = "phone"
    DAY = "day"
    LAST_DAY = "last_day"
    FLAG = "flag"
    CHOICE = "choice"
    RIEL = "riel"
    MONTHS = "months"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file; `stored` names the table's columns it fills."""

    name: str
    form: Form = Form.TEXT
    required: bool = True
    may_be_missing: bool = False
    max_length: int = 200
    choices: tuple[str, ...] = ()
    stored: tuple[str, ...] = ()
    default: str = ""
    not_after_today: bool = False

    @property
    def targets(self) -> tuple[str, ...]:
        """Return the columns of the table this one fills."""
        return self.stored or (self.name,)


@dataclass(frozen=True, slots=True)
class Feed:
    """One kind of file: its columns, the key of its rows, and the dates that may not cross.

    `look_up` names a table of its own for the values of a column people are found by: a new value
    is added there, and the row itself is changed without touching an index.
    """

    kind: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    either: tuple[str, str] | None = None
    period: tuple[str, str] | None = None
    needs: tuple[str, ...] = ()
    ended: str = "false"
    look_up: tuple[str, str] | None = None

    @property
    def tables(self) -> tuple[str, ...]:
        """Return the tables a file of this kind fills."""
        return (self.kind, self.look_up[0]) if self.look_up else (self.kind,)

    def column(self, name: str) -> Column:
        """Return the column of this name."""
        return next(column for column in self.columns if column.name == name)


SEXES = ("F", "M")
FACILITY_KINDS = ("public", "private")
LEVELS = (
    "health_post", "health_centre", "cpa1", "cpa2", "cpa3", "national", "private_hospital",
    "polyclinic", "clinic",
)  # fmt: skip
CATEGORIES = (
    "private_worker", "public_servant", "former_public_servant", "veteran", "self_employed",
    "voluntary", "informal_worker", "hef_poor", "hef_at_risk",
)  # fmt: skip
STATUSES = ("active", "suspended", "ended", "deceased")
CARD_STATUSES = ("live", "lost", "replaced")
RELATIONSHIPS = ("spouse", "child")
SCHEMES = ("health_care", "occupational_risk", "hef", "pension")

# In terms of `old` and `new`: which rows of a file end something that was open.
_STATUS_ENDED = "old.status = 'active' AND new.status <> 'active'"
_PERIOD_ENDED = "new.{0} IS NOT NULL AND (old.{0} IS NULL OR new.{0} < old.{0})"

_PROVINCE = Column("province", Form.CHOICE, choices=PROVINCE_CODES)
_NAME_KM = Column("name_km", required=False)
_NAME_LATIN = Column("name_latin", required=False)
_SEX = Column("sex", Form.CHOICE, choices=SEXES)
_BORN = Column("date_of_birth", Form.DAY, not_after_today=True)
_NATIONAL_ID = Column("national_id", Form.FOLDED, required=False, max_length=40)
_PHONE = Column("phone", Form.PHONE, required=False, max_length=24)
_CARD = Column("card_number", Form.CARD, max_length=40, stored=("card_key", "card_number"))
_HOLDER = Column("card_number", Form.CARD, max_length=40, stored=("card_key",))
_SCHEME = Column("scheme", Form.CHOICE, choices=SCHEMES)
_FROM = Column("valid_from", Form.DAY)
_TO = Column("valid_to", Form.LAST_DAY, required=False)


def _extra(name: str, form: Form = Form.TEXT, **kw: object) -> Column:
    return Column(name, form, required=False, may_be_missing=True, **kw)  # type: ignore[arg-type]


FACILITIES = Feed(
    "facilities",
    (
        Column("code", Form.IDENTIFIER, max_length=20),
        Column("name_km"), Column("name_en"),
        Column("kind", Form.CHOICE, choices=FACILITY_KINDS),
        Column("level", Form.CHOICE, choices=LEVELS),
        _PROVINCE,
        Column("contract_from", Form.DAY),
        Column("contract_to", Form.LAST_DAY, required=False),
        Column("bank_account", required=False, max_length=64),
        _PHONE,
    ),
    key=("code",),
    period=("contract_from", "contract_to"),
    ended=_PERIOD_ENDED.format("contract_to"),
)  # fmt: skip
ENTERPRISES = Feed(
    "enterprises",
    (
        Column("number", Form.IDENTIFIER, max_length=40),
        Column("name"), Column("sector", max_length=80), _PROVINCE,
    ),
    key=("number",),
)  # fmt: skip
MEMBERS = Feed(
    "members",
    (
        _CARD, _NATIONAL_ID, _NAME_KM, _NAME_LATIN, _SEX, _BORN,
        Column("category", Form.CHOICE, choices=CATEGORIES),
        Column("enterprise", Form.IDENTIFIER, required=False, max_length=40),
        _PROVINCE, _PHONE,
        Column("registered_on", Form.DAY),
        Column("status", Form.CHOICE, choices=STATUSES),
        Column("status_on", Form.DAY),
        _extra("card_status", Form.CHOICE, choices=CARD_STATUSES, default="live"),
        _extra("household_card", Form.FOLDED, max_length=40),
        _extra("protected", Form.FLAG, default="0"),
        _extra("district", max_length=100),
        _extra("occupation", max_length=100),
    ),
    key=("card_key",),
    either=("name_km", "name_latin"),
    ended=_STATUS_ENDED,
    look_up=("phones", "phone"),
)  # fmt: skip
DEPENDENTS = Feed(
    "dependents",
    (
        _CARD,
        Column("principal_card_number", Form.CARD, max_length=40, stored=("principal_key",)),
        Column("relationship", Form.CHOICE, choices=RELATIONSHIPS),
        _NATIONAL_ID, _NAME_KM, _NAME_LATIN, _SEX, _BORN,
        Column("disabled", Form.FLAG), Column("chronically_ill", Form.FLAG),
        _FROM, _TO,
    ),
    key=("card_key",),
    either=("name_km", "name_latin"),
    period=("valid_from", "valid_to"),
    needs=("members",),
    ended=_PERIOD_ENDED.format("valid_to"),
)  # fmt: skip
COVERAGES = Feed(
    "coverages",
    (_HOLDER, _SCHEME, _FROM, _TO),
    key=("card_key", "scheme", "valid_from"),
    period=("valid_from", "valid_to"),
    needs=("members",),
    ended=_PERIOD_ENDED.format("valid_to"),
)
CONTRIBUTIONS = Feed(
    "contributions",
    (
        _HOLDER, _SCHEME,
        Column("paid_months", Form.MONTHS, max_length=4000),
        Column("contributory_wage_riel", Form.RIEL, required=False),
    ),
    key=("card_key", "scheme"),
    needs=("members",),
)  # fmt: skip

# In the order in which they must be imported.
FEEDS = {
    feed.kind: feed
    for feed in (FACILITIES, ENTERPRISES, MEMBERS, DEPENDENTS, COVERAGES, CONTRIBUTIONS)
}
KINDS = tuple(FEEDS)

_FILE_NAME = re.compile(rf"({'|'.join(KINDS)})(?![a-z]).*\.(csv|ndjson|jsonl)(\.gz)?", re.I)
_FORMAT = re.compile(r"\.(csv|ndjson|jsonl)(\.gz)?$", re.I)
_MONTH = re.compile(r"(19|20|21)\d\d-(0[1-9]|1[0-2])", re.A)


def kind_of(file_name: str) -> str | None:
    """Return the kind a file's name stands for (`members-2026-11.ndjson.gz`), or None."""
    match = _FILE_NAME.fullmatch(file_name)
    return match[1].lower() if match else None


def is_ndjson(file_name: str) -> bool:
    """Tell whether a file's name says it holds one JSON object a line."""
    match = _FORMAT.search(file_name)
    return bool(match) and match[1].lower() in ("ndjson", "jsonl")  # type: ignore[index]


def is_month(text: str) -> bool:
    """Tell whether a text is a month such as `2026-10`."""
    return _MONTH.fullmatch(text) is not None


def header_faults(feed: Feed, header: list[str]) -> list[str]:
    """Return what is wrong with a header row, naming every column concerned."""
    known = {column.name for column in feed.columns}
    faults = [f"unknown column {name!r}" for name in header if name not in known]
    twice = sorted({name for name in header if header.count(name) > 1})
    faults += [f"column {name!r} occurs twice" for name in twice]
    faults += [
        f"column {column.name!r} is missing"
        for column in feed.columns
        if column.name not in header and not column.may_be_missing
    ]
    return faults
