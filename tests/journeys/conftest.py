"""What every journey starts from: policies, tariffs, two hospitals, a woman and a man with cards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config import clock
from tests.factories import (
    HOSPITAL,
    MAN,
    OTHER_HOSPITAL,
    WOMAN,
    load_defaults,
    make_client_token,
    make_facility,
    make_member,
)

FACILITY_SCOPES = "eligibility.check visit.manage claim.submit claim.read"
REVIEW_SCOPES = "claim.review claim.read"


class Machine:
    """A machine client with its token, calling over HTTP."""

    def __init__(self, http: FlaskClient, scope: str, *facilities: str) -> None:
        self.http = http
        token = make_client_token(http, scopes=scope.split(), facility=list(facilities) or None)
        self.headers = {"Authorization": token}

    def ask(self, method: str, path: str, **kw: Any) -> TestResponse:
        headers = self.headers | kw.pop("headers", {})
        return self.http.open(path, method=method, headers=headers, **kw)

    def get(self, path: str, status: int = 200) -> Any:
        answer = self.ask("GET", f"/api/v1{path}")
        assert answer.status_code == status, answer.text
        return answer.json if answer.is_json else answer

    def post(self, path: str, body: dict[str, Any] | None = None, status: int = 200) -> Any:
        answer = self.ask("POST", f"/api/v1{path}", json=body or {})
        assert answer.status_code == status, answer.text
        return answer.json if answer.is_json else answer

    def decide_all(self) -> int:
        """Approve everything that waits, as it was adjudicated; return how many."""
        done = 0
        while (answer := self.ask("POST", "/api/v1/review/next", json={})).status_code != 204:
            assert answer.status_code == 200, answer.text
            self.post(f"/claims/{answer.json['number']}/approve")
            done += 1
        return done


@pytest.fixture
def world(app: Flask, owner: psycopg.Connection) -> None:
    load_defaults(owner)
    make_facility(owner, HOSPITAL)
    make_facility(owner, OTHER_HOSPITAL)
    make_member(owner, WOMAN)
    make_member(owner, MAN, sex="M", name_latin="CHAN VISAL", name_km="ចាន់ វិសាល")


@pytest.fixture
def hospital(world: None, client: FlaskClient) -> Machine:
    return Machine(client, FACILITY_SCOPES, HOSPITAL)


def treatment(reference: str, **given: Any) -> dict[str, Any]:
    """Return a small outpatient claim for today."""
    day = clock.today().isoformat()
    line = {
        "service": "OPD-CONSULTATION",
        "quantity": 1,
        "unit_price_riel": 6000,
        "service_date": day,
    }
    body = {
        "facility_reference": reference, "type": "treatment", "card_number": WOMAN,
        "visit_type": "outpatient", "service_from": day, "service_to": day,
        "diagnoses": [{"code": "J18.9", "role": "primary"}], "lines": [line],
    }  # fmt: skip
    return body | given


def delivery(reference: str, price: int) -> dict[str, Any]:
    """Return a caesarean of a stay that ended today."""
    start, day = (clock.today() - timedelta(days=2)).isoformat(), clock.today().isoformat()
    return {
        "facility_reference": reference, "type": "maternity", "card_number": WOMAN,
        "visit_type": "inpatient", "service_from": start, "service_to": day,
        "diagnoses": [{"code": "O82.0", "role": "primary"}],
        "maternity": {
            "event": "delivery", "delivery_mode": "caesarean", "gestation_weeks": 39,
            "births": [{"outcome": "live", "sex": "F", "weight_g": 3100}],
        },
        "lines": [
            {"service": "DELIVERY-CAESAREAN", "quantity": 1, "unit_price_riel": price,
             "service_date": start}
        ],
    }  # fmt: skip
