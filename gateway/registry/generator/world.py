"""A whole synthetic registry as feed files; called by `demo generate`, demo data and benchmarks."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random

from gateway.registry.feed import FEEDS
from gateway.registry.generator import places
from gateway.registry.generator.calendar import Calendar
from gateway.registry.generator.output import FeedFile
from gateway.registry.generator.people import Files, People

ENTERPRISES = 21_430
ENTERPRISES_FROM_MEMBERS = 10_000


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a registry, from which seed, as of which day."""

    members: int
    facilities: int
    enterprises: int | None
    seed: int
    day: date

    @property
    def enterprise_count(self) -> int:
        """Return the enterprises asked for: the real number unless members are few."""
        if self.enterprises is not None:
            return self.enterprises
        return (
            ENTERPRISES if self.members >= ENTERPRISES_FROM_MEMBERS else max(1, self.members // 10)
        )


def generate(folder: Path, scale: Scale, *, packed: bool = False) -> dict[str, int]:
    """Write the six feed files with their manifests; return the rows of each by file name."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        files = {}
        for kind, feed in FEEDS.items():
            header = tuple(column.name for column in feed.columns)
            files[kind] = FeedFile(folder, kind, header, packed=packed)
            stack.callback(files[kind].close)
        for row in places.facilities(scale.facilities, scale.day, _rng(scale, "facilities")):
            files["facilities"].add(",".join(row))
        for row in places.enterprises(scale.enterprise_count, _rng(scale, "enterprises")):
            files["enterprises"].add(",".join(row))
        people = People(
            Files(
                files["members"], files["dependents"], files["coverages"], files["contributions"]
            ),
            Calendar(scale.day),
            _rng(scale, "people"),
            scale.enterprise_count,
        )
        for _ in range(scale.members):
            people.add_member()
    return {file.path.name: file.rows for file in files.values()}


def _rng(scale: Scale, part: str) -> Random:
    """Return a generator of a part's own: more facilities do not change the people."""
    return Random(f"{scale.seed}/{part}")  # noqa: S311 - repeatable on purpose, nothing secret
