"""The policy desk: what is in force, a changed file tried on the past, a file put in force."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config.jobs import run_now
from gateway.coverage import service as coverage
from tests.claims.payable import scalar
from tests.claims.simulation.test_simulation import HEADER, SHIPPED, price
from tests.claims.simulation.test_simulation_api import COPAY
from tests.claims.submission.filing import file as file_claim
from tests.desks import HTMX, Desk, visible
from tests.factories import HOSPITAL

PAGE = "/admin/policies"


@pytest.fixture
def desk(world: Flask, client: FlaskClient) -> Desk:
    return Desk(client, "administrator")


def sent(name: str, text: str | bytes) -> tuple[io.BytesIO, str]:
    return io.BytesIO(text.encode() if isinstance(text, str) else text), name


def test_a_changed_file_is_tried_on_past_claims_and_the_result_is_read(desk: Desk) -> None:
    file_claim("INV-1")

    place = desk.post(PAGE, file=sent(COPAY.name, COPAY.text), do="simulate")
    waiting = desk.get(place)
    run_now("simulation.run", number=place.rsplit("/", 1)[1])
    page, fragment = visible(desk.get(place)), desk.get(place, headers=HTMX)

    assert 'hx-trigger="every 2s"' in waiting
    assert "hx-get" not in fragment
    assert "<html" not in fragment
    for part in ("Finished", "22,500 riel", "22,000 riel", "-500 riel", "copayment",
                 "The patient's share of … riel was taken off.", "NSSF health care"):  # fmt: skip
        assert part in page, part
    assert "registry holds today" in page
    assert place.rsplit("/", 1)[1] in visible(desk.get(PAGE))


def test_the_result_speaks_khmer(world: Flask, client: FlaskClient, desk: Desk) -> None:
    file_claim("INV-1")
    place = desk.post(PAGE, file=sent(COPAY.name, COPAY.text), do="simulate")
    run_now("simulation.run", number=place.rsplit("/", 1)[1])

    page = visible(Desk(client, "administrator", lang="km").get(place))

    assert "ចំណែករបស់អ្នកជំងឺ … រៀលត្រូវបានដកចេញ។" in page
    assert "registry holds today" not in page


def test_a_policy_and_a_price_list_are_put_in_force(desk: Desk) -> None:
    before = coverage.policy_set().version

    desk.post(PAGE, file=sent(COPAY.name, COPAY.text), do="load")
    desk.post(PAGE, file=sent("prices.csv", price(20_000).text), do="load")

    assert coverage.policy_set().version != before
    assert scalar("SELECT count(*) FROM tariffs WHERE price_riel = 20000 AND superseded_at IS NULL"
                  " AND service = 'OPD-CONSULTATION'") == 1  # fmt: skip


def test_what_nssf_looks_at_is_shown_with_its_status(desk: Desk) -> None:
    page = visible(desk.get(PAGE))

    for part in (
        "Sample of clean claims",
        "per_mille 50",
        "assumption",
        coverage.policy_set().version,
    ):
        assert part in page


@pytest.mark.parametrize("do", ["simulate", "load"])
def test_a_file_that_cannot_be_used_is_refused_with_its_faults(desk: Desk, do: str) -> None:
    for name, text, told in (
        ("wrong.yaml", SHIPPED.replace("order: 1", "order: first"), "wrong.yaml:5: order"),
        ("wrong.csv", HEADER + "x", "wrong.csv:2: "),
        ("wrong.yaml", b"\xff\xfe\x00", "The file is not UTF-8 text."),
    ):
        page = visible(desk.post(PAGE, 422, file=sent(name, text), do=do))
        assert told in page
    assert "Choose a file first." in visible(desk.post(PAGE, 422, do=do))


def test_days_in_the_wrong_order_are_named_at_the_field(desk: Desk) -> None:
    form = {"do": "simulate", "day_from": "2026-02-01", "day_to": "2026-01-01"}

    page = visible(desk.post(PAGE, 422, file=sent(COPAY.name, COPAY.text), **form))
    soon = desk.post(PAGE, 422, file=sent(COPAY.name, COPAY.text), **form | {"day_to": "soon"})

    assert "Lies before" in page
    assert "Not a valid date." in visible(soon)


def test_files_that_change_nothing_are_said_to(desk: Desk) -> None:
    page = desk.post(PAGE, 409, file=sent("same.yaml", SHIPPED), do="simulate")

    assert "These files are in force as they are." in visible(page)


def test_others_do_not_reach_the_desk(world: Flask, client: FlaskClient) -> None:
    Desk(client, "facility_manager", facility=HOSPITAL).get(PAGE, 403)
    Desk(client, "reviewer").get(PAGE, 403)
