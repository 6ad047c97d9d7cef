"""The demo's registry: generated, joined by the showcase people, and imported like any other feed."""

from __future__ import annotations

import csv
import hashlib
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import text

from claims.demo.cast import DEMO, PLACES, SEED
from claims.demo.showcase import showcase_rows
from config.db import db
from config.errors import Conflict
from config.settings import settings
from gateway.registry import service as registry
from gateway.registry.feed import FEEDS
from gateway.registry.generator.world import Scale, generate
from gateway.registry.models import ImportState

# Among many of a level: in the capital if there is one, and under contract for all of the month.
PLACE = """
SELECT code FROM registry.facilities
 WHERE level = :level AND bank_account IS NOT NULL AND contract_to IS NULL
   AND contract_from <= CAST(:day AS date) - 60
 ORDER BY province <> 'KH-12', code LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything: the defaults are the demo month, tests take less."""

    people: int = 20_000
    facilities: int = 1529
    visits: int = 300
    claims: int = 400


def import_registry(size: Size, day: date) -> int:
    """Generate the registry as feed files and import them in the feed's order; return the people."""
    with tempfile.TemporaryDirectory(dir=settings().data_dir, prefix="demo-") as name:
        folder = Path(name)
        generate(folder, Scale(size.people, size.facilities, None, SEED, day))
        rows = showcase_rows(day)
        for kind in ("members", "dependents", "coverages", "contributions"):
            append(folder / f"{kind}.csv", getattr(rows, kind))
        for kind in FEEDS:
            job = registry.import_file(folder / f"{kind}.csv", by=DEMO)
            if job.state not in (ImportState.COMMITTED, ImportState.SKIPPED):
                raise Conflict("demo_import", detail=f"{kind}.csv: {job.detail or job.state}")
    counted = "SELECT (SELECT count(*) FROM registry.members) + (SELECT count(*) FROM registry.dependents)"
    return int(db.session.scalar(text(counted)) or 0)


def append(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows to a feed file and make its manifest true again."""
    added = list(rows)
    with path.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.DictWriter(file, header, restval="", lineterminator="\n").writerows(added)
    manifest = path.with_name(path.name + ".manifest.json")
    told = orjson.loads(manifest.read_bytes())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest.write_bytes(orjson.dumps({"rows": told["rows"] + len(added), "sha256": digest}))


def choose_places(day: date) -> dict[str, str]:
    """Choose the facility of each of the demo's places."""
    found = {
        key: db.session.scalar(text(PLACE), {"level": level, "day": day})
        for key, level in PLACES.items()
    }
    missing = sorted(key for key, code in found.items() if code is None)
    if missing:
        raise Conflict("demo_places", detail=f"The registry has no {', '.join(missing)}.")
    return found
