"""The reviewers' desk: the next claim under a lease, decisions by line, a second person, a hold."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.desks import Desk, visible
from tests.factories import HOSPITAL, MAN, WOMAN
from tests.journeys.conftest import Machine, delivery, hospital, treatment, world  # noqa: F401

pytestmark = pytest.mark.usefixtures("world")
LARGE = 2_500_000


@pytest.fixture
def reviewer(client: FlaskClient) -> Desk:
    return Desk(client, "reviewer")


def take(desk: Desk) -> str:
    """Take the next claim; return its number."""
    return desk.post("/review/next").rsplit("/", 1)[1]


def test_the_next_claim_is_opened_with_person_findings_and_lines(
    reviewer: Desk,
    hospital: Machine,  # noqa: F811
) -> None:
    hospital.post("/claims", treatment("INV-1"), 201)

    number = take(reviewer)
    page = visible(reviewer.get(f"/review/claims/{number}"))

    for said in ("SOK TARA", "yours until", "OPD-CONSULTATION", "Your decision", "J18.9"):
        assert said in page


def test_an_empty_queue_says_so(reviewer: Desk) -> None:
    assert "No claim waits for you." in visible(reviewer.get(reviewer.post("/review/next")))


def test_a_claim_is_approved_as_the_rules_say_and_the_next_opened_by_one_button(
    reviewer: Desk,
    hospital: Machine,  # noqa: F811
) -> None:
    for reference, card in (("INV-1", WOMAN), ("INV-2", MAN)):
        hospital.post("/claims", treatment(reference, card_number=card), 201)
    number = take(reviewer)

    following = reviewer.post(
        f"/review/claims/{number}/approve", lines__0__line="1", then="next"
    ).rsplit("/", 1)[1]
    last = reviewer.post(f"/review/claims/{following}/approve", lines__0__line="1")

    assert following != number
    assert last.endswith(following)
    assert hospital.get(f"/claims/{number}")["outcome"]["approved_riel"] == 6000
    assert "Your decision" not in visible(reviewer.get(last))


def test_a_reduced_line_needs_a_reason_and_keeps_the_price_typed(
    reviewer: Desk,
    hospital: Machine,  # noqa: F811
) -> None:
    hospital.post("/claims", treatment("INV-1"), 201)
    number = take(reviewer)
    wish = {"lines__0__line": "1", "lines__0__approved_unit_price_riel": "5000"}

    refused = reviewer.post(f"/review/claims/{number}/approve", 422, **wish)
    reviewer.post(f"/review/claims/{number}/approve", **wish, lines__0__reason="price")

    assert "A reduced line needs a reason." in refused
    assert 'value="5000"' in refused
    assert hospital.get(f"/claims/{number}")["outcome"]["approved_riel"] == 5000


def test_a_claim_is_returned_with_a_question_and_rejected_only_with_a_reason(
    reviewer: Desk,
    hospital: Machine,  # noqa: F811
) -> None:
    hospital.post("/claims", treatment("INV-1"), 201)
    number = take(reviewer)

    refused = reviewer.post(f"/review/claims/{number}/reject", 422, note="no")
    reviewer.post(f"/review/claims/{number}/return", reason="documents", note="Which invoice?")

    assert "A reason is needed." in refused
    assert hospital.get(f"/claims/{number}")["state"] == "returned"


def test_without_the_lease_there_is_no_decision_to_take(
    reviewer: Desk,
    hospital: Machine,  # noqa: F811
    client: FlaskClient,
) -> None:
    hospital.post("/claims", treatment("INV-1"), 201)
    number = take(reviewer)
    other = Desk(client, "reviewer")

    page = visible(other.get(f"/review/claims/{number}"))
    place = other.post(f"/review/claims/{number}/approve")

    assert "another reviewer has it" in page
    assert "Your decision" not in page
    assert "Lease the claim before you decide it" in visible(other.get(place))
    assert hospital.get(f"/claims/{number}")["state"] == "in_review"


def test_an_override_waits_for_a_second_person_who_is_not_the_first(
    client: FlaskClient,
    hospital: Machine,  # noqa: F811
) -> None:
    hospital.post("/claims", treatment("INV-0"), 201)
    hospital.post("/claims", treatment("INV-1"), 201)
    first, second = Desk(client, "approver"), Desk(client, "approver")
    numbers = [take(first), take(first)]
    denied = next(
        n for n in numbers if hospital.get(f"/claims/{n}")["outcome"]["payable_riel"] == 0
    )
    first.post(
        f"/review/claims/{denied}/approve", lines__0__line="1",
        lines__0__approved_quantity="1", lines__0__approved_unit_price_riel="6000",
    )  # fmt: skip

    own = visible(first.get(f"/review/claims/{denied}"))
    waiting = visible(second.get("/review?awaiting=second_approval"))
    page = visible(second.get(f"/review/claims/{denied}"))
    second.post(f"/review/claims/{denied}/approve")

    assert "Your decision" not in own
    assert "another person has to agree" in own
    assert denied in waiting
    assert "more is approved than the rules allow" in page
    assert hospital.get(f"/claims/{denied}")["state"] == "approved"


def test_an_approver_holds_releases_and_reopens_with_a_reason(
    client: FlaskClient,
    hospital: Machine,  # noqa: F811
) -> None:
    hospital.post("/claims", treatment("INV-1"), 201)
    approver = Desk(client, "approver")
    number = take(approver)
    approver.post(f"/review/claims/{number}/approve")

    approver.post(f"/review/claims/{number}/hold", 422, reason="")
    approver.post(f"/review/claims/{number}/hold", reason="Look again")
    held = visible(approver.get(f"/review/claims/{number}"))
    approver.post(f"/review/claims/{number}/release", reason="Fine")
    approver.post(f"/review/claims/{number}/reopen", reason="Wrong line")

    assert " held " in held
    assert hospital.get(f"/claims/{number}")["state"] == "submitted"


def test_an_internal_note_stays_at_nssf(
    reviewer: Desk,
    hospital: Machine,  # noqa: F811
    client: FlaskClient,
) -> None:
    hospital.post("/claims", treatment("INV-1"), 201)
    number = take(reviewer)

    place = reviewer.post(
        f"/billing/claims/{number}/messages", text="Seen before?", internal="1",
        next=f"/review/claims/{number}",
    )  # fmt: skip

    assert place == f"/review/claims/{number}"
    assert "Seen before?" in reviewer.get(place)
    billing = Desk(client, "billing", facility=HOSPITAL)
    assert "Seen before?" not in billing.get(f"/billing/claims/{number}")


def test_a_large_claim_in_the_queue_shows_what_is_waiting_in_khmer(
    client: FlaskClient,
    hospital: Machine,  # noqa: F811
) -> None:
    number = hospital.post("/claims", delivery("INV-2", LARGE), 201)["number"]
    reviewer = Desk(client, "reviewer", lang="km")

    page = visible(reviewer.get("/review"))

    assert number in page
    assert "2,500,000 ៛" in page
    assert "មាតុភាព" in page


def test_a_facility_never_reaches_the_review_desk(client: FlaskClient) -> None:
    Desk(client, "facility_manager", facility=HOSPITAL).get("/review", 403)
