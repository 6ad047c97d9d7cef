"""The synthetic registry: repeatable, shaped like the real one, and right in every row."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import Flask

from gateway.registry.feed import FEEDS, Feed
from gateway.registry.generator.places import share
from gateway.registry.generator.world import Scale, generate
from tests.gateway.registry.conftest import Feed as FeedFixture

DAY = date(2026, 11, 22)
PEOPLE = 5000
CARD = re.compile(r"9\d{6}-\d{7}-[\u1780-\u17a2]")
PRINT_HASHES = """
import sys
from datetime import date
from hashlib import sha256
from pathlib import Path
from gateway.registry.generator.world import Scale, generate
folder = Path(sys.argv[1])
generate(folder, Scale(300, 30, None, 7, date(2026, 11, 22)))
print(*(sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated")
    generate(folder, Scale(PEOPLE, 1529, None, 1, DAY))
    return folder


def rows(folder: Path, kind: str) -> list[dict[str, str]]:
    with (folder / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def digests(folder: Path) -> list[str]:
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())]


def test_the_same_seed_gives_the_same_files_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        generate(tmp_path / name, Scale(200, 30, None, seed, DAY), packed=name != "c")

    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert digests(tmp_path / "a") != digests(tmp_path / "c")


def test_the_files_do_not_depend_on_pythons_hash_seed(tmp_path: Path) -> None:
    made = [
        subprocess.run(
            [sys.executable, "-c", PRINT_HASHES, str(tmp_path / seed)],
            env=os.environ | {"PYTHONHASHSEED": seed}, check=True, capture_output=True, text=True,
            cwd=Path(__file__).parents[3],
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip

    assert made[0] == made[1]
    assert len(made[0].split()) == 2 * len(FEEDS)


def test_more_facilities_do_not_change_the_people(tmp_path: Path) -> None:
    for count in (10, 40):
        generate(tmp_path / str(count), Scale(100, count, None, 3, DAY))

    assert rows(tmp_path / "10", "members") == rows(tmp_path / "40", "members")


def test_the_headers_and_manifests_are_those_of_the_feed(folder: Path) -> None:
    for kind, feed in FEEDS.items():
        path = folder / f"{kind}.csv"
        manifest = orjson.loads((folder / f"{kind}.csv.manifest.json").read_bytes())

        assert path.read_text(encoding="utf-8").split("\n", 1)[0] == ",".join(_columns(feed))
        assert manifest == {
            "rows": len(rows(folder, kind)),
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }


def _columns(feed: Feed) -> list[str]:
    return [column.name for column in feed.columns]


def test_the_facilities_are_as_many_and_as_public_as_the_real_ones(folder: Path) -> None:
    facilities = rows(folder, "facilities")

    kinds = Counter(row["kind"] for row in facilities)
    levels = Counter(row["level"] for row in facilities)
    assert (len(facilities), kinds["public"], kinds["private"]) == (1529, 1395, 134)
    assert (levels["national"], levels["cpa3"], levels["cpa1"] + levels["cpa2"]) == (7, 25, 92)
    assert len({row["province"] for row in facilities if row["level"] == "cpa3"}) == 25
    assert len({row["code"] for row in facilities}) == 1529
    assert (facilities[0]["code"], facilities[0]["contract_to"]) == ("120101", "")
    assert all(re.fullmatch(r"\d{6}", row["code"]) for row in facilities)


def test_the_enterprises_are_as_many_as_the_real_ones_unless_members_are_few() -> None:
    assert Scale(20_000, 1529, None, 1, DAY).enterprise_count == 21_430
    assert Scale(5000, 1529, None, 1, DAY).enterprise_count == 500
    assert Scale(5000, 1529, 7, 1, DAY).enterprise_count == 7


def test_the_population_groups_have_their_real_proportions(folder: Path) -> None:
    members = rows(folder, "members")

    share_of = Counter(row["category"] for row in members)
    women = sum(row["sex"] == "F" for row in members) / PEOPLE
    assert len(members) == PEOPLE
    assert 0.52 < share_of["private_worker"] / PEOPLE < 0.59
    assert (
        0.15
        < sum(share_of[c] for c in ("public_servant", "former_public_servant", "veteran")) / PEOPLE
        < 0.20
    )
    assert 0.16 < sum(share_of[c] for c in ("self_employed", "voluntary")) / PEOPLE < 0.22
    assert len(share_of) == 9
    assert 0.54 < women < 0.62
    assert 0.05 < len(rows(folder, "dependents")) / PEOPLE < 0.09
    assert {row["status"] for row in members} == {"active", "suspended", "ended", "deceased"}
    assert {row["card_status"] for row in members} == {"live", "lost", "replaced"}
    assert {row["protected"] for row in members} == {"0", "1"}


def test_nobody_in_the_files_can_be_taken_for_a_real_person(folder: Path) -> None:
    people = rows(folder, "members") + rows(folder, "dependents")

    cards = [row["card_number"] for row in people]
    assert len(set(cards)) == len(cards)
    assert all(CARD.fullmatch(card) for card in cards)
    assert {row["phone"][:6] for row in rows(folder, "members") if row["phone"]} == {"+85540"}


def test_contributions_cover_a_year_and_more_with_gaps_and_lapses(folder: Path) -> None:
    paid = [row["paid_months"] for row in rows(folder, "contributions")]

    ends = Counter(text[-7:] for text in paid)
    assert any(
        text.startswith(("2024", "2025-0")) and text.endswith(("2026-10", "2026-11"))
        for text in paid
    )
    assert sum(" " in text for text in paid) / len(paid) > 0.04
    assert ends["2026-10"] + ends["2026-11"] > len(paid) / 2
    assert any(text > "2026-11" for text in ends), "somebody pays ahead"
    assert sum(text < "2026-04" for text in ends.elements()) / len(paid) > 0.04, "somebody lapsed"


def test_households_share_their_card(folder: Path) -> None:
    sizes = Counter(
        row["household_card"] for row in rows(folder, "members") if row["household_card"]
    )

    assert max(sizes.values()) == 5
    assert len(sizes) > 50


def test_what_is_generated_imports_without_a_single_fault(
    folder: Path, feed: FeedFixture, rows_of: Any
) -> None:
    jobs = [feed.take_path(folder / f"{kind}.csv") for kind in FEEDS]

    assert [(job.state, job.bad_rows, job.detail) for job in jobs] == [("committed", 0, None)] * 6
    assert not any("unfamiliar_card_numbers" in job.report for job in jobs)
    assert rows_of("SELECT count(*) FROM registry.members") == [(PEOPLE,)]
    assert rows_of(
        "SELECT count(*) FROM registry.contributions WHERE paid_months <> canonical_months(paid_months)"
    ) == [(0,)]


def test_the_command_writes_what_it_says(app: Flask, tmp_path: Path) -> None:
    run = app.test_cli_runner().invoke(
        args=[
            "demo",
            "generate",
            "--members",
            "50",
            "--facilities",
            "9",
            "--seed",
            "4",
            str(tmp_path),
        ]
    )

    assert run.exit_code == 0, run.output
    assert "members.csv: 50 rows" in run.output
    assert len(rows(tmp_path, "facilities")) == 9


@pytest.mark.parametrize("total", [0, 1, 7, 100, 1395])
def test_shares_add_up_to_the_whole(total: int) -> None:
    parts = share(total, [7, 25, 32, 60, 1171, 100])

    assert sum(parts) == total
    assert min(parts) >= 0
