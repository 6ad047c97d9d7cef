"""Forms and schemas: what a browser sends becomes what the API would have sent."""

from __future__ import annotations

from typing import Any

import pytest
from flask_babel import force_locale

from claims.submission.schemas import ClaimBody
from claims.submission.states import InvalidTransition
from config.errors import Conflict, Invalid
from config.forms import errors_of, load_form, read_form, say, sentence, write_form
from gateway.visits.schemas import CheckInBody

CLAIM: dict[str, Any] = {
    "facility_reference": "INV-1", "type": "treatment", "card_number": "2990101-0000001-ក",
    "visit_type": "outpatient", "service_from": "2026-11-20", "service_to": "2026-11-20",
    "emergency": True, "diagnoses": [{"code": "J18.9", "role": "primary"}],
    "lines": [{"service": "OPD-CONSULTATION", "quantity": 2, "unit_price_riel": 6000}],
}  # fmt: skip


def test_a_form_says_the_same_as_the_json_it_was_written_from() -> None:
    assert read_form(ClaimBody(), write_form(CLAIM)) == CLAIM


def test_empty_fields_and_empty_rows_are_left_out_and_rows_close_up() -> None:
    form = {"lines-0-service": " ", "lines-3-service": "A", "lines-10-service": "B", "cause": ""}

    assert read_form(ClaimBody(), form) == {"lines": [{"service": "A"}, {"service": "B"}]}


def test_numbers_may_be_grouped_or_written_in_khmer_digits() -> None:
    form = {
        "lines-0-quantity": "២",
        "lines-0-unit_price_riel": "1,250 000",
        "patient_paid_riel": "x",
    }

    said = read_form(ClaimBody(), form)

    assert said["lines"] == [{"quantity": 2, "unit_price_riel": 1250000}]
    assert said["patient_paid_riel"] == "x"


def test_fields_nobody_declared_never_reach_the_schema() -> None:
    assert read_form(ClaimBody(), {"csrf_token": "x", "do": "submit", "state": "paid"}) == {}


def test_a_box_that_is_ticked_is_true_and_one_that_is_not_is_left_out() -> None:
    assert read_form(CheckInBody(), {"identity-name_differs": "1"}) == {
        "identity": {"name_differs": True}
    }
    assert read_form(CheckInBody(), {"identity-seen": "none"}) == {"identity": {"seen": "none"}}


@pytest.mark.usefixtures("app")
def test_every_fault_stands_under_the_name_of_its_field() -> None:
    with force_locale("en"):
        loaded, errors = load_form(ClaimBody(), {"lines-0-quantity": "0", "type": "treatment"})

    assert loaded is None
    assert errors["card_number"] == "Missing data for required field."
    assert errors["lines-0-service"] == "Missing data for required field."
    assert "lines-0-quantity" in errors


@pytest.mark.usefixtures("app")
def test_what_has_no_khmer_is_told_in_general_words() -> None:
    with force_locale("km"):
        assert say("Not a valid date.") == "កាលបរិច្ឆេទមិនត្រឹមត្រូវ។"
        assert say("Must be one of: a, b.") == "តម្លៃនេះមិនត្រូវបានទទួលទេ។"
        problem = Conflict("x", detail="Only in English")
        assert sentence(problem) == "ស្ថានភាពនៃកំណត់ត្រាមិនអនុញ្ញាតទេ"
    with force_locale("en"):
        assert say("Must be one of: a, b.") == "Must be one of: a, b."
        assert sentence(problem).endswith(". Only in English")


@pytest.mark.usefixtures("app")
def test_a_services_faults_are_named_by_field_and_others_for_the_whole_form() -> None:
    with force_locale("en"):
        named = errors_of(Invalid(errors=[{"pointer": "/lines/0/reason", "message": "No."}]))
        whole = errors_of(Conflict())

    assert named == {"lines-0-reason": "No."}
    assert whole == {"": "The state of the record does not allow this"}


@pytest.mark.usefixtures("app")
def test_a_step_that_came_too_late_says_what_to_do_in_both_languages() -> None:
    late = InvalidTransition(detail="A claim that is paid cannot void.", allowed=[])

    with force_locale("km"):
        khmer = sentence(late)
    with force_locale("en"):
        english = sentence(late)

    assert "cannot" not in khmer
    assert english.endswith(
        ". Somebody may have changed it meanwhile: open it again to see what can be done now."
    )
