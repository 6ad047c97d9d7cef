"""The allowances' desk: asking at a facility, deciding at NSSF, in two languages and without scripts."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from flask.testing import FlaskClient

from claims.allowances import service as allowances
from claims.reimbursement import service as reimbursement
from claims.reimbursement.service.due import list_due
from config import clock
from tests.claims.allowances.asked import BILLER, ago, approved, birth, file, maternity
from tests.claims.allowances.test_proposing import approved_delivery
from tests.claims.payable import APPROVER, FINANCE, REVIEWER, set_column
from tests.desks import HTMX, Desk, visible
from tests.factories import OTHER_HOSPITAL, WOMAN

PAYEE = {"payee__method": "bank", "payee__name": "SOK TARA", "payee__account": "001-234-567"}
PDF = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"


@pytest.fixture
def biller(client: FlaskClient, world: None) -> Desk:
    return Desk(client, "billing")


@pytest.fixture
def reviewer(client: FlaskClient, world: None) -> Desk:
    return Desk(client, "reviewer")


def test_a_biller_asks_and_reads_how_it_is_computed(biller: Desk) -> None:
    place = biller.post(
        "/allowances", kind="birth", event="delivery", card_number=WOMAN, event_on=ago(3),
        gestation_weeks="39", **PAYEE,
    )  # fmt: skip

    page = visible(biller.get(place))
    assert "400,000 riel" in page
    assert "Fixed amount for child 1 of 1." in page
    assert "This answer rests on an assumption" in page
    assert "•••567" in page
    assert "001-234-567" not in page


def test_each_kind_has_its_form(biller: Desk) -> None:
    for kind in ("maternity", "birth", "sickness", "cremation", "funeral", "refund"):
        assert "Who is to be paid" in visible(biller.get(f"/allowances/new?kind={kind}"))
    assert "Maternity allowance" in visible(biller.get("/allowances/new?kind=nonsense"))


def test_faults_stand_at_their_fields_and_nothing_typed_is_lost(biller: Desk) -> None:
    page = biller.post(
        "/allowances", 422, kind="sickness", card_number=WOMAN, event_on=ago(3), until=ago(5),
        payee__method="cash", payee__name="SOK TARA", payee__account="123456",
    )  # fmt: skip

    assert "The last day lies before the first." in visible(page)
    assert 'value="SOK TARA"' in page
    assert 'id="payee-account-error"' in page


def test_a_refund_is_asked_for_line_by_line(biller: Desk) -> None:
    place = biller.post(
        "/allowances", kind="refund", card_number=WOMAN, event_on=ago(2),
        care__facility_name="Clinic by the road", care__facility_level="health_centre",
        care__emergency="1", care__diagnoses="T14.9 R50", care__paid_riel="50,000",
        **{"care__lines__0__service": "EMERGENCY", "care__lines__0__quantity": "1",
           "care__lines__0__unit_price_riel": "50000"},
        payee__method="cash", payee__name="SOK TARA",
    )  # fmt: skip

    page = visible(biller.get(place))
    assert "Clinic by the road" in page
    assert "20,000 riel" in page


def test_a_wage_is_shown_at_the_facility_only_after_approval(biller: Desk, reviewer: Desk) -> None:
    number = file(maternity())["number"]

    assert "shown here once NSSF has approved" in visible(biller.get(f"/allowances/{number}"))
    assert "800,000" not in biller.get(f"/allowances/{number}/explanation")
    told = visible(reviewer.get(f"/allowances/{number}"))
    assert "6 x 800,000 riel" in told
    assert "SOK TARA" in told
    reviewer.post(f"/allowances/{number}/decide/approve")
    assert "1,680,000" in biller.get(f"/allowances/{number}/explanation")


def test_the_explanation_is_in_both_languages(biller: Desk) -> None:
    number = file(birth())["number"]

    page = visible(biller.get(f"/allowances/{number}/explanation"))

    assert "Fixed amount for child 1 of 1." in page
    assert "ចំនួនថេរសម្រាប់កូនទី 1" in page


def test_a_reviewer_decides_from_the_queue(reviewer: Desk) -> None:
    number = file(birth())["number"]

    assert number in reviewer.get("/allowances/queue")
    page = reviewer.post(f"/allowances/{number}/decide/approve", 422, approved_riel="300000")
    assert "A reduction needs a reason." in visible(page)
    reviewer.post(f"/allowances/{number}/decide/return", reason="documents_missing", note="Weeks?")
    found = allowances.find_allowance(number, by=BILLER)
    assert (found["state"], found["history"][-1]["note"]) == ("returned", "Weeks?")
    told = visible(reviewer.get(f"/allowances/{number}"))
    assert "· A document is missing or cannot be read." in told
    assert number not in reviewer.get("/allowances/queue")


def test_a_returned_allowance_is_answered_or_corrected(biller: Desk) -> None:
    number = file(birth(gestation_weeks=None))["number"]
    allowances.send_back(number, by=REVIEWER, reason="not_true")

    form = biller.get(f"/allowances/{number}/edit")
    assert "001-234" not in form
    biller.post(
        f"/allowances/{number}/edit", kind="birth", event="delivery", card_number=WOMAN,
        event_on=ago(3), gestation_weeks="38", **PAYEE,
    )  # fmt: skip
    assert allowances.find_allowance(number, by=BILLER)["gestation_weeks"] == 38

    allowances.send_back(number, by=REVIEWER, reason="not_true")
    biller.post(f"/allowances/{number}/submit", note="She came again")
    biller.post(f"/allowances/{number}/withdraw")
    assert allowances.find_allowance(number, by=BILLER)["state"] == "withdrawn"


def test_who_approved_first_is_told_and_gets_no_second_button(
    biller: Desk, reviewer: Desk, owner: object
) -> None:
    owner.execute("UPDATE registry.contributions SET contributory_wage_riel = 1200000")  # type: ignore[attr-defined]
    number = file(maternity())["number"]

    reviewer.post(f"/allowances/{number}/decide/approve")
    page = visible(reviewer.get(f"/allowances/{number}"))
    assert "another person has to agree" in page
    assert "Your decision" not in page


def test_the_list_narrows_and_answers_htmx_with_its_part(biller: Desk) -> None:
    number = file(birth())["number"]

    assert number in biller.get("/allowances?state=submitted&kind=birth")
    assert number not in biller.get("/allowances?state=paid")
    part = biller.get("/allowances", headers=HTMX)
    assert number in part
    assert "<html" not in part
    assert number in biller.post("/allowances/search", 200, card_number=WOMAN)
    biller.get("/allowances?state=nonsense", 422)


def test_another_facilitys_desk_finds_nothing(client: FlaskClient, world: None) -> None:
    number = file(birth())["number"]
    stranger = Desk(client, "billing", facility=OTHER_HOSPITAL)

    for page in ("", "/explanation", "/edit"):
        stranger.get(f"/allowances/{number}{page}", 404)
    assert number not in stranger.get("/allowances")


def test_a_wrong_file_is_refused_with_a_sentence(biller: Desk) -> None:
    number = file(birth())["number"]

    page = biller.post(f"/allowances/{number}/files", 422, kind="invoice")
    assert "Choose a file and what it is." in visible(page)
    answer = biller.send(
        f"/allowances/{number}/files", kind="invoice", file=(BytesIO(b"MZ"), "a.pdf")
    )
    assert answer.status_code in (415, 422)


def test_a_pregnancy_is_registered_and_the_missing_are_listed(biller: Desk, reviewer: Desk) -> None:
    due = (clock.today() + timedelta(days=40)).isoformat()

    biller.post("/allowances/pregnancies", card_number=WOMAN, due_date=due)
    assert WOMAN in biller.get("/allowances/pregnancies")
    page = biller.post("/allowances/pregnancies", 422, card_number=WOMAN, due_date=ago(-200))
    assert "Registration begins at 26 weeks" in visible(page)

    assert "No family misses a registration." in visible(reviewer.get("/allowances/missing"))
    assert reviewer.get("/allowances/missing.csv").startswith("\ufeffmissing,card_number")
    biller.get("/allowances/missing", 403)


def test_the_desk_speaks_khmer(client: FlaskClient, world: None) -> None:
    number = file(birth())["number"]

    page = visible(Desk(client, "billing", lang="km").get(f"/allowances/{number}"))

    assert "ចំនួនថេរសម្រាប់កូនទី 1" in page


def test_an_approved_allowance_whose_claim_was_voided_is_shown_and_not_paid(
    client: FlaskClient, world: None
) -> None:
    claim = approved_delivery()
    number = approved(birth(days=0, claim=claim))["number"]
    set_column(claim, "state", "voided")

    found = allowances.find_allowance(number, by=REVIEWER)
    assert (found["state"], found["claim_state"], found["stopped"]) == ("approved", "voided", True)
    [due] = list_due(by=FINANCE)
    assert (due.claims, due.held_claims, due.held_riel) == (0, 1, 400_000)
    assert reimbursement.open_batches(period_to=clock.today(), by=FINANCE) == []
    approver = Desk(client, "approver")
    assert f"Its claim {claim} is now: Voided" in visible(approver.get(f"/allowances/{number}"))
    assert number in visible(approver.get("/allowances/queue"))

    allowances.reopen(number, by=APPROVER, reason="the claim was voided")

    assert allowances.list_stopped(by=REVIEWER, limit=9) == []
    assert not allowances.find_allowance(number, by=REVIEWER)["stopped"]
