"""A small feed that is right in every row, and a way to import variations of it."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from flask import Flask

from auth.permissions import system_actor
from gateway.registry import service as registry
from gateway.registry.models import ImportFault, ImportJob

CARD = "2990101-0000001-ក"
OTHER_CARD = "1900202-0000002-ខ"
CHILD_CARD = "1200505-0000003-គ"

GOOD: dict[str, dict[str, str]] = {
    "facilities": {
        "code": "120101", "name_km": "មន្ទីរពេទ្យ", "name_en": "Hospital", "kind": "public",
        "level": "cpa3", "province": "KH-12", "contract_from": "2016-01-01", "contract_to": "",
        "bank_account": "001-1", "phone": "",
    },
    "enterprises": {
        "number": "E1", "name": "Sewing", "sector": "garment", "province": "KH-12",
    },
    "members": {
        "card_number": CARD, "national_id": "012345678", "name_km": "សុខ តារា",
        "name_latin": "SOK TARA", "sex": "F", "date_of_birth": "1999-01-01",
        "category": "private_worker", "enterprise": "E1", "province": "KH-12",
        "phone": "012 345 678", "registered_on": "2020-01-01", "status": "active",
        "status_on": "2020-01-01",
    },
    "dependents": {
        "card_number": CHILD_CARD, "principal_card_number": CARD, "relationship": "child",
        "national_id": "", "name_km": "សុខ មករា", "name_latin": "", "sex": "M",
        "date_of_birth": "2020-05-05", "disabled": "0", "chronically_ill": "1",
        "valid_from": "2023-11-14", "valid_to": "",
    },
    "coverages": {
        "card_number": CARD, "scheme": "health_care", "valid_from": "2020-01-01",
        "valid_to": "2026-12-31",
    },
    "contributions": {
        "card_number": CARD, "scheme": "health_care",
        "paid_months": "2025-01..2025-06 2025-08", "contributory_wage_riel": "775000",
    },
}  # fmt: skip


def good(kind: str, /, **given: str) -> dict[str, str]:
    """Return a row that is right, with some values of one's own."""
    return GOOD[kind] | given


class Feed:
    """Writes feed files and imports them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, kind: str, rows: list[dict[str, str]], name: str | None = None) -> Path:
        """Write rows as CSV or NDJSON, packed if the name says so."""
        path = self.folder / (name or f"{kind}.csv")
        columns = list(dict.fromkeys(key for row in rows for key in row))
        if ".ndjson" in path.name:
            data = b"".join(orjson.dumps(row) + b"\n" for row in rows)
        else:
            text = io.StringIO(newline="")
            writer = csv.DictWriter(text, columns)
            writer.writeheader()
            writer.writerows(rows)
            data = text.getvalue().encode()
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
        return path

    def take_path(self, path: Path, **options: Any) -> ImportJob:
        """Import a file that is there."""
        return registry.import_file(path, registry.Options(**options), by=system_actor("tests"))

    def take(
        self, kind: str, *rows: dict[str, str], name: str | None = None, **options: Any
    ) -> ImportJob:
        """Write rows to a file and import it; without rows, the one that is right."""
        return self.take_path(self.write(kind, list(rows) or [good(kind)], name), **options)

    def faults(self, job: ImportJob) -> list[ImportFault]:
        """Return what was wrong with an import, in the order of its file."""
        return registry.list_faults(job.number)

    def load(self, *kinds: str) -> None:
        """Import the right row of each kind, or of all."""
        for kind in kinds or GOOD:
            job = self.take(kind)
            assert job.state == "committed", job.detail


@pytest.fixture
def feed(app: Flask, tmp_path: Path) -> Feed:
    """Give the test a feed to import."""
    return Feed(tmp_path)


@pytest.fixture
def rows_of(owner: psycopg.Connection[Any]) -> Any:
    """Give the test what a statement finds, as the owner."""
    return lambda statement, *values: owner.execute(statement, values or None).fetchall()
