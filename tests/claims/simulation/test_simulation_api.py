"""Asking for a simulation over HTTP and on the command line, and following it to its result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from auth.permissions import Role
from claims.simulation import service as simulation
from claims.simulation.service import requests
from config.errors import NotFound
from config.jobs import run_now
from gateway.coverage import service as coverage
from tests.claims.payable import scalar
from tests.claims.simulation.test_simulation import NAME, SHIPPED, policy, price
from tests.claims.submission.filing import CONSULTATION_RIEL, file, nssf
from tests.factories import HOSPITAL, make_client_token

PATH = "/api/v1/policies/current/simulate"
COPAY = policy(
    "  copay: {}",
    "  copay: {outpatient: {value: 500, source: x, status: law, confidence: H}}",
)


@pytest.fixture
def officer(world: Flask, client: FlaskClient) -> dict[str, str]:
    return {"Authorization": make_client_token(client, scopes="policy.manage", facility=None)}


def body(**given: Any) -> dict[str, Any]:
    return {"files": [{"name": COPAY.name, "text": COPAY.text}]} | given


def test_a_simulation_is_asked_for_carried_out_by_a_job_and_read(
    client: FlaskClient, officer: dict[str, str]
) -> None:
    file("INV-1")
    version = coverage.policy_set().version

    asked = client.post(f"/api/v1/policies/{version}/simulate", json=body(), headers=officer)

    assert asked.status_code == 202, asked.text
    place, number = asked.headers["Location"], asked.json["number"]
    assert (asked.json["state"], asked.json["result"], asked.json["files"]) == (
        "queued", None, [NAME],
    )  # fmt: skip
    assert scalar("SELECT args FROM procrastinate_jobs WHERE task_name = 'simulation.run'") == {
        "number": number
    }
    run_now("simulation.run", number=number)
    found = client.get(place, headers=officer).json
    assert (found["state"], found["claims_done"], found["claims_total"]) == ("finished", 1, 1)
    assert found["result"]["difference_riel"] == -500
    assert found["result"]["payable_riel"] == CONSULTATION_RIEL
    assert found["result"]["base_version"] == version
    assert found["finished_at"] is not None
    run_now("simulation.run", number=number)
    assert client.get(place, headers=officer).json == found


def test_the_question_is_recorded_and_nothing_is_put_in_force(
    client: FlaskClient, officer: dict[str, str]
) -> None:
    before = coverage.policy_set().version

    number = client.post(PATH, json=body(), headers=officer).json["number"]

    assert coverage.policy_set().version == before
    assert scalar("SELECT action FROM audit_events WHERE subject = :n", n=number) == (
        "policy.simulation_requested"
    )


@pytest.mark.parametrize(
    ("given", "pointers"),
    [
        ({"files": []}, {"/files"}),
        ({"files": None}, {"/files"}),
        ({"from": "soon"}, {"/from"}),
        ({"from": "2026-02-01", "to": "2026-01-01"}, {"/to"}),
        ({"files": [{"name": "x.yaml"}], "colour": "red"}, {"/files/0/text", "/colour"}),
        ({"files": [{"name": "x.yaml", "text": "scheme: dental"}]}, {"/files/0/text"}),
        ({"files": [{"name": "x.csv", "text": "service\n1"}]}, {"/files/0/text"}),
    ],
)
def test_every_fault_is_named_before_anything_is_queued(
    client: FlaskClient, officer: dict[str, str], given: dict[str, Any], pointers: set[str]
) -> None:
    answer = client.post(PATH, json=body(**given), headers=officer)

    assert answer.status_code == 422, answer.text
    assert {error["pointer"] for error in answer.json["errors"]} >= pointers
    assert scalar("SELECT count(*) FROM policy_simulations") == 0


def test_a_version_that_is_not_in_force_and_files_that_change_nothing_are_conflicts(
    client: FlaskClient, officer: dict[str, str]
) -> None:
    same = {"files": [{"name": NAME, "text": SHIPPED}]}

    other = client.post("/api/v1/policies/P-0/simulate", json=body(), headers=officer)
    nothing = client.post(PATH, json=same, headers=officer)

    assert (other.status_code, other.json["code"]) == (409, "version_not_in_force")
    assert (nothing.status_code, nothing.json["code"]) == (409, "nothing_changes")


def test_only_who_manages_policies_may_ask_or_read(
    client: FlaskClient, officer: dict[str, str]
) -> None:
    place = client.post(PATH, json=body(), headers=officer).headers["Location"]
    token = make_client_token(client, scopes="claim.read claim.submit", facility=HOSPITAL)
    stranger = {"Authorization": token}

    assert client.post(PATH, json=body(), headers=stranger).status_code == 403
    assert client.get(place, headers=stranger).status_code == 403
    assert client.get(f"{place[:-1]}~", headers=officer).status_code == 404


def test_a_simulation_whose_rules_came_into_force_meanwhile_fails_and_says_so(world: Flask) -> None:
    admin = nssf(Role.ADMINISTRATOR)
    asked = simulation.request_simulation([COPAY], version="current", by=admin)
    coverage.load_policy(COPAY.text, name=COPAY.name, by=admin)

    run_now("simulation.run", number=asked["number"])

    found = simulation.find_simulation(asked["number"])
    assert (found["state"], found["failure"], found["result"]) == (
        "failed",
        "nothing_changes",
        None,
    )
    with pytest.raises(NotFound):
        simulation.find_simulation("S-NONE")


def test_a_simulation_that_breaks_is_failed_until_it_is_tried_again(
    world: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = simulation.request_simulation([COPAY], version="current", by=nssf())
    with monkeypatch.context() as broken:
        broken.setattr(requests, "simulate", lambda *_, **__: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            run_now("simulation.run", number=asked["number"])
    assert simulation.find_simulation(asked["number"])["failure"] == "ZeroDivisionError"

    run_now("simulation.run", number=asked["number"])

    [listed] = simulation.list_simulations()
    assert (listed["state"], listed["failure"]) == ("finished", None)


def test_progress_is_told_while_it_runs_but_not_for_every_part(
    world: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = simulation.request_simulation([COPAY], version="current", by=nssf())
    seen: list[tuple[Any, ...]] = []

    def slowly(*_: Any, progress: Any, **__: Any) -> dict[str, Any]:
        for done in (0, 10, 20):
            progress(done, 20)
            shown = simulation.find_simulation(asked["number"])
            seen.append((shown["state"], shown["claims_done"], shown["claims_total"]))
        return {"claims": 20}

    monkeypatch.setattr(requests, "simulate", slowly)
    run_now("simulation.run", number=asked["number"])

    assert seen == [("running", 0, 20)] * 3


def test_the_command_tells_costs_reasons_and_limits(
    app: Flask, world: Flask, tmp_path: Path
) -> None:
    file("INV-1")
    changed = tmp_path / "prices.csv"
    changed.write_text(price(20_000).text, encoding="utf-8")
    run = app.test_cli_runner()

    told = run.invoke(args=["policy", "simulate", str(changed), "--processes", "1"])
    as_json = run.invoke(
        args=["policy", "simulate", str(changed), "--json", "--from", "2020-01-01"]
    )

    assert told.exit_code == 0, told.output
    for part in ("1 claims: 22,500 riel now, 20,000 changed (-2,500)", "health_care",
                 "above_tariff: appears 1", "Not reproduced: 0 claims", "registry holds today"):  # fmt: skip
        assert part in told.output
    assert json.loads(as_json.output.splitlines()[-1])["from"] == "2020-01-01"


def test_the_command_names_what_is_wrong_with_a_file(
    app: Flask, world: Flask, tmp_path: Path
) -> None:
    wrong, binary = tmp_path / "wrong.yaml", tmp_path / "binary.yaml"
    wrong.write_text("scheme: dental", encoding="utf-8")
    binary.write_bytes(b"\xff\xfe\x00")
    run = app.test_cli_runner()

    first = run.invoke(args=["policy", "simulate", str(wrong)])
    second = run.invoke(args=["policy", "simulate", str(binary)])

    assert (first.exit_code, second.exit_code) == (1, 1)
    assert "wrong.yaml:1: scheme: must be one of" in first.output
    assert "is not UTF-8" in second.output
