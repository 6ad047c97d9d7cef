"""Changed bank accounts at the desk: who may decide, and what is paid to before and after."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from auth.models import StaffUser
from config.db import db
from gateway.facilities import service as facilities
from tests.desks import Desk, visible
from tests.factories import HOSPITAL, make_facility


@pytest.fixture
def held(owner: psycopg.Connection[Any]) -> str:
    """Let the feed change the hospital's account."""
    make_facility(owner, HOSPITAL)
    owner.execute(
        "INSERT INTO facility_bank_accounts (facility, account, state, introduced_by,"
        " import_number) VALUES (%s, '002-NEW', 'held', 'user:importer', 'I26K1')",
        [HOSPITAL],
    )
    return f"/bank-accounts/{HOSPITAL}"


def test_a_second_person_confirms_a_changed_account_and_it_is_paid_to(
    client: FlaskClient, held: str
) -> None:
    desk = Desk(client, "finance_authoriser")

    page = visible(desk.get("/bank-accounts"))
    desk.post(f"{held}/confirm")

    assert f"001-{HOSPITAL} 002-NEW importer" in page
    assert facilities.payable_accounts([HOSPITAL]) == {HOSPITAL: "002-NEW"}
    assert "No changed account waits." in desk.get("/bank-accounts")


def test_a_refused_account_is_never_paid_to(client: FlaskClient, held: str) -> None:
    desk = Desk(client, "administrator")

    desk.post(f"{held}/refuse")
    desk.post(f"{held}/confirm")

    assert "No changed account of" in desk.get("/bank-accounts")
    assert facilities.payable_accounts([HOSPITAL]) == {HOSPITAL: f"001-{HOSPITAL}"}


def test_who_brought_an_account_in_sees_no_button_and_is_refused(
    client: FlaskClient, held: str, owner: psycopg.Connection[Any]
) -> None:
    desk = Desk(client, "administrator")
    username = db.session.scalar(select(StaffUser.username))
    owner.execute(
        "UPDATE facility_bank_accounts SET introduced_by = %s WHERE state = 'held'",
        [f"user:{username}"],
    )

    page = desk.get("/bank-accounts")
    desk.post(f"{held}/confirm")

    assert f"{held}/confirm" not in page
    assert "Another person must confirm this" in page
    assert facilities.payable_accounts([HOSPITAL]) == {HOSPITAL: f"001-{HOSPITAL}"}


def test_finance_that_opens_payments_reads_and_decides_nothing(
    client: FlaskClient, held: str
) -> None:
    desk = Desk(client, "finance")

    assert f"{held}/confirm" not in desk.get("/bank-accounts")
    assert desk.send(f"{held}/confirm").status_code == 403
    assert Desk(client, "billing").send(f"{held}/confirm").status_code == 403
    assert facilities.payable_accounts([HOSPITAL]) == {HOSPITAL: f"001-{HOSPITAL}"}
