"""Synthetic facilities and enterprises: numbers per level and province in sensible proportion.

1,529 contracted facilities, 1,395 of them public (January 2024); 7 national hospitals, 25
provincial and 92 district referral hospitals, the rest health centres and posts (2022).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random
from typing import TypeVar

from gateway.facilities.provinces import PROVINCES
from gateway.registry.generator.names import PLACE_ENDINGS, PLACES, SECTORS

Item = TypeVar("Item")
Row = Sequence[str]

PUBLIC_SHARE = (1395, 1529)
# Level, how many of the 1,529, kind, and the words before the name in Khmer and English.
LEVELS = (
    ("national", 7, "public", "មន្ទីរពេទ្យជាតិ", "National Hospital"),
    ("cpa3", 25, "public", "មន្ទីរពេទ្យបង្អែកខេត្ត", "Provincial Referral Hospital"),
    ("cpa2", 32, "public", "មន្ទីរពេទ្យបង្អែក", "Referral Hospital"),
    ("cpa1", 60, "public", "មន្ទីរពេទ្យបង្អែកស្រុក", "District Referral Hospital"),
    ("health_centre", 1171, "public", "មណ្ឌលសុខភាព", "Health Centre"),
    ("health_post", 100, "public", "ប៉ុស្តិ៍សុខភាព", "Health Post"),
    ("private_hospital", 30, "private", "មន្ទីរពេទ្យឯកជន", "Private Hospital"),
    ("polyclinic", 44, "private", "មន្ទីរពហុព្យាបាល", "Polyclinic"),
    ("clinic", 60, "private", "គ្លីនិក", "Clinic"),
)
# Roughly the population in ten thousands, census of 2019; the capital has more employment.
PEOPLE = (
    86, 99, 90, 53, 87, 68, 59, 120, 13, 37, 9, 228, 25, 106, 41, 22, 101, 30, 16, 53, 90, 27, 4,
    8, 78,
)  # fmt: skip
WORKERS = (
    20, 40, 60, 50, 140, 20, 25, 260, 10, 12, 3, 620, 5, 30, 15, 4, 70, 75, 4, 90, 70, 6, 3, 5, 25,
)  # fmt: skip
CAPITAL = 11


def share(total: int, weights: Sequence[int]) -> list[int]:
    """Split a total by weights, largest remainders first, so that the parts add up."""
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return parts


def spread(weights: Sequence[int], size: int = 4096) -> list[int]:
    """Return a table in which each index occurs in proportion to its weight."""
    return [index for index, n in enumerate(share(size, weights)) for _ in range(n)]


def facilities(count: int, day: date, rng: Random) -> Iterator[Row]:
    """Yield the rows of facilities.csv; the first is an open national hospital of the capital."""
    levels = _levels(count)
    districts: dict[int, int] = {}
    everywhere = spread(PEOPLE)
    for index, level in enumerate(levels):
        name, _, kind, khmer, english = LEVELS[level]
        province = _province(name, index, levels, everywhere, rng)
        serial = districts[province] = districts.get(province, 0) + 1
        code = f"{province + 1:02d}{(serial - 1) // 99 + 1:02d}{(serial - 1) % 99 + 1:02d}"
        place_km, place_en = _place(serial, rng)
        begins, ends = _contract(index, day, rng)
        account = "" if name == "health_post" else f"999-{index:06d}-{rng.randrange(10**6):06d}"
        yield (
            code, f"{khmer}{place_km}", f"{place_en} {english}", kind, name,
            PROVINCES[province].code, begins, ends, account, f"+85540{9_000_000 + index}",
        )  # fmt: skip


def _levels(count: int) -> list[int]:
    """Return each facility's level; the public part is exactly its share."""
    public = [i for i, level in enumerate(LEVELS) if level[2] == "public"]
    private = [i for i, level in enumerate(LEVELS) if level[2] == "private"]
    public_count = round(count * PUBLIC_SHARE[0] / PUBLIC_SHARE[1])
    levels: list[int] = []
    for kinds, total in ((public, public_count), (private, count - public_count)):
        for kind, number in zip(kinds, share(total, [LEVELS[k][1] for k in kinds]), strict=True):
            levels.extend([kind] * number)
    if count and 0 not in levels:
        levels[0] = 0
    return levels


def _province(level: str, index: int, levels: list[int], everywhere: list[int], rng: Random) -> int:
    if level == "national":
        return CAPITAL
    if level == "cpa3":
        return (index - levels.index(1)) % len(PROVINCES)
    return everywhere[rng.randrange(len(everywhere))]


def _place(serial: int, rng: Random) -> tuple[str, str]:
    first = PLACES[rng.randrange(len(PLACES))]
    last = PLACE_ENDINGS[rng.randrange(len(PLACE_ENDINGS))]
    return f"{first[0]}{last[0]} {serial}", f"{first[1]} {last[1]} {serial}"


def _contract(index: int, day: date, rng: Random) -> tuple[str, str]:
    begins = date(2016, 5, 1) + timedelta(days=rng.randrange(2800))
    case = rng.randrange(100)
    if index == 0 or case < 95:
        return begins.isoformat(), ""
    if case < 98:
        return begins.isoformat(), (day - timedelta(days=rng.randrange(1, 400))).isoformat()
    if case < 99:
        return begins.isoformat(), (day + timedelta(days=rng.randrange(60))).isoformat()
    return (day + timedelta(days=rng.randrange(1, 60))).isoformat(), ""


def enterprises(count: int, rng: Random) -> Iterator[Row]:
    """Yield the rows of enterprises.csv."""
    sectors = spread([weight for _, weight in SECTORS], 512)
    places = spread(WORKERS)
    for index in range(count):
        sector = SECTORS[sectors[rng.randrange(512)]][0]
        name = PLACES[rng.randrange(len(PLACES))][1], PLACE_ENDINGS[rng.randrange(24)][1]
        province = PROVINCES[places[rng.randrange(len(places))]].code
        yield (
            enterprise_number(index),
            f"{name[0]} {name[1]} {sector.title()} {index + 1}",
            sector,
            province,
        )


def enterprise_number(index: int) -> str:
    """Return the number of the enterprise of this index."""
    return f"ENT{index + 1:06d}"
