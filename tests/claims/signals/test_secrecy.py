"""Nothing of a signal leaves NSSF: every door a facility has is tried with a claim full of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from claims.signals import service as signals
from claims.signals.reasons import TEXTS
from config import clock
from config.db import transaction
from tests.claims.payable import scalar, set_column
from tests.claims.submission.filing import make_body, make_line, nssf
from tests.claims.submission.test_api import Machine
from tests.desks import Desk
from tests.factories import HOSPITAL, MAN

pytestmark = pytest.mark.usefixtures("world")
WORDS = [
    "signal", '"risk', "sample", "watch", "Q26", "peers", "said to have paid", "multiples of",
    "claim_signals", "facility_profiles", "round_prices", "large_amount",
]  # fmt: skip
BODY = make_body(
    "INV-1", patient_paid_riel=5_000, visit_type="inpatient",
    lines=[make_line("IPD-CASE", unit_price_riel=3_000_000),
           make_line("MAJOR-SURGERY", unit_price_riel=2_000_000),
           make_line("REHABILITATION-SESSION", unit_price_riel=50_000)],
)  # fmt: skip


@pytest.fixture
def hospital(world: Flask, client: FlaskClient) -> Machine:
    with transaction():
        signals.watch_facility(HOSPITAL, why="complaint Q26", claims=50, by=nssf())
    return Machine(client)


@pytest.fixture
def marked(hospital: Machine) -> str:
    hospital.post("/eligibility-checks", {"card_number": BODY["card_number"]})
    number = hospital.post("/claims", BODY).json["number"]
    codes = {signal["code"] for signal in signals.signals_of(number)}
    assert codes == {"facility_watch", "patient_paid", "large_amount", "round_prices"}
    assert scalar("SELECT risk FROM claims WHERE number = :n", n=number) > 100
    return str(number)


def leaks(text: str) -> list[str]:
    """Name the words of signals a text holds; what the facility itself wrote is not one."""
    lowered = text.lower()
    openings = [km.split("{", maxsplit=1)[0].strip() for _, km in TEXTS.values()]
    khmer = [opening for opening in openings if len(opening) > 12]
    return [word for word in [*WORDS, *khmer] if word.lower() in lowered]


def doors(hospital: Machine, number: str) -> Iterator[tuple[str, str]]:
    """Ask everything a facility may ask about a claim."""
    filed = hospital.post("/claims", BODY | {"facility_reference": "INV-2", "card_number": MAN})
    assert filed.status_code == 201
    yield "the answer to filing", filed.text
    yield "the answer to filing again", hospital.post("/claims", BODY).text
    body = BODY | {"facility_reference": "INV-9"}
    body.pop("submit", None)
    yield "the preview", hospital.post("/claims/preview", body).text
    for path in (
        f"/claims/{number}", f"/claims/{number}/history", f"/claims/{number}/messages", "/claims",
        f"/claims/{number}/attachments", "/events?limit=200", "/policies", "/codes/reasons?limit=200",
    ):  # fmt: skip
        answer = hospital.get(path)
        assert answer.status_code == 200, (path, answer.text)
        yield path, answer.text
    found = hospital.post("/claims/search", {"card_number": BODY["card_number"]})
    yield "the search", found.text


def test_no_answer_to_a_facility_tells_of_a_signal(hospital: Machine, marked: str) -> None:
    told = {door: leaks(text) for door, text in doors(hospital, marked)}

    assert {door: words for door, words in told.items() if words} == {}


def test_no_page_of_the_billing_desk_tells_of_a_signal(client: FlaskClient, marked: str) -> None:
    desk = Desk(client, "billing", facility=HOSPITAL)

    for page in ("/billing", f"/billing/claims/{marked}"):
        assert leaks(desk.get(page)) == [], page


def test_a_decided_claim_tells_no_more(hospital: Machine, marked: str) -> None:
    set_column(marked, "state", "rejected")

    assert leaks(hospital.get(f"/claims/{marked}").text) == []


def test_the_audit_trail_and_the_log_hold_codes_and_numbers_only(marked: str) -> None:
    details = scalar(
        "SELECT string_agg(details::text, ' ') FROM audit_events"
        " WHERE action IN ('facility.watched', 'claim.submitted')"
    )

    assert leaks(details) == []


def test_the_sample_cannot_be_guessed_without_the_key(world: Flask) -> None:
    numbers = [f"C26K{n:09}" for n in range(2_000)]
    drawn = [signals.draw_of(number) for number in numbers]
    signals._key.cache_clear()
    folder = world.extensions["nssf.settings"].keys_dir
    kept = (folder / signals.KEY_NAME).read_bytes()
    try:
        assert [signals.draw_of(number) for number in numbers] == drawn
        (folder / signals.KEY_NAME).write_bytes(b"another key")
        signals._key.cache_clear()
        assert sum(a == b for a, b in zip(map(signals.draw_of, numbers), drawn, strict=True)) < 20
    finally:
        (folder / signals.KEY_NAME).write_bytes(kept)
        signals._key.cache_clear()
    assert (folder / signals.KEY_NAME).stat().st_mode & 0o077 == 0
    assert 60 < sum(draw < 50 for draw in drawn) < 140


def test_clean_claims_are_sampled_at_the_policy_s_rate(
    hospital: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signals, "draw_of", lambda _number: 49)
    scalar("SELECT 1")
    with transaction() as session:
        session.connection().exec_driver_sql("UPDATE facility_watches SET remaining = 0")
    day = (clock.today() - timedelta(days=1)).isoformat()
    clean = make_body("INV-3", service_from=day, service_to=day)
    number = hospital.post("/claims", clean).json["number"]

    assert [signal["code"] for signal in signals.signals_of(number)] == ["sample"]
