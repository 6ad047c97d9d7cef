"""The billing desk: a claim from a visit, its preview, its outcome, and the answer to a return."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from auth.permissions import Permission
from claims.submission import service as submission
from claims.submission.states import ClaimState, actions_for
from claims.submission.words import CLAIM_STATE
from config import clock
from tests.claims.payable import OTHER_FACILITY, REVIEWER, queue_claim
from tests.desks import Desk, fields, visible
from tests.factories import HOSPITAL, OTHER_HOSPITAL, WOMAN
from tests.journeys.conftest import Machine, world  # noqa: F401

pytestmark = pytest.mark.usefixtures("world")
TODAY = clock.today().isoformat()
FORM = {
    "facility_reference": "INV-1", "type": "treatment", "card_number": WOMAN,
    "visit_type": "outpatient", "service_from": TODAY, "service_to": TODAY,
    "diagnoses__0__code": "J18.9", "diagnoses__0__role": "primary",
    "lines__0__service": "OPD-CONSULTATION", "lines__0__quantity": "1",
    "lines__0__unit_price_riel": "6,000",
}  # fmt: skip


@pytest.fixture
def billing(client: FlaskClient) -> Desk:
    return Desk(client, "billing", facility=HOSPITAL)


def file_claim(desk: Desk, **given: str) -> str:
    """Submit a claim by the form; return its number."""
    return desk.post("/billing/claims", **FORM | given).rsplit("/", 1)[1]


def return_to_facility(client: FlaskClient) -> None:
    """Let a reviewer send the next claim back with a question."""
    reviewer = Machine(client, "claim.review claim.read")
    number = reviewer.post("/review/next")["number"]
    reviewer.post(
        f"/claims/{number}/return", {"reason": "documents", "note": "Which invoice is it?"}
    )


def test_a_claim_written_in_the_form_is_queued_and_shows_its_outcome(billing: Desk) -> None:
    number = file_claim(billing, do="submit")

    page = visible(billing.get(f"/billing/claims/{number}"))

    assert "Queued for NSSF" in page
    assert "6,000 riel" in page
    assert "Payable" in page
    assert "The claim is queued for NSSF." in page
    assert "INV-1" in visible(billing.get("/billing"))


def test_what_waits_for_the_facility_stands_in_one_list_the_oldest_first(billing: Desk) -> None:
    draft, waits = queue_claim(state="draft"), queue_claim()
    asked = queue_claim()
    submission.add_message(asked, "Which ward?", by=REVIEWER)
    returned = queue_claim(state="returned")
    queue_claim(state="draft", facility=OTHER_FACILITY)

    page = visible(billing.get("/billing?todo=true"))

    places = [page.find(number) for number in (draft, asked, returned)]
    assert -1 < places[0] < places[1] < places[2]
    assert waits not in page
    assert "answer awaited" in page
    assert page.count("INV-") == 3


def test_a_claim_from_a_visit_starts_with_the_visit_and_the_agreed_price(billing: Desk) -> None:
    check = billing.post("/reception/check", card=WOMAN).rsplit("/", 1)[1]
    visit = billing.post(
        "/reception/check-in", card_number=WOMAN, eligibility_check=check,
        visit_type="outpatient", payer="nssf", identity__seen="none",
    ).rsplit("/", 1)[1]  # fmt: skip

    listed = billing.get("/billing/visits")
    form = billing.get(f"/billing/claims/new?visit={visit}")

    assert f"/billing/claims/new?visit={visit}" in listed
    assert fields(form, "visit") == [visit]
    assert fields(form, "eligibility_check") == [check]
    assert 'value="OPD-CONSULTATION" selected' in form
    assert fields(form, "lines-0-unit_price_riel") == ["22500"]


def test_an_empty_price_is_filled_with_the_agreed_one(billing: Desk) -> None:
    number = file_claim(billing, lines__0__unit_price_riel="")

    assert "22,500 riel" in visible(billing.get(f"/billing/claims/{number}"))


def test_every_wrong_field_is_named_at_its_place_and_nothing_is_lost(billing: Desk) -> None:
    page = billing.post(
        "/billing/claims", 422,
        **FORM | {"facility_reference": "", "lines__0__quantity": "many", "lines__2__service": "X"},
    )  # fmt: skip

    assert page.count("aria-invalid") >= 3
    assert 'value="J18.9"' in page
    assert 'value="many"' in page
    assert "INV-1" not in visible(billing.get("/billing"))


def test_a_preview_needs_a_check_and_stores_nothing(billing: Desk) -> None:
    refused = billing.post("/billing/claims", 403, do="preview", **FORM)
    billing.post("/reception/check", card=WOMAN)
    page = visible(billing.post("/billing/claims", 200, do="preview", **FORM))

    assert "Check the card or check the patient in first" in refused
    assert "Preview: what would be paid" in page
    assert "6,000 riel" in page
    assert "No claims here." in visible(billing.get("/billing"))


def test_more_rows_can_be_asked_for_without_losing_what_was_typed(billing: Desk) -> None:
    page = billing.post("/billing/claims", 200, do="add_line", **FORM)

    assert "lines-7-service" in page
    assert 'value="J18.9"' in page


def test_a_draft_is_kept_changed_and_submitted_later(billing: Desk) -> None:
    number = file_claim(billing, do="draft")
    edit = billing.get(f"/billing/claims/{number}/edit")
    version = fields(edit, "version")[0]

    billing.post(
        f"/billing/claims/{number}/edit", do="draft", version=version,
        **FORM | {"lines__0__quantity": "2"},
    )  # fmt: skip
    billing.post(f"/billing/claims/{number}/submit")

    page = visible(billing.get(f"/billing/claims/{number}"))
    assert "Queued for NSSF" in page
    assert "12,000 riel" in page


def test_a_change_over_an_older_version_is_refused(billing: Desk) -> None:
    number = file_claim(billing, do="draft")
    billing.post(f"/billing/claims/{number}/edit", do="draft", version="1", **FORM)

    page = billing.post(f"/billing/claims/{number}/edit", 412, do="draft", version="1", **FORM)

    assert "The record has changed since you read it" in page


def test_a_returned_claim_shows_the_question_is_corrected_and_submitted_again(
    billing: Desk, client: FlaskClient
) -> None:
    number = file_claim(billing)
    return_to_facility(client)

    page = visible(billing.get(f"/billing/claims/{number}"))
    edit = billing.get(f"/billing/claims/{number}/edit")
    version = fields(edit, "version")[0]
    billing.post(f"/billing/claims/{number}/messages", text="It is INV-1.")
    billing.post(f"/billing/claims/{number}/edit", do="submit", version=version, **FORM)

    assert "Which invoice is it?" in page
    assert "answer awaited" in page
    assert "NSSF returned this claim" in visible(edit)
    after = visible(billing.get(f"/billing/claims/{number}"))
    assert "Queued for NSSF" in after
    assert "It is INV-1." in after
    assert "answer awaited" not in after


def test_the_buttons_are_exactly_those_of_the_state_table(
    billing: Desk, client: FlaskClient
) -> None:
    number = file_claim(billing)

    def offered() -> set[str]:
        page = billing.get(f"/billing/claims/{number}")
        return {a for a in ("submit", "withdraw", "void") if f"{number}/{a}" in page}

    def allowed(state: str) -> set[str]:
        edges = actions_for(ClaimState(state), FACILITY_ACTOR)
        return {edge.action for edge in edges}

    assert offered() == allowed("submitted")
    billing.post(f"/billing/claims/{number}/withdraw")
    assert offered() == allowed("withdrawn")
    billing.post(f"/billing/claims/{number}/void")
    assert offered() == allowed("voided") == set()


class _Facility:
    """Who may do what a billing office may."""

    subject = "user:billing"
    permissions = frozenset({Permission.CLAIM_SUBMIT, Permission.CLAIM_READ})


FACILITY_ACTOR: Any = _Facility()


def test_a_step_the_state_does_not_allow_says_so(billing: Desk) -> None:
    number = file_claim(billing)

    place = billing.post(f"/billing/claims/{number}/submit")

    assert "The claim cannot take this step now" in visible(billing.get(place))


def test_the_same_reference_with_another_body_is_refused_in_words(billing: Desk) -> None:
    file_claim(billing)

    page = billing.post("/billing/claims", 409, **FORM | {"lines__0__quantity": "2"})

    assert "This facility_reference is used by another claim." in page


def test_a_maternity_claim_takes_the_birth_from_the_form(billing: Desk) -> None:
    number = file_claim(
        billing, type="maternity", visit_type="inpatient", diagnoses__0__code="O80.0",
        lines__0__service="DELIVERY-NORMAL", lines__0__unit_price_riel="80000",
        maternity__event="delivery", maternity__delivery_mode="normal",
        maternity__gestation_weeks="39", maternity__births__0__outcome="live",
        maternity__births__0__sex="F", maternity__births__0__weight_g="3100",
    )  # fmt: skip

    page = visible(billing.get(f"/billing/claims/{number}"))

    assert "Weeks of pregnancy 39" in page
    assert "Births 1" in page


def test_diagnoses_are_suggested_while_typing(billing: Desk) -> None:
    options = billing.get("/billing/diagnoses?diagnoses-0-code=J18", headers={"HX-Request": "true"})

    assert '<option value="J18.9">' in options
    assert billing.get("/billing/diagnoses").strip() == ""


def test_claims_are_filtered_by_state_and_found_by_card_without_naming_it_in_the_address(
    billing: Desk,
) -> None:
    file_claim(billing, do="draft")
    file_claim(billing, facility_reference="INV-2")

    drafts = visible(billing.get("/billing?state=draft"))
    found = billing.post("/billing/search", 200, card_number=WOMAN)

    assert "INV-1" in drafts
    assert "INV-2" not in drafts
    assert "INV-2" in found
    assert billing.get("/billing?state=nonsense", 422)


def test_every_state_of_a_claim_has_a_word() -> None:
    assert set(CLAIM_STATE) == {state.value for state in ClaimState}


def test_another_facility_neither_sees_nor_moves_a_claim(
    billing: Desk, client: FlaskClient
) -> None:
    number = file_claim(billing)

    stranger = Desk(client, "billing", facility=OTHER_HOSPITAL)

    stranger.get(f"/billing/claims/{number}", 404)
    stranger.get(f"/billing/claims/{number}/edit", 404)
    stranger.post(f"/billing/claims/{number}/withdraw", 404)
    stranger.post(f"/billing/claims/{number}/messages", 404, text="hello")
    assert number not in stranger.get("/billing")


def test_a_facility_reads_no_name_of_the_person_on_a_claim(billing: Desk) -> None:
    number = file_claim(billing)

    assert "SOK TARA" not in billing.get(f"/billing/claims/{number}")
