"""Prices and code lists: loading, superseding, and the doors any token may open."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from auth.permissions import system_actor
from claims.adjudication import service as adjudication
from claims.adjudication.rules.tariffs import TariffFileError
from config.db import db
from tests.claims.adjudication.test_tariff_files import HEADER, ROW
from tests.factories import make_client_token

BY = system_actor("tests")
KEY = ("OPD-CONSULTATION", "health_centre", "nssf")


def price_on(day: str) -> int:
    on = date.fromisoformat(day)
    found = adjudication.tariffs_on(on).find(*KEY, on)
    assert found is not None
    return found.price_riel


@pytest.fixture
def prices(app: Flask) -> Flask:
    adjudication.load_default_tariffs()
    return app


@pytest.fixture
def headers(prices: Flask, client: FlaskClient) -> dict[str, str]:
    return {"Authorization": make_client_token(client, scopes=("statistics.read",), facility=None)}


def test_shipped_prices_are_loaded_once(prices: Flask) -> None:
    again = adjudication.load_default_tariffs()

    assert (again.added, again.superseded) == (0, 0)
    assert again.unchanged > 150


def test_a_loaded_price_holds_from_its_day_and_at_once(prices: Flask) -> None:
    assert price_on("2026-12-01") == 6000

    report = adjudication.load_tariffs((HEADER + ROW).encode(), by=BY)

    assert (report.added, report.superseded) == (2, 1)
    assert (price_on("2026-11-30"), price_on("2026-12-01")) == (6000, 7000)


def test_the_same_file_twice_changes_nothing(prices: Flask) -> None:
    adjudication.load_tariffs((HEADER + ROW).encode(), by=BY)

    again = adjudication.load_tariffs((HEADER + ROW).encode(), by=BY)

    assert (again.added, again.superseded, again.unchanged) == (0, 0, 1)


def test_shipped_prices_do_not_come_back_over_loaded_ones(prices: Flask) -> None:
    adjudication.load_tariffs((HEADER + ROW).encode(), by=BY)

    adjudication.load_default_tariffs()

    assert price_on("2026-12-01") == 7000


def test_superseded_rows_are_kept(prices: Flask) -> None:
    adjudication.load_tariffs((HEADER + ROW).encode(), by=BY)

    kept = db.session.scalar(text("SELECT count(*) FROM tariffs WHERE superseded_at IS NOT NULL"))

    assert kept == 1


def test_a_bad_file_changes_nothing(prices: Flask) -> None:
    with pytest.raises(TariffFileError):
        adjudication.load_tariffs((HEADER + ROW + ROW.replace("7000", "x")).encode(), by=BY)

    assert price_on("2026-12-01") == 6000


def test_the_command_loads_or_names_every_fault(prices: Flask, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(HEADER + ROW, encoding="utf-8")
    bad.write_text(HEADER + ROW.replace("7000", "x"), encoding="utf-8")
    runner = prices.test_cli_runner()

    loaded = runner.invoke(args=["tariff", "load", str(good)])
    refused = runner.invoke(args=["tariff", "load", str(bad)])

    assert loaded.exit_code == 0, loaded.output
    assert "1 superseded" in loaded.output
    assert refused.exit_code != 0
    assert "row 2, price_riel" in refused.output


def test_prices_are_listed_by_day_level_and_payer(
    headers: dict[str, str], client: FlaskClient
) -> None:
    adjudication.load_tariffs((HEADER + ROW).encode(), by=BY)

    def prices_of(query: str) -> dict[str, int]:
        answer = client.get(f"/api/v1/tariffs?{query}", headers=headers)
        assert answer.status_code == 200, answer.text
        return {item["service"]: item["price_riel"] for item in answer.json["items"]}

    before = prices_of("on=2026-11-30&level=health_centre&payer=nssf")
    after = prices_of("on=2026-12-01&level=health_centre&payer=nssf")
    hef = prices_of("on=2026-12-01&level=health_centre&payer=hef")

    assert (before["OPD-CONSULTATION"], after["OPD-CONSULTATION"]) == (6000, 7000)
    assert hef["OPD-CONSULTATION"] == 4000


def test_prices_are_paged_and_say_demo(headers: dict[str, str], client: FlaskClient) -> None:
    seen: list[tuple[str, str, str]] = []
    cursor = ""
    while True:
        answer = client.get(f"/api/v1/tariffs?limit=100{cursor}", headers=headers).json
        seen += [(item["service"], item["level"], item["payer"]) for item in answer["items"]]
        assert {item["status"] for item in answer["items"]} <= {"reported", "assumption", "demo"}
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"

    assert len(seen) == len(set(seen)) > 150


def test_a_code_list_known_already_is_not_sent_again(
    headers: dict[str, str], client: FlaskClient
) -> None:
    for place in ("codes/services", "codes/visit-types", "codes/diagnoses?q=J18", "tariffs"):
        first = client.get(f"/api/v1/{place}", headers=headers)
        assert first.status_code == 200, first.text
        again = client.get(
            f"/api/v1/{place}", headers=headers | {"If-None-Match": first.headers["ETag"]}
        )
        assert again.status_code == 304


def test_diagnoses_are_found_by_code_and_by_words(
    headers: dict[str, str], client: FlaskClient
) -> None:
    def found(q: str) -> list[str]:
        answer = client.get(f"/api/v1/codes/diagnoses?q={q}", headers=headers)
        return [item["code"] for item in answer.json["items"]]

    assert "J18.9" in found("j18")
    assert "J18.9" in found("pneumonia unspecified")
    assert found("nosuchdisease") == []


def test_services_have_names_in_both_languages(
    headers: dict[str, str], client: FlaskClient
) -> None:
    items = client.get("/api/v1/codes/services", headers=headers).json["items"]

    assert len(items) == 16
    assert all(item["name_en"] and item["name_km"] and item["benefit"] for item in items)


def test_reasons_of_claims_are_among_the_codes(
    headers: dict[str, str], client: FlaskClient
) -> None:
    answer = client.get("/api/v1/codes/reasons", headers=headers)

    codes = {item["code"] for item in answer.json["items"]}
    assert codes >= {"duplicate", "not_covered", "price", "documents", "not_eligible", "other"}


@pytest.mark.parametrize("query", ["on=x", "level=moon", "payer=bank", "limit=0", "cursor=WzFd"])
def test_a_bad_query_is_refused(headers: dict[str, str], client: FlaskClient, query: str) -> None:
    assert client.get(f"/api/v1/tariffs?{query}", headers=headers).status_code == 422


def test_code_lists_need_a_token(prices: Flask, client: FlaskClient) -> None:
    for place in ("codes/services", "codes/visit-types", "codes/diagnoses", "tariffs"):
        assert client.get(f"/api/v1/{place}").status_code == 401
