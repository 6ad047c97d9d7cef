"""Ten cards with ten different answers: the people behind them as rows of the feed. All synthetic.

Days are reckoned from the day of the feed, so that the answers stay the same whenever it is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

Row = dict[str, Any]
SINCE = date(2022, 1, 1)
VOLUNTARY_SINCE = date(2023, 12, 1)


@dataclass(frozen=True, slots=True)
class Card:
    """A card number and the answer it is there to show."""

    number: str
    shows: str


WORKER = "2990101-0000001-ក"
CARDS = (
    Card(WORKER, "worker with a family, contributions paid"),
    Card("2980202-0000002-ខ", "worker, one month paid so far"),
    Card("2870303-0000003-គ", "membership ended two months ago"),
    Card("2910404-0000004-ឃ", "membership suspended"),
    Card("2550505-0000005-ង", "died ten days ago"),
    Card("2930606-0000006-ច", "card reported lost"),
    Card("2900707-0000007-ឆ", "voluntary member, months unpaid"),
    Card("2060808-0000008-ជ", "child past 18"),
    Card("2850909-0000009-ឈ", "two live cards, one national ID"),
    Card("2001010-0000010-ញ", "not in the registry"),
)
PARENT, SECOND_CARD = "2750518-0000018-ដ", "2850909-0000019-ឈ"


@dataclass(slots=True)
class Rows:
    """The rows each file of the feed gains."""

    members: list[Row] = field(default_factory=list)
    dependents: list[Row] = field(default_factory=list)
    coverages: list[Row] = field(default_factory=list)
    contributions: list[Row] = field(default_factory=list)

    def member(self, number: str, name: tuple[str, str], sex: str, born: str, **given: Any) -> None:
        """Add an active worker on a live card unless told otherwise."""
        self.members.append(
            {
                "card_number": number, "name_km": name[0], "name_latin": name[1], "sex": sex,
                "date_of_birth": born, "category": "private_worker", "province": "KH-12",
                "registered_on": SINCE, "status": "active", "status_on": SINCE,
                "card_status": "live", "protected": "0",
            }
            | given
        )  # fmt: skip

    def dependent(self, number: str, name: tuple[str, str], **given: str) -> None:
        """Add a dependent registered when dependents could first be."""
        self.dependents.append(
            {
                "card_number": number, "name_km": name[0], "name_latin": name[1],
                "disabled": "0", "chronically_ill": "0", "valid_from": VOLUNTARY_SINCE,
            }
            | given
        )  # fmt: skip

    def cover(self, number: str, since: date, paid: str, until: date | None = None) -> None:
        """Give a card health care from a day, and the months paid."""
        self.coverages.append(
            {
                "card_number": number, "scheme": "health_care", "valid_from": since,
                "valid_to": until or "",
            }
        )  # fmt: skip
        self.contributions.append(
            {
                "card_number": number, "scheme": "health_care", "paid_months": paid,
                "contributory_wage_riel": "",
            }
        )  # fmt: skip


def showcase_rows(day: date) -> Rows:
    """Return the rows of the showcase people as of a day."""
    rows, due = Rows(), last_due(day)
    paid = f"{SINCE:%Y-%m}..{due:%Y-%m}"
    _family(rows, due, paid)
    _workers(rows, day, due, paid)
    _voluntary(rows, day, due)
    _two_cards(rows, paid)
    return rows


def last_due(day: date) -> date:
    """Return the first day of the last month whose contribution is due (by the 15th after it)."""
    return months_back(day, 1 if day.day > 15 else 2)


def months_back(day: date, months: int) -> date:
    """Return the first day of the month so many months before a day's."""
    place = day.year * 12 + day.month - 1 - months
    return date(place // 12, place % 12 + 1, 1)


def _family(rows: Rows, due: date, paid: str) -> None:
    rows.member(WORKER, ("សុខ តារា", "SOK TARA"), "F", "1999-01-01", enterprise="ENT000001")
    rows.cover(WORKER, SINCE, paid)
    rows.coverages.append(
        {"card_number": WORKER, "scheme": "occupational_risk", "valid_from": SINCE, "valid_to": ""}
    )
    months = f"{VOLUNTARY_SINCE:%Y-%m}..{due:%Y-%m}"
    for number, name, sex, born, relationship in (
        ("2970815-0000011-ដ", ("កែវ វិសាល", "KEO VISAL"), "M", "1997-08-15", "spouse"),
        ("2210410-0000012-ឋ", ("កែវ ធីតា", "KEO THIDA"), "F", "2021-04-10", "child"),
        ("2230520-0000013-ឌ", ("កែវ បញ្ញា", "KEO PANHA"), "M", "2023-05-20", "child"),
    ):
        rows.dependent(number, name, principal_card_number=WORKER, relationship=relationship,
                       sex=sex, date_of_birth=born)  # fmt: skip
        rows.cover(number, VOLUNTARY_SINCE, months)


def _workers(rows: Rows, day: date, due: date, paid: str) -> None:
    _, short, ended, suspended, dead, lost, *_ = (card.number for card in CARDS)
    rows.member(short, ("លឹម មករា", "LIM MAKARA"), "M", "1998-02-02",
                registered_on=due, status_on=due)  # fmt: skip
    rows.cover(short, due, f"{due:%Y-%m}")
    rows.member(ended, ("ពៅ ចរិយា", "POV CHAKRIYA"), "F", "1987-03-03",
                status="ended", status_on=day - timedelta(days=60))  # fmt: skip
    rows.cover(ended, SINCE, paid, day - timedelta(days=61))
    rows.member(suspended, ("វង្ស សុធា", "VONG SOTHEA"), "M", "1991-04-04",
                status="suspended", status_on=day - timedelta(days=20))  # fmt: skip
    rows.cover(suspended, SINCE, paid)
    rows.member(dead, ("ប្រាក់ សារឿន", "PRAK SAROEUN"), "F", "1955-05-05",
                category="former_public_servant", status="deceased",
                status_on=day - timedelta(days=10))  # fmt: skip
    rows.cover(dead, SINCE, paid)
    rows.member(lost, ("ទូច រិទ្ធី", "TOUCH RITHY"), "M", "1993-06-06", card_status="lost")
    rows.cover(lost, SINCE, paid)


def _voluntary(rows: Rows, day: date, due: date) -> None:
    lapsed, child = CARDS[6].number, CARDS[7].number
    stopped = months_back(due, 9)
    rows.member(lapsed, ("ម៉ៅ និមល", "MAO NIMOL"), "F", "1990-07-07", category="voluntary",
                registered_on=VOLUNTARY_SINCE, status_on=VOLUNTARY_SINCE)  # fmt: skip
    rows.cover(lapsed, VOLUNTARY_SINCE, f"{VOLUNTARY_SINCE:%Y-%m}..{stopped:%Y-%m}")
    months = f"{VOLUNTARY_SINCE:%Y-%m}..{due:%Y-%m}"
    rows.member(PARENT, ("ឡុង សាន", "LONG SAN"), "M", "1975-05-18", category="self_employed",
                registered_on=VOLUNTARY_SINCE, status_on=VOLUNTARY_SINCE)  # fmt: skip
    rows.cover(PARENT, VOLUNTARY_SINCE, months)
    born = months_back(day, 19 * 12 + 3)
    rows.dependent(child, ("ឡុង វណ្ណា", "LONG VANNA"), principal_card_number=PARENT,
                   relationship="child", sex="F", date_of_birth=born.isoformat())  # fmt: skip
    rows.cover(child, VOLUNTARY_SINCE, months)


def _two_cards(rows: Rows, paid: str) -> None:
    for number in (CARDS[8].number, SECOND_CARD):
        rows.member(number, ("នួន ដារ៉ា", "NUON DARA"), "M", "1985-09-09", national_id="999000009")
        rows.cover(number, SINCE, paid)
