"""Whom the demo's month happens to: people of the generated registry, in a steady random order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from random import Random

from sqlalchemy import text

from config.db import db

# Cards of the generator begin with 9; the showcase people stay as they are.
PEOPLE = """
SELECT card_number, sex, date_of_birth, category FROM registry.members
 WHERE status = 'active' AND card_status = 'live' AND card_key LIKE '9%'
   AND registered_on < CAST(:day AS date) - 45
 ORDER BY card_key
"""
CHILDBEARING = range(19, 42)


@dataclass(frozen=True, slots=True)
class Patient:
    """One person, as far as the story needs to know."""

    card_number: str
    sex: str
    born: date
    category: str

    @property
    def payer(self) -> str:
        """Return whose price list holds: the equity fund's or NSSF's."""
        return "hef" if self.category.startswith(("hef", "informal")) else "nssf"

    def may_be_mother(self, day: date) -> bool:
        """Tell whether a maternity claim suits her."""
        return self.sex == "F" and (day - self.born).days // 365 in CHILDBEARING


class People:
    """Everybody who may fall ill, one after the other."""

    def __init__(self, day: date, rng: Random) -> None:
        self._line = [Patient(*row) for row in db.session.execute(text(PEOPLE), {"day": day})]
        rng.shuffle(self._line)
        self._next = 0

    def pick(self, fits: Callable[[Patient], bool]) -> Patient:
        """Return the next person who fits; after the last, the first comes again."""
        for _ in range(len(self._line)):
            person = self._line[self._next]
            self._next = (self._next + 1) % len(self._line)
            if fits(person):
                return person
        raise LookupError("the registry holds nobody who fits")
