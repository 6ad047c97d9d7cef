"""Files of allowance rules: every fault named with line and key; loaded ones take effect at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from auth.permissions import system_actor
from claims.allowances import service as allowances
from claims.allowances.rules.policy_file import parse_rules
from claims.allowances.service.rulebook import SHIPPED
from config.errors import Invalid
from gateway.coverage.policy_file import PolicyError
from tests.claims.allowances.asked import birth, file

ADMIN = system_actor("tests")


def shipped(name: str) -> str:
    return (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_file_is_read_without_a_fault(path: Path) -> None:
    called, rules = parse_rules(path.read_text(encoding="utf-8"), name=path.name)

    assert called == path.stem
    assert all(rule.source.text and rule.source.status for rule in rules)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("percent: 70", "percent: 170", "rules[0].percent: must be a whole number from 1 to 100"),
        ("    percent: 70\n", "", "rules[0].percent: is missing"),
        ("percent: 70", "per_cent: 70", "rules[0].per_cent: is not a key of this place"),
        ("use: [any_9_of_12]", "use: [any_8_of_12]", "rules[0].use[0]: must be one of"),
        ("use: [any_9_of_12]", "use: []", "rules[0].use: must name at least one of the readings"),
        ("paid: 9", "paid: 13", "cannot ask for more months than the window has"),
        ("consecutive: 9", "window: 9", "is either consecutive, or paid and window"),
        ("floor_riel: 200_000", "floor_riel: 2_000_000", "the floor lies above the ceiling"),
        ("status: law", "status: rumour", "status: must be one of law, reported, assumption"),
        ("id: V-MAT", "id: W-MAT", "W-MAT is used twice"),
        ("effective_to:\n    source: Prakas", "effective_to: 2016-01-01\n    source: Prakas",
         "must be after effective_from"),
        ("groups: [private_worker]", "groups: [farmers]", "rules[0].groups[0]: must be one of"),
        ("name: maternity", "name: paternity", "name: must be one of maternity, birth, sickness"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_key(old: str, new: str, fault: str) -> None:
    text = shipped("maternity").replace(old, new, 1)

    with pytest.raises(PolicyError) as found:
        parse_rules(text, name="m.yaml")

    assert fault in str(found.value)
    assert all(line.startswith("m.yaml:") for line in found.value.faults)


def test_an_amount_that_is_loaded_counts_from_the_next_allowance(app: Flask, world: None) -> None:
    before = file(birth())

    allowances.load_rules(
        shipped("birth").replace("riel: 400_000", "riel: 800_000"), name="b.yaml", by=ADMIN
    )

    assert allowances.compute_again(before["number"], by=ADMIN)["computed_riel"] == 800_000
    assert allowances.rules_in_force().version != before["computation"]["rules_version"]


def test_a_file_with_a_fault_changes_nothing(app: Flask) -> None:
    version = allowances.rules_in_force().version

    with pytest.raises(Invalid) as refused:
        allowances.load_rules("name: birth\n", name="b.yaml", by=ADMIN)

    assert "b.yaml:1: rules: is missing" in (refused.value.detail or "")
    assert allowances.rules_in_force().version == version


def test_the_cremation_amount_is_filled_in_by_the_command(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "death.yaml"
    path.write_text(shipped("death").replace("riel:\n", "riel: 1_000_000\n", 1), encoding="utf-8")

    done = app.test_cli_runner().invoke(args=["allowance", "load", str(path)])

    assert done.exit_code == 0, done.output
    assert "death is in force" in done.output
    rules = {rule.id: rule for rule in allowances.rules_in_force().rules}
    assert rules["CREMATION"].riel == 1_000_000


def test_the_command_names_the_fault(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "death.yaml"
    path.write_bytes(b"name: \xff")

    done = app.test_cli_runner().invoke(args=["allowance", "load", str(path)])

    assert done.exit_code == 1
    assert "is not UTF-8 at byte 6" in done.output
