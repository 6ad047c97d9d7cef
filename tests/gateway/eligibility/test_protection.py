"""Protected members: no look-up without a reason, every one recorded, by whatever way."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from config.errors import Invalid
from config.text import fold_card
from gateway.eligibility import service as eligibility
from gateway.eligibility.service import CheckRequest
from gateway.eligibility.service.identify import seal_ref
from tests.factories import HOSPITAL, WOMAN, make_client_token, make_dependent, make_member
from tests.gateway.eligibility.conftest import RECEPTION

Owner = psycopg.Connection[Any]
SINGER = "2850505-0000077-ង"
DAUGHTER = "2180505-0000078-ច"
WHY = "She stands before me"


@pytest.fixture
def singer(country: Owner) -> str:
    return make_member(
        country, SINGER, protected=True, national_id="010101010", phone="+85512999888",
        name_latin="SIN SISAMUT", date_of_birth=date(1985, 5, 5),
    )  # fmt: skip


def check(**given: Any) -> dict[str, Any]:
    return eligibility.check(CheckRequest(**given), by=RECEPTION)


def events(owner: Owner, action: str) -> list[tuple[Any, ...]]:
    return owner.execute(
        "SELECT actor, subject, facility, details->>'check' FROM audit_events"
        " WHERE action = %s ORDER BY id",
        (action,),
    ).fetchall()


def refused(**given: Any) -> None:
    with pytest.raises(Invalid) as problem:
        check(**given)
    assert problem.value.code == "reason_required"
    assert [one["pointer"] for one in problem.value.extra["errors"]] == ["/reason"]


def test_a_protected_member_is_shown_to_nobody_without_a_reason(
    country: Owner, singer: str
) -> None:
    refused(card_number=SINGER)
    refused(card_number=SINGER, reason="")
    refused(scan=f"NSSF;{SINGER}")
    refused(candidate=seal_ref(fold_card(SINGER), by=RECEPTION))
    refused(national_id="010101010")
    refused(phone="012999888")
    refused(name="SIN SISAMUT", date_of_birth=date(1985, 5, 5))

    assert country.execute("SELECT count(*) FROM eligibility_checks").fetchone() == (0,)
    tried = events(country, "member.protected_refused")
    assert set(tried) == {("user:dara", SINGER, HOSPITAL, None)}
    assert len(tried) == 7


def test_a_slip_of_a_protected_member_opens_nothing_without_a_reason(
    country: Owner, singer: str
) -> None:
    token = check(card_number=SINGER, reason=WHY, slip=True)["slip"]

    refused(scan=token)

    assert check(scan=token, reason=WHY)["member"]["card_number"] == SINGER


@pytest.mark.parametrize(
    "given",
    [
        {"card_number": SINGER},
        {"national_id": "010101010"},
        {"phone": "012 999 888"},
        {"name": "SIN SISAMUT", "date_of_birth": date(1985, 5, 5)},
        {"scan": SINGER},
    ],
)
def test_with_a_reason_it_is_answered_and_recorded_with_its_check(
    country: Owner, singer: str, given: dict[str, Any]
) -> None:
    answer = check(**given, reason=WHY)

    assert answer["member"]["card_number"] == SINGER
    assert events(country, "member.protected_read") == [
        ("user:dara", SINGER, HOSPITAL, answer["number"])
    ]
    assert country.execute(
        "SELECT request->>'protected', request->>'reason' FROM eligibility_checks"
    ).fetchall() == [("true", WHY)]


def test_a_protected_members_family_is_protected_with_them(country: Owner, singer: str) -> None:
    make_dependent(country, DAUGHTER, SINGER)

    refused(card_number=DAUGHTER)

    assert check(card_number=DAUGHTER, reason=WHY)["verdict"] == "eligible"
    assert events(country, "member.protected_read")[0][1] == DAUGHTER


def test_everybody_else_needs_no_reason_for_a_card_and_leaves_no_such_trace(
    country: Owner, singer: str
) -> None:
    assert check(card_number=WOMAN)["verdict"] == "eligible"
    assert events(country, "member.protected_read") == []
    assert country.execute("SELECT request ? 'protected' FROM eligibility_checks").fetchall() == [
        (False,)
    ]


def test_opening_a_protected_member_over_the_api_asks_for_the_reason(
    country: Owner, singer: str, client: FlaskClient
) -> None:
    bearer = {"Authorization": make_client_token(client)}

    for answer in (
        client.get(f"/api/v1/members/{SINGER}", headers=bearer),
        client.get(f"/api/v1/members/{SINGER}/dependents", headers=bearer),
        client.post("/api/v1/members/search", json={"card_number": SINGER}, headers=bearer),
        client.post("/api/v1/eligibility-checks", json={"card_number": SINGER}, headers=bearer),
    ):
        assert answer.status_code == 422, answer.text
        assert answer.json["code"] == "reason_required"
        assert [one["pointer"] for one in answer.json["errors"]] == ["/reason"]
        assert SINGER not in answer.text
        assert "SISAMUT" not in answer.text
    for answer in (
        client.get(f"/api/v1/members/{SINGER}?reason=surgery", headers=bearer),
        client.get(f"/api/v1/members/{SINGER}/dependents?reason=surgery&x=1", headers=bearer),
        client.post(
            "/api/v1/members/search",
            json={"card_number": SINGER, "reason": "surgery"}, headers=bearer,
        ),
    ):  # fmt: skip
        assert answer.status_code == 200, answer.text
    assert len(events(country, "member.protected_read")) == 3
