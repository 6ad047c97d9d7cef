"""Facilities: found, listed, and shown as code lists to any token."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from config.errors import NotFound
from gateway.facilities import service as facilities
from gateway.facilities.provinces import PROVINCES
from tests.factories import HOSPITAL, OTHER_HOSPITAL, make_client_token, make_facility


def test_a_facility_is_found_by_its_code(owner: psycopg.Connection[Any]) -> None:
    make_facility(owner, HOSPITAL, level="cpa2", contract_to=date(2026, 6, 1))

    found = facilities.find_facility(HOSPITAL)

    assert (found.code, found.level, found.contract_to) == (HOSPITAL, "cpa2", date(2026, 6, 1))


def test_an_unknown_facility_is_not_found(owner: psycopg.Connection[Any]) -> None:
    with pytest.raises(NotFound) as missing:
        facilities.find_facility("999999")

    assert missing.value.code == "unknown_facility"


def test_a_contract_is_in_force_from_its_first_to_its_last_day(
    owner: psycopg.Connection[Any],
) -> None:
    make_facility(owner, HOSPITAL, contract_from=date(2026, 1, 1), contract_to=date(2026, 6, 1))
    found = facilities.find_facility(HOSPITAL)

    in_force = [
        found.is_contracted_on(day)
        for day in (date(2025, 12, 31), date(2026, 1, 1), date(2026, 5, 31), date(2026, 6, 1))
    ]
    assert in_force == [False, True, True, False]
    assert [f.code for f in facilities.list_facilities(on=date(2026, 5, 31))] == [HOSPITAL]
    assert facilities.list_facilities(on=date(2026, 6, 1)) == []


def test_facilities_are_found_by_part_of_a_name_or_the_start_of_a_code(
    owner: psycopg.Connection[Any],
) -> None:
    make_facility(owner, HOSPITAL, name_en="Calmette", name_km="កាល់ម៉ែត")
    make_facility(owner, OTHER_HOSPITAL, name_en="100% Clinic")

    found = {
        q: [f.code for f in facilities.list_facilities(q)]
        for q in ("calm", "ម៉ែត", "0302", "0%", "%")
    }

    assert found == {
        "calm": [HOSPITAL], "ម៉ែត": [HOSPITAL], "0302": [OTHER_HOSPITAL], "0%": [OTHER_HOSPITAL],
        "%": [OTHER_HOSPITAL],
    }  # fmt: skip


def test_any_token_reads_the_facilities_page_by_page_without_their_accounts(
    client: FlaskClient, owner: psycopg.Connection[Any]
) -> None:
    for code in (HOSPITAL, OTHER_HOSPITAL):
        make_facility(owner, code, contract_to=date(2027, 1, 1))
    headers = {"Authorization": make_client_token(client, scopes=["claim.read"])}

    first = client.get("/api/v1/codes/facilities?limit=1", headers=headers)
    cursor = first.json["next_cursor"]
    second = client.get(f"/api/v1/codes/facilities?limit=1&cursor={cursor}", headers=headers)
    known = client.get(
        "/api/v1/codes/facilities?limit=1",
        headers=headers | {"If-None-Match": first.headers["ETag"]},
    )

    assert [item["code"] for item in first.json["items"]] == [OTHER_HOSPITAL]
    assert [item["code"] for item in second.json["items"]] == [HOSPITAL]
    assert second.json["next_cursor"] is None
    assert first.json["items"][0]["contract_to"] == "2026-12-31"
    assert "bank_account" not in first.text
    assert known.status_code == 304


def test_bad_arguments_of_the_code_lists_are_named(client: FlaskClient, owner: Any) -> None:
    headers = {"Authorization": make_client_token(client)}

    for query in ("on=yesterday", "limit=0", "cursor=zzz"):
        answer = client.get(f"/api/v1/codes/facilities?{query}", headers=headers)
        assert answer.status_code == 422, query
        assert answer.json["errors"], query


def test_the_provinces_are_the_25_in_both_languages(client: FlaskClient, owner: Any) -> None:
    headers = {"Authorization": make_client_token(client)}

    everything = client.get("/api/v1/codes/provinces", headers=headers).json["items"]
    one = client.get("/api/v1/codes/provinces?q=siem", headers=headers).json["items"]

    assert [item["code"] for item in everything] == [f"KH-{n}" for n in range(1, 26)]
    assert one == [{"code": "KH-17", "name_en": "Siem Reap", "name_km": "សៀមរាប"}]
    assert len({province.name_km for province in PROVINCES}) == 25


@pytest.mark.parametrize(
    "codes", ["facilities", "provinces", "reasons", "diagnoses", "visit-types"]
)
def test_every_code_list_is_paged_and_may_be_asked_for_a_day(
    client: FlaskClient, owner: psycopg.Connection[Any], codes: str
) -> None:
    make_facility(owner, HOSPITAL)
    make_facility(owner, OTHER_HOSPITAL)
    headers = {"Authorization": make_client_token(client)}
    path = f"/api/v1/codes/{codes}?on=2026-11-22&limit=1"

    first = client.get(path, headers=headers)
    cursor = first.json["next_cursor"]
    second = client.get(f"{path}&cursor={cursor}" if cursor else path, headers=headers).json

    assert first.status_code == 200
    assert len(first.json["items"]) == 1
    assert cursor is None or second["items"] != first.json["items"]
    assert client.get(path, headers=headers | {"If-None-Match": first.headers["ETag"]}
                      ).status_code == 304  # fmt: skip
    foreign = client.get(f"{path}&cursor=bm9ib2R5", headers=headers)
    assert (foreign.status_code, foreign.json["errors"][0]["pointer"]) == (422, "/cursor")


def test_without_a_token_there_are_no_codes(client: FlaskClient) -> None:
    assert client.get("/api/v1/codes/facilities").status_code == 401
    assert client.get("/api/v1/codes/provinces").status_code == 401
