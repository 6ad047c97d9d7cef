"""Hostile text is followed from every door it may enter by to every place it may come out of."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from werkzeug.test import TestResponse

from config import clock
from config.sheets import xlsx_bytes
from tests.desks import Desk
from tests.factories import HOSPITAL, WOMAN, make_facility
from tests.gateway.registry.conftest import CARD, Feed, feed, good  # noqa: F401
from tests.journeys.conftest import (  # noqa: F401
    REVIEW_SCOPES,
    Machine,
    hospital,
    treatment,
    world,
)

IMAGE = "<img src=x onerror=alert(1)>"
ESCAPED = "&lt;img src=x onerror=alert(1)&gt;"
OVERRIDE = "\u202e"
TURNED = f"INV{OVERRIDE}fdp.exe\u202c\u2066\u2069\u200f"
STRAIGHT = "INVfdp.exe"
MARKS = "e" + "\u0301" * 10_000
CONTROLS = ["a\x00b", "a\x01b", "a\x1bb", "a\x7fb", "a\x9fb"]
FORMULAS = ['=cmd|"/c calc"!A1', "+1+1", "-2+3", "@SUM(A1)", " =1+1", "＝1+1"]
REFUSED = [*CONTROLS, MARKS]


@pytest.fixture
def line() -> dict[str, Any]:
    return {"visit_type": "outpatient", "payer": "full_pay"}


def pay(http: FlaskClient) -> tuple[Machine, str, str]:
    """Approve, batch, authorise, export and settle all that waits; return batch and remittance."""
    Machine(http, REVIEW_SCOPES).decide_all()
    maker = Machine(http, "batch.manage claim.read")
    today = clock.today().isoformat()
    [batch] = maker.post("/batches", {"period_to": today}, 201)["items"]
    number = batch["number"]
    Machine(http, "batch.authorise claim.read").post(f"/batches/{number}/authorise")
    maker.post(f"/batches/{number}/export?format=csv")
    paid = maker.post(f"/batches/{number}/settle", {"bank_reference": "=BANK()", "paid_on": today})
    return maker, number, paid["remittance"]


def cells(answer: TestResponse) -> list[str]:
    """Return every cell of a CSV answer, as a spreadsheet would read them."""
    text = answer.data.decode("utf-8-sig")
    return [cell for row in csv.reader(io.StringIO(text)) for cell in row]


def log_lines(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the log: each line must be one JSON object, so nothing broke out of its line."""
    return [json.loads(line) for line in capfd.readouterr().err.splitlines() if line]


# --- the JSON door ------------------------------------------------------------


@pytest.mark.parametrize("bad", REFUSED)
def test_the_api_refuses_what_no_text_may_hold_naming_every_field_at_once(
    hospital: Machine, owner: psycopg.Connection, line: dict[str, Any], bad: str,  # noqa: F811
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    claim = treatment(bad, facility_patient_number=bad, practitioner=bad)
    refused = hospital.post("/claims", claim, 422)
    visit = hospital.post("/visits", line | {"label": bad, "ward": bad, "card_number": bad}, 422)

    assert {one["pointer"] for one in refused["errors"]} == {
        "/facility_reference", "/facility_patient_number", "/practitioner",
    }  # fmt: skip
    assert {one["pointer"] for one in visit["errors"]} == {"/label", "/ward", "/card_number"}
    assert owner.execute(
        "SELECT (SELECT count(*) FROM claims) + count(*) FROM visits"
    ).fetchone() == (0,)
    assert all(bad not in str(entry) for entry in log_lines(capfd))


def test_the_api_strips_direction_signs_and_keeps_markup_as_text(
    hospital: Machine, line: dict[str, Any]  # noqa: F811
) -> None:  # fmt: skip
    claim = hospital.post("/claims", treatment(TURNED, facility_patient_number=IMAGE), 201)
    visit = hospital.post("/visits", line | {"label": OVERRIDE + IMAGE, "ward": TURNED}, 201)

    assert claim["facility_reference"] == STRAIGHT
    assert claim["facility_patient_number"] == IMAGE
    assert (visit["label"], visit["ward"]) == (IMAGE, STRAIGHT)


def test_direction_signs_do_not_make_another_reference(hospital: Machine) -> None:  # noqa: F811
    first = hospital.post("/claims", treatment(STRAIGHT), 201)

    assert hospital.post("/claims", treatment(TURNED), 200)["number"] == first["number"]


# --- the desk's door ----------------------------------------------------------


def form(**given: str) -> dict[str, str]:
    day = clock.today().isoformat()
    return {
        "facility_reference": "R-1", "type": "treatment", "card_number": WOMAN,
        "visit_type": "outpatient", "service_from": day, "service_to": day,
        "diagnoses__0__code": "J18.9", "diagnoses__0__role": "primary",
        "lines__0__service": "OPD-CONSULTATION", "lines__0__quantity": "1",
        "lines__0__unit_price_riel": "6000", "do": "submit",
    } | given  # fmt: skip


@pytest.mark.parametrize("bad", [*CONTROLS, MARKS[:600]])
def test_a_desk_form_refuses_the_same_and_shows_it_harmlessly(
    world: None, client: FlaskClient, owner: psycopg.Connection, bad: str  # noqa: F811
) -> None:  # fmt: skip
    desk = Desk(client, "billing")

    answer = desk.send("/billing/claims", **form(facility_patient_number=bad + IMAGE))

    assert answer.status_code == 422
    assert IMAGE not in answer.text
    assert owner.execute("SELECT count(*) FROM claims").fetchone() == (0,)


def test_markup_and_direction_signs_of_a_desk_form_come_out_as_plain_text(
    world: None, client: FlaskClient  # noqa: F811
) -> None:  # fmt: skip
    billing, reception = Desk(client, "billing"), Desk(client, "reception")
    filed = billing.send(
        "/billing/claims",
        **form(facility_reference=TURNED + IMAGE, facility_patient_number=IMAGE),
    )
    came = reception.send(
        "/reception/check-in",
        visit_type="outpatient", payer="full_pay", label=OVERRIDE + IMAGE, ward=IMAGE,
    )  # fmt: skip

    assert (filed.status_code, came.status_code) == (303, 303)
    pages = [
        billing.get(filed.headers["Location"]), billing.get("/billing"),
        reception.get(came.headers["Location"]), reception.get("/reception/line"),
        reception.get(f"/board/{HOSPITAL}"),
    ]  # fmt: skip
    for page in pages:
        assert IMAGE not in page
        assert ESCAPED in page
        assert OVERRIDE not in page
    assert STRAIGHT in pages[0]


@pytest.mark.parametrize("text", [IMAGE, OVERRIDE + "x", "a\x00b", "a\x0bb", MARKS[:300], "\ud800"])
def test_an_address_holds_any_text_without_breaking_a_page(
    world: None, client: FlaskClient, text: str  # noqa: F811
) -> None:  # fmt: skip
    desk = Desk(client, "facility_manager")
    typed = quote(text, errors="surrogatepass")
    for path in (
        f"/reception/line?ward={typed}&state={typed}&cursor={typed}", f"/billing?state={typed}",
        f"/billing/diagnoses?diagnoses-0-code={typed}", f"/reception/checks/{typed}",
        f"/board/{typed}", f"/login?next={typed}", f"/billing/visits?day={typed}",
        f"/billing/claims/new?visit={typed}",
    ):  # fmt: skip
        answer = desk.http.get(path)
        assert answer.status_code < 500, path
        assert IMAGE not in answer.text, path


@pytest.mark.parametrize("digits", ["9" * 5000, "-" + "9" * 5000, "๑" * 30])
def test_an_endless_number_in_a_form_is_a_bad_field(
    world: None, client: FlaskClient, digits: str  # noqa: F811
) -> None:  # fmt: skip
    desk = Desk(client, "billing")

    bad = desk.send("/billing/claims", **form(lines__0__quantity=digits, patient_paid_riel=digits))
    odd = desk.send("/billing/claims", **{**form(), f"lines__{digits}__service": "X"})

    assert bad.status_code == 422
    assert odd.status_code < 500


# --- the feed -----------------------------------------------------------------


def names_of(owner: psycopg.Connection) -> list[Any]:
    return owner.execute("SELECT name_latin, name_km FROM registry.members").fetchall()


def test_a_hostile_name_of_the_feed_is_plain_text_on_page_and_answer(
    app: Flask, feed: Feed, client: FlaskClient, owner: psycopg.Connection  # noqa: F811
) -> None:  # fmt: skip
    from gateway.coverage.service import load_default_policies

    load_default_policies()
    feed.load("facilities", "enterprises")
    job = feed.take("members", good("members", name_latin=OVERRIDE + IMAGE, name_km=IMAGE))
    assert job.state == "committed", job.detail
    feed.load("coverages", "contributions")
    assert names_of(owner) == [(IMAGE, IMAGE)]

    machine = Machine(client, "eligibility.check", HOSPITAL)
    assert (
        machine.post("/eligibility-checks", {"card_number": CARD})["member"]["name_latin"] == IMAGE
    )
    desk = Desk(client, "reception")
    sent = desk.send("/reception/check", card=CARD)
    page = desk.get(sent.headers["Location"])
    assert IMAGE not in page
    assert ESCAPED in page


@pytest.mark.parametrize("bad", REFUSED)
def test_the_feed_refuses_names_no_door_would_take(
    feed: Feed, owner: psycopg.Connection, bad: str  # noqa: F811
) -> None:  # fmt: skip
    feed.load("enterprises")

    job = feed.take("members", good("members", name_latin=bad))

    assert job.state == "refused"
    assert names_of(owner) == []


# --- files that leave ---------------------------------------------------------


def test_no_cell_of_an_export_starts_a_formula(
    hospital: Machine, client: FlaskClient, owner: psycopg.Connection  # noqa: F811
) -> None:  # fmt: skip
    make_facility(owner, "=1+1", bank_account="+855")
    for number, text in enumerate([*FORMULAS, IMAGE, OVERRIDE + "=1+1"]):
        # One day each, so that no claim repeats another.
        day = clock.today() - timedelta(days=number)
        hospital.post(
            "/claims",
            treatment(f"{text} {number}", facility_patient_number=text)
            | {"service_from": day.isoformat(), "service_to": day.isoformat()}
            | {"lines": [{"service": "OPD-CONSULTATION", "quantity": 1, "unit_price_riel": 6000,
                          "service_date": day.isoformat()}]},
            201,
        )  # fmt: skip
    maker, batch, remittance = pay(client)

    read = {"Accept": "text/csv"}
    advice = hospital.ask("GET", f"/api/v1/remittances/{remittance}", headers=read)
    order = maker.ask("GET", f"/api/v1/batches/{batch}/export?format=csv")

    assert (advice.status_code, order.status_code) == (200, 200)
    found = cells(advice)
    assert any("cmd" in cell for cell in found)
    assert IMAGE in found
    for cell in found + cells(order):
        assert not cell.strip().startswith(("=", "+", "-", "@", "＝", "\t")), cell
        assert OVERRIDE not in cell
    assert "attachment" in advice.headers["Content-Disposition"]
    assert advice.headers["Cache-Control"] == "no-store"
    assert advice.headers["X-Content-Type-Options"] == "nosniff"


def test_a_sheet_holds_hostile_text_as_text(tmp_path: Path) -> None:
    rows = [(text,) for text in [*FORMULAS, IMAGE, "https://evil.example"]]
    path = tmp_path / "sheet.xlsx"
    path.write_bytes(xlsx_bytes(["=title"], rows))

    read = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()

    assert read[0] == ["'=title"]
    assert [row[0] for row in read[1:-2]] == [f"'{text}" for text in FORMULAS]
    assert read[-2:] == [[IMAGE], ["https://evil.example"]]


# --- the log ------------------------------------------------------------------


def test_the_log_stays_one_json_line_a_request_without_what_was_sent(
    hospital: Machine, client: FlaskClient, line: dict[str, Any],  # noqa: F811
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    capfd.readouterr()
    hospital.post("/visits", line | {"label": IMAGE}, 201)
    hospital.ask("GET", "/api/v1/visits/" + quote(f"{IMAGE}\r\n{{}}\x00{OVERRIDE}"))
    hospital.ask("GET", "/api/v1/visits", headers={"X-Request-ID": IMAGE})
    hospital.ask("GET", "/nowhere/" + quote(IMAGE))
    client.get("/api/v1/visits", headers={"Authorization": f"Bearer {IMAGE}"})
    client.post("/login", data={"username": IMAGE, "password": IMAGE})

    entries = log_lines(capfd)

    assert len(entries) == 6
    assert {entry["event"] for entry in entries} == {"request"}
    assert all("onerror" not in str(entry) and OVERRIDE not in str(entry) for entry in entries)
