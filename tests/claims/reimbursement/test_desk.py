"""Finance's desk: batches and runs with the steps each person may take, and the remittance."""

from __future__ import annotations

import pytest
from flask import current_app, render_template
from flask.testing import FlaskClient
from flask_babel import force_locale

from config import clock
from tests.desks import Desk, fields, visible
from tests.factories import HOSPITAL, OTHER_HOSPITAL
from tests.journeys.conftest import (  # noqa: F401
    REVIEW_SCOPES,
    Machine,
    delivery,
    hospital,
    treatment,
    world,
)

TODAY = clock.today().isoformat()


@pytest.fixture
def approved(hospital: Machine, client: FlaskClient) -> str:  # noqa: F811
    """Approve one claim of 7,000 riel, cut to 6,000 by the reviewer; return its number."""
    claim = treatment("INV-1")
    claim["lines"][0]["unit_price_riel"] = 7000
    number = hospital.post("/claims", claim, 201)["number"]
    reviewer = Machine(client, REVIEW_SCOPES)
    reviewer.post("/review/next")
    cut = {"line": 1, "approved_unit_price_riel": 6000, "reason": "price"}
    reviewer.post(f"/claims/{number}/approve", {"lines": [cut]})
    return str(number)


@pytest.fixture
def finance(client: FlaskClient) -> Desk:
    return Desk(client, "finance")


@pytest.fixture
def authoriser(client: FlaskClient) -> Desk:
    return Desk(client, "finance_authoriser")


def open_batch(desk: Desk) -> str:
    """Open the batches of today; return the number of the only one."""
    place = desk.post("/finance/batches", period_to=TODAY)
    return desk.get(place).split("/finance/batches/B")[1].split('"')[0].join(("B", ""))


@pytest.mark.usefixtures("approved")
def test_what_is_approved_waits_by_facility_and_scheme(finance: Desk) -> None:
    page = visible(finance.get("/finance"))

    assert f"{HOSPITAL} NSSF health care 1 6,000 riel" in page


@pytest.mark.usefixtures("approved")
def test_a_payment_goes_from_batch_to_remittance_through_two_people(
    finance: Desk, authoriser: Desk, client: FlaskClient
) -> None:
    batch = open_batch(finance)
    own = finance.get(f"/finance/batches/{batch}")
    authoriser.post(f"/finance/batches/{batch}/authorise")
    file = finance.send(f"/finance/batches/{batch}/file/pain.001")
    again = finance.send(f"/finance/batches/{batch}/file/pain.001")
    finance.post(f"/finance/batches/{batch}/settle", bank_reference="ABA-1", paid_on=TODAY)
    settled = finance.get(f"/finance/batches/{batch}")
    remittance = settled.split("/remittances/R")[1].split('"')[0]
    billing = Desk(client, "billing", facility=HOSPITAL)
    page = visible(billing.get(f"/remittances/R{remittance}"))

    assert "Another person must authorise this payment." in own
    assert f"/finance/batches/{batch}/authorise" not in own
    assert file.headers["Content-Disposition"].endswith(f'"{batch}.xml"')
    assert file.data == again.data
    assert "ABA-1" in page
    assert "6,000 riel" in page
    assert "INV-1" in page


@pytest.mark.usefixtures("approved")
def test_the_facility_downloads_and_acknowledges_what_it_received(
    finance: Desk, authoriser: Desk, client: FlaskClient
) -> None:
    batch = open_batch(finance)
    authoriser.post(f"/finance/batches/{batch}/authorise")
    finance.send(f"/finance/batches/{batch}/file/csv")
    finance.post(f"/finance/batches/{batch}/settle", bank_reference="ABA-1", paid_on=TODAY)
    billing = Desk(client, "billing", facility=HOSPITAL)
    number = "R" + billing.get("/remittances").split("/remittances/R")[1].split('"')[0]

    sheet = billing.http.get(f"/remittances/{number}.csv")
    page = visible(billing.get(f"/remittances/{number}"))
    wrong = billing.post(f"/remittances/{number}/acknowledge", 422, received_riel="some")
    billing.post(f"/remittances/{number}/acknowledge", received_riel="6,000", note="Thank you")

    assert sheet.mimetype == "text/csv"
    assert "INV-1" in sheet.text
    cut = "1,000 riel : The price is too high. (CARC 45)"
    assert f"{cut} Total of the claims 7,000 riel 6,000 riel" in page
    assert "aria-invalid" in wrong
    assert fields(wrong, "received_riel") == ["some"]
    assert "Thank you" in billing.get(f"/remittances/{number}")
    Desk(client, "billing", facility=OTHER_HOSPITAL).get(f"/remittances/{number}", 404)


@pytest.mark.usefixtures("approved")
def test_a_payment_run_is_authorised_and_settled_as_a_whole(
    finance: Desk, authoriser: Desk
) -> None:
    run = finance.post("/finance/runs", period_to=TODAY)
    batch = finance.get(run).split("/finance/batches/B")[1].split('"')[0]

    authoriser.post(f"{run}/authorise")
    finance.send(f"{run}/file/csv")
    in_run = visible(finance.get(f"/finance/batches/B{batch}"))
    finance.post(f"{run}/settle", bank_reference="ABA-2", paid_on=TODAY)

    assert "This batch is paid with its run:" in in_run
    assert "Total 1 6,000 riel" in visible(finance.get(run))
    assert "Settled" in visible(finance.get(run))
    assert "ABA-2" in visible(finance.get("/remittances"))
    assert run.rsplit("/", 1)[1] in finance.get("/finance/runs")


@pytest.mark.usefixtures("approved")
def test_a_failed_payment_needs_a_reason_and_gives_the_claims_back(
    finance: Desk, authoriser: Desk
) -> None:
    batch = open_batch(finance)
    authoriser.post(f"/finance/batches/{batch}/authorise")

    finance.post(f"/finance/batches/{batch}/fail", 422, reason="")
    finance.post(f"/finance/batches/{batch}/fail", reason="Account closed")

    assert "Account closed" in finance.get(f"/finance/batches/{batch}")
    assert "6,000 riel" in visible(finance.get("/finance"))


@pytest.mark.usefixtures("approved")
def test_a_settlement_in_the_future_is_named_at_its_field(finance: Desk, authoriser: Desk) -> None:
    batch = open_batch(finance)
    authoriser.post(f"/finance/batches/{batch}/authorise")
    finance.send(f"/finance/batches/{batch}/file/csv")

    page = finance.post(
        f"/finance/batches/{batch}/settle", 422, bank_reference="ABA-1", paid_on="2999-01-01"
    )

    assert "The day of payment cannot lie in the future." in page
    assert 'value="ABA-1"' in page


@pytest.mark.usefixtures("approved")
def test_a_cancelled_batch_leaves_its_claims_waiting(finance: Desk) -> None:
    batch = open_batch(finance)

    finance.post(f"/finance/batches/{batch}/cancel")

    assert "Cancelled" in visible(finance.get(f"/finance/batches/{batch}"))
    assert "6,000 riel" in visible(finance.get("/finance"))


@pytest.mark.usefixtures("world")
def test_nothing_due_is_said_and_opens_no_run(finance: Desk) -> None:
    page = finance.post("/finance/runs", 422, period_to=TODAY)

    assert "Nothing waits to be paid up to that day." in page
    assert "No payment runs." in visible(finance.get("/finance/runs"))


@pytest.mark.usefixtures("approved")
def test_who_opens_batches_cannot_authorise_and_the_other_way_round(
    finance: Desk, authoriser: Desk
) -> None:
    batch = open_batch(finance)

    authoriser.post("/finance/batches", 403, period_to=TODAY)
    place = finance.post(f"/finance/batches/{batch}/authorise")

    assert "You may not do this" in visible(finance.get(place))
    assert "Open" in visible(finance.get(f"/finance/batches/{batch}"))


@pytest.mark.usefixtures("approved")
def test_a_held_claim_is_shown_apart_and_not_counted(
    finance: Desk, client: FlaskClient, approved: str
) -> None:
    Desk(client, "approver").post(f"/review/claims/{approved}/hold", reason="Look again")

    page = visible(finance.get("/finance"))

    assert "Waiting to be paid 0 riel" in page
    assert "1 · 6,000 riel" in page


@pytest.mark.usefixtures("app")
def test_the_batches_of_a_run_add_up_to_its_total_without_those_that_came_back() -> None:
    row = {"scheme": "hef", "facility": HOSPITAL, "period_to": TODAY, "opened_by": "user:f"}
    rows = [
        row | {"number": number, "state": state, "claims": 1, "total_riel": riel}
        for number, state, riel in (("B1", "settled", 6000), ("B2", "returned", 4000))
    ]

    with current_app.test_request_context(), force_locale("en"):
        table = render_template(
            "reimbursement/_batch_rows.html", rows=rows, run={"claims": 1, "total_riel": 6000}
        )

    told = "Failed or returned: not in the total -4,000 riel Total 1 6,000 riel"
    assert visible(table).endswith(told)
