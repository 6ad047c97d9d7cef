"""Synthetic members with coverages, paid months and families, one line each, as fast as picking goes.

A person's numbers come from their place in the file, so they are unique without a memory of others.
Card numbers begin with 9 and telephone numbers with 40, which no real ones do as far as is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

from gateway.facilities.provinces import PROVINCE_CODES
from gateway.registry.generator.calendar import Calendar
from gateway.registry.generator.groups import GROUPS, VOLUNTARY_SINCE, WAGES, Group
from gateway.registry.generator.names import MEN, OCCUPATIONS, SURNAMES, WOMEN
from gateway.registry.generator.output import FeedFile
from gateway.registry.generator.payments import EMPLOYED, VOLUNTARY, paid_months
from gateway.registry.generator.places import PEOPLE, WORKERS, enterprise_number, spread

LETTERS = "កខគឃងចឆជឈញដឋឌឍណតថទធនបផពភមយរលវសហឡអ"
YEAR = 365.25
_SERIALS = 10_000_000
_STRIDE = 7_368_787  # shares no factor with the number of serials, so serials never repeat
PENSION_SINCE = date(2022, 10, 1)


@dataclass(slots=True)
class Person:
    """What later lines need to know of a person."""

    card: str
    woman: bool
    born: int
    registered: int
    surname: tuple[str, str]
    until: str = ""


@dataclass(frozen=True, slots=True)
class Files:
    """The files people are written to."""

    members: FeedFile
    dependents: FeedFile
    coverages: FeedFile
    contributions: FeedFile


class People:
    """Writes members one by one, each with everything that hangs on them."""

    def __init__(self, files: Files, calendar: Calendar, rng: Random, enterprises: int) -> None:
        self._files = files
        self._calendar = calendar
        self._rng = rng
        self._groups = [GROUPS[index] for index in spread([g.share for g in GROUPS], 1000)]
        self._enterprises = enterprises
        self._everywhere = [PROVINCE_CODES[i] for i in spread(PEOPLE)]
        self._at_work = [PROVINCE_CODES[i] for i in spread(WORKERS)]
        self._index = 0
        self._household = 0
        self._household_left = 0
        self._twin_id = ""

    def add_member(self) -> None:
        """Write one member with coverages, contributions and, for some, a family."""
        rng, calendar = self._rng, self._calendar
        group = self._groups[int(rng.random() * 1000)]
        woman = rng.random() * 100 < group.women
        span = group.oldest - group.youngest
        age = group.youngest + span * (rng.random() * 0.6 + rng.random() * 0.4)
        born = calendar.today - int(age * YEAR)
        since = calendar.at(group.since)
        # More people join each year: the square root leans towards the present.
        registered = since + int((calendar.today - since) * rng.random() ** 0.5)
        registered = max(registered, born)
        person = Person(self._card(born), woman, born, registered, _pick(SURNAMES, rng))
        status, status_on = self._status(registered, rng)
        self._member_line(person, group, status, status_on)
        self._cover(person, group, status, status_on)
        if rng.random() * 1000 < group.family_permille and status == "active":
            self._family(person, group)

    def _card(self, born: int) -> str:
        """Return the next card number: 9 and the birth day, a serial, and a Khmer letter."""
        index = self._index
        self._index = index + 1
        serial = index * _STRIDE % _SERIALS
        letter = LETTERS[(serial + index // _SERIALS) % len(LETTERS)]
        text = self._calendar.days[born]
        return f"9{text[2:4]}{text[5:7]}{text[8:10]}-{serial:07d}-{letter}"

    def _status(self, registered: int, rng: Random) -> tuple[str, int]:
        draw = rng.random()
        if draw < 0.93:
            return "active", registered
        later = registered + int((self._calendar.today - registered) * rng.random())
        if draw < 0.945:
            return "suspended", later
        return ("ended", later) if draw < 0.99 else ("deceased", later)

    def _member_line(self, person: Person, group: Group, status: str, status_on: int) -> None:
        rng, days, index = self._rng, self._calendar.days, self._index
        name_km, name_latin = _name(person, rng)
        worker = group.category == "private_worker"
        enterprise, province = "", self._everywhere[int(rng.random() * 4096)]
        if worker:
            # A few employers have most of the workers.
            enterprise = enterprise_number(int(self._enterprises * rng.random() ** 3))
            province = self._at_work[int(rng.random() * 4096)]
        draw = rng.random()
        card_status = "live" if draw > 0.005 else "lost" if draw < 0.003 else "replaced"
        household = self._household_card() if group.category.startswith("hef") else ""
        phone = f"+85540{index % _SERIALS:07d}" if rng.random() < 0.85 else ""
        occupation = _pick(OCCUPATIONS, rng) if group.voluntary else ""
        self._files.members.add(
            f"{person.card},{self._national_id(person, index)},{name_km},{name_latin},"
            f"{'F' if person.woman else 'M'},{days[person.born]},{group.category},{enterprise},"
            f"{province},{phone},{days[person.registered]},{status},{days[status_on]},"
            f"{card_status},{household},{'1' if index % 2003 == 0 else '0'},,{occupation}"
        )

    def _national_id(self, person: Person, index: int) -> str:
        """Return a nine-digit number; now and then one shared by two cards, as happens."""
        if self._calendar.today - person.born < 15 * YEAR or self._rng.random() < 0.08:
            return ""
        if index % 4001 == 0 and self._twin_id:
            return self._twin_id
        self._twin_id = f"{(index * 7_919 + 13) % 10**9:09d}"
        return self._twin_id

    def _household_card(self) -> str:
        if self._household_left == 0:
            self._household += 1
            self._household_left = 1 + int(self._rng.random() * 5)
        self._household_left -= 1
        return f"HH{self._household:08d}"

    def _cover(self, person: Person, group: Group, status: str, status_on: int) -> None:
        if status in ("ended", "deceased"):
            person.until = self._calendar.days[max(status_on - 1, person.registered)]
        if group.scheme == "hef":
            self._cover_poor(person)
            return
        rng, add = self._rng, self._files.coverages.add
        begins = self._calendar.days[person.registered]
        worker = group.category == "private_worker"
        pension_only = worker and rng.random() < 0.003
        if not pension_only:
            add(f"{person.card},health_care,{begins},{person.until}")
        if not group.voluntary:
            add(f"{person.card},occupational_risk,{begins},{person.until}")
        elif rng.random() < 0.01:
            add(f"{person.card},hef,{begins},{person.until}")
        if worker and (pension_only or rng.random() < 0.45):
            self._cover_pension(person)
        if group.pays and not pension_only:
            self._pay(person, status_on if person.until else None, voluntary=group.voluntary)

    def _cover_poor(self, person: Person) -> None:
        """Write an equity card's period: good for three years, and some were not renewed."""
        days, last = self._calendar.days, person.registered + 1095
        while last < self._calendar.today and self._rng.random() < 0.9:
            last += 1095
        until = person.until or days[min(last, len(days) - 1)]
        self._files.coverages.add(f"{person.card},hef,{days[person.registered]},{until}")

    def _cover_pension(self, person: Person) -> None:
        calendar = self._calendar
        first = calendar.days[max(person.registered, calendar.at(PENSION_SINCE))]
        if not person.until or person.until >= first:
            self._files.coverages.add(f"{person.card},pension,{first},{person.until}")

    def _pay(self, person: Person, ended: int | None, *, voluntary: bool) -> None:
        rng, calendar = self._rng, self._calendar
        first = calendar.month_at[person.registered]
        last = calendar.due if ended is None else min(calendar.due, calendar.month_at[ended])
        table = VOLUNTARY if voluntary else EMPLOYED
        months = paid_months(calendar, first, last, table[int(rng.random() * 100)], rng)
        if not months:
            return
        wage = ""
        if not voluntary and rng.random() > 0.03:
            wage = str(WAGES[int((rng.random() + rng.random()) / 2 * len(WAGES))])
        self._files.contributions.add(f"{person.card},health_care,{months},{wage}")

    def _family(self, principal: Person, group: Group) -> None:
        rng, calendar = self._rng, self._calendar
        age = (calendar.today - principal.born) / YEAR
        if age >= 20 and rng.random() < 0.75:
            born = principal.born + int((rng.random() - 0.5) * 10 * YEAR)
            born = min(max(born, 0), calendar.today - int(18 * YEAR))
            spouse = Person("", not principal.woman, born, 0, _pick(SURNAMES, rng))
            self._dependent(spouse, principal, "spouse", voluntary=group.voluntary)
        if age < 20:
            return
        for _ in range(1 + int(rng.random() * 3)):
            # The parent was at least eighteen; children over eighteen stay in the file.
            room = min(age - 18, 22)
            born = calendar.today - int(rng.random() * room * YEAR)
            child = Person("", rng.random() < 0.49, born, 0, principal.surname)
            self._dependent(child, principal, "child", voluntary=group.voluntary)

    def _dependent(
        self, person: Person, principal: Person, relationship: str, *, voluntary: bool
    ) -> None:
        rng, calendar = self._rng, self._calendar
        days = calendar.days
        person.card = self._card(person.born)
        start = max(principal.registered, person.born, calendar.at(VOLUNTARY_SINCE))
        start = min(start, calendar.today)
        person.registered = start + int((calendar.today - start) * rng.random())
        if rng.random() < 0.03:
            left = calendar.today - person.registered
            person.until = days[person.registered + int(left * rng.random())]
        name_km, name_latin = _name(person, rng)
        disabled, ill = rng.random() < 0.01, rng.random() < 0.02
        national_id = self._national_id(person, self._index)
        self._files.dependents.add(
            f"{person.card},{principal.card},{relationship},{national_id},"
            f"{name_km},{name_latin},{'F' if person.woman else 'M'},{days[person.born]},"
            f"{int(disabled)},{int(ill)},{days[person.registered]},{person.until}"
        )
        self._files.coverages.add(
            f"{person.card},health_care,{days[person.registered]},{person.until}"
        )
        self._pay(person, None, voluntary=voluntary)


def _pick(words: tuple, rng: Random):  # type: ignore[no-untyped-def,type-arg]
    return words[int(rng.random() * len(words))]


def _name(person: Person, rng: Random) -> tuple[str, str]:
    given = _pick(WOMEN if person.woman else MEN, rng)
    surname = person.surname
    return f"{surname[0]} {given[0]}", f"{surname[1]} {given[1]}"
