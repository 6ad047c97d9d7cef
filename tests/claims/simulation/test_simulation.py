"""What changed policies and prices would have paid on past claims, without touching one of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from claims.simulation import queries
from claims.simulation import service as simulation
from claims.simulation.rules import MOST_EXAMPLES, Tally
from claims.simulation.service import ChangedFile, running
from claims.submission import service as submission
from config import clock
from config.errors import Conflict, Invalid
from config.settings import settings
from gateway.coverage.service import DEFAULTS
from tests.claims.payable import scalar
from tests.claims.submission.filing import CONSULTATION_RIEL, biller, days_ago, file, make_line
from tests.factories import HOSPITAL, MAN, OTHER_HOSPITAL, WOMAN, make_dependent

pytestmark = pytest.mark.usefixtures("world")
NAME = "health_care-2023-11-14.yaml"
SHIPPED = (DEFAULTS / NAME).read_text(encoding="utf-8")
HEADER = (
    "service,name_km,name_en,benefit,level,payer,price_riel,valid_from,valid_to,status,source\n"
)


def policy(old: str = "", new: str = "", *, name: str = NAME) -> ChangedFile:
    assert old in SHIPPED
    return ChangedFile(name, SHIPPED.replace(old, new, 1))


def price(riel: int, *, since: str = "2016-01-01", until: str = "") -> ChangedFile:
    row = f"OPD-CONSULTATION,ពិគ្រោះ,Consultation,outpatient,cpa3,nssf,{riel},{since},{until},demo,a test\n"
    return ChangedFile("prices.csv", HEADER + row)


def simulated(*files: ChangedFile, **given: Any) -> dict[str, Any]:
    change = simulation.read_change(
        files, day_from=given.get("day_from"), day_to=given.get("day_to"), today=clock.today()
    )
    return simulation.simulate(change, processes=1, **given)


def group(result: dict[str, Any], dimension: str, key: str) -> dict[str, Any]:
    [found] = [row for row in result[f"by_{dimension}"] if row[dimension] == key]
    return dict(found)


def why(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["code"]: one for one in result["why"]}


def test_a_lower_price_pays_less_and_says_why() -> None:
    number = file("INV-1")["number"]

    result = simulated(price(20_000))

    assert (result["claims"], result["changed_claims"], result["changed_to_less"]) == (1, 1, 1)
    assert result["payable_riel"] == CONSULTATION_RIEL
    assert result["changed_payable_riel"] == 20_000
    assert result["difference_riel"] == -2_500
    assert why(result)["above_tariff"] == {
        "code": "above_tariff", "appears": 1, "disappears": 0, "differs": 0,
        "difference_riel": -2_500,
    }  # fmt: skip
    assert group(result, "scheme", "health_care")["changed_payable_riel"] == 20_000
    assert group(result, "category", "private_worker")["difference_riel"] == -2_500
    assert group(result, "level", "cpa3")["changed_claims"] == 1
    assert result["examples"] == [
        {"number": number, "payable_riel": CONSULTATION_RIEL, "changed_payable_riel": 20_000,
         "appears": ["above_tariff"], "disappears": []}
    ]  # fmt: skip


def test_a_stored_claim_judged_again_by_the_same_rules_is_worth_the_same() -> None:
    file("INV-1")
    file("INV-2", by=biller(OTHER_HOSPITAL), card_number=MAN, patient_paid_riel=1)
    file("INV-3")
    file("INV-4", service_from=days_ago(60), service_to=days_ago(60))
    file("INV-5", service_from=days_ago(3), service_to=days_ago(1), visit_type="inpatient",
         lines=[make_line("IPD-CASE", unit_price_riel=900_000)])  # fmt: skip
    file("INV-6", card_number="9990101-0000009-9")
    file("INV-7", diagnoses=[{"code": "X99.99", "role": "primary"}], lines=[make_line("NONE")])

    result = simulated(policy("value: 28", "value: 29"))

    assert result["claims"] == 7
    assert result["not_reproduced"] == {"claims": 0, "difference_riel": 0, "why": []}
    assert result["changed_claims"] == 0
    assert result["payable_riel"] == scalar("SELECT sum(payable_riel) FROM claims")


@pytest.mark.parametrize(
    ("old", "new", "code", "riel"),
    [
        ("  exclusions: []", "  exclusions: [{id: X, services: [OPD-CONSULTATION], source: x,"
         " status: law, confidence: H}]", "excluded", 0),
        ("  copay: {}", "  copay: {outpatient: {value: 2500, source: x, status: law,"
         " confidence: H}}", "copayment", 20_000),
        ("  checklists: {}", "  checklists: {OPD-CONSULTATION: {attachments: [invoice], source: x,"
         " status: law, confidence: H}}", "documents_missing", CONSULTATION_RIEL),
        ("    any: [{consecutive: 2}, {paid: 6, window: 12}]\n    effective_from: 2016-03-17",
         "    any: [{paid: 60, window: 60}]\n    effective_from: 2016-03-17", "not_eligible", 0),
        ("  outpatient:\n    levels: all", "  outpatient:\n    levels: [health_centre]",
         "benefit_not_covered", 0),
    ],
)  # fmt: skip
def test_every_part_of_a_policy_counts(old: str, new: str, code: str, riel: int) -> None:
    file("INV-1")

    result = simulated(policy(old, new))

    assert why(result)[code]["appears"] == 1
    assert result["changed_payable_riel"] == riel


def test_a_more_generous_policy_brings_back_what_was_refused() -> None:
    file("INV-1", service_from=days_ago(60), service_to=days_ago(60))

    result = simulated(policy("value: 30", "value: 90"))

    assert (result["payable_riel"], result["changed_payable_riel"]) == (0, CONSULTATION_RIEL)
    assert why(result)["late"]["disappears"] == 1
    assert result["changed_to_more"] == 1


def test_a_dependent_is_a_category_and_who_is_unknown_is_none(
    owner: psycopg.Connection[Any],
) -> None:
    file("INV-1", card_number=make_dependent(owner, "2180505-0000003-ខ", WOMAN))
    file("INV-2", card_number="9990101-0000009-9")

    result = simulated(price(20_000))

    assert group(result, "category", "dependent")["changed_payable_riel"] == 20_000
    assert group(result, "category", "none")["payable_riel"] == 0
    assert group(result, "scheme", "none")["claims"] == 1


def test_only_the_claims_of_the_period_count() -> None:
    for n in (1, 5, 9):
        file(f"INV-{n}", service_from=days_ago(n), service_to=days_ago(n))
    today = clock.today()

    result = simulated(
        price(20_000), day_from=today - timedelta(days=5), day_to=today - timedelta(days=2)
    )

    assert result["claims"] == 1
    assert (result["from"], result["to"]) == (days_ago(5), days_ago(2))


def test_what_was_never_submitted_or_taken_back_does_not_count() -> None:
    file("INV-1", submit=False)
    submission.withdraw_claim(file("INV-2")["number"], by=biller())

    assert simulated(price(20_000))["claims"] == 0


def test_a_policy_of_a_day_to_come_is_tried_on_the_past() -> None:
    file("INV-1")
    coming = clock.today() + timedelta(days=100)
    text = SHIPPED.replace("effective_from: 2023-11-14\ntitle", f"effective_from: {coming}\ntitle")
    text = text.replace("  copay: {}", "  copay: {outpatient: {value: 500, source: x, status: law,"
                        " confidence: H}}")  # fmt: skip

    result = simulated(ChangedFile("next.yaml", text), day_from=date(2026, 1, 1))
    prices = simulated(price(1_000, since=coming.isoformat()), day_from=date(2026, 1, 1))

    assert result["difference_riel"] == -500
    assert result["applied_from"] == prices["applied_from"] == "2026-01-01"
    assert prices["changed_payable_riel"] == 1_000


def test_a_changed_person_is_counted_as_not_reproduced_and_not_as_changed(
    owner: psycopg.Connection[Any],
) -> None:
    file("INV-1")
    owner.execute("DELETE FROM registry.coverages")

    result = simulated(price(20_000))

    assert result["changed_claims"] == 0
    assert result["not_reproduced"]["claims"] == 1
    assert result["not_reproduced"]["difference_riel"] == -CONSULTATION_RIEL
    assert {one["code"] for one in result["not_reproduced"]["why"]} >= {"not_eligible"}
    assert len(result["limits"]) == 4
    assert all(limit["text_en"] and limit["text_km"] for limit in result["limits"])


def test_later_claims_and_a_claim_s_own_use_do_not_change_what_it_was_judged_by(
    owner: psycopg.Connection[Any],
) -> None:
    first = file("INV-1", by=biller(OTHER_HOSPITAL))
    second = file("INV-2")
    owner.execute(
        "INSERT INTO benefit_usage (card_key, scheme, benefit, day, claim) SELECT card_key,"
        " 'health_care', 'outpatient', service_from, number FROM claims"
    )
    owner.execute("UPDATE benefit_usage SET recorded_at = now() + interval '1 day'")

    result = simulated(policy("days: 180", "days: 1"))

    assert result["not_reproduced"]["claims"] == 0
    assert result["changed_claims"] == 0
    assert [
        f["code"] for f in first["outcome"]["findings"] if f["code"] == "duplicate_elsewhere"
    ] == []
    assert "duplicate_elsewhere" in {f["code"] for f in second["outcome"]["findings"]}


WRITTEN = """
SELECT (SELECT count(*) FROM audit_events), (SELECT count(*) FROM claim_lines),
       (SELECT count(*) FROM claim_signals), (SELECT count(*) FROM tariffs), (SELECT n FROM generation)
"""


def test_nothing_is_written_and_nothing_can_be(owner: psycopg.Connection[Any]) -> None:
    file("INV-1")
    before = owner.execute(WRITTEN).fetchone()
    rows = scalar("SELECT md5(string_agg(c::text, '' ORDER BY id)) FROM claims c")

    simulated(price(20_000))

    assert scalar("SELECT md5(string_agg(c::text, '' ORDER BY id)) FROM claims c") == rows
    assert scalar("SELECT count(*) FROM tariffs WHERE price_riel = 20000 AND superseded_at IS NULL"
                  " AND service = 'OPD-CONSULTATION'") == 0  # fmt: skip
    assert owner.execute(WRITTEN).fetchone() == before
    with (
        queries.reading(
            queries.Source(settings().app_database_url, settings().connection_options)
        ) as c,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
    ):
        c.execute(sql.SQL("UPDATE claims SET held = true"))


def test_parts_that_come_in_another_order_leave_the_same_examples() -> None:
    def part(*numbers: int) -> Tally:
        return Tally(examples=[{"number": f"T26K{number:09d}"} for number in numbers])

    def added(*parts: Tally) -> list[str]:
        whole = Tally()
        for one in parts:
            whole.merge(one)
        return [example["number"] for example in whole.as_json()["examples"]]

    early, late = part(*range(1, 60, 2)), part(*range(0, 60, 2))

    assert added(early, late) == added(late, early)
    assert added(early, late) == [f"T26K{number:09d}" for number in range(MOST_EXAMPLES)]


def test_parts_add_up_to_the_whole_here_and_in_a_process_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for n in range(6):
        file(f"INV-{n}", service_from=days_ago(n), service_to=days_ago(n))
    whole = simulated(price(20_000))
    told: list[tuple[int, int]] = []
    change = simulation.read_change([price(20_000)], today=clock.today())

    monkeypatch.setattr(running, "ALONE_BELOW", 1)
    apart = simulation.simulate(change, processes=2, progress=lambda *at: told.append(at))
    monkeypatch.setattr(running, "PART", 2)
    parts = simulation.simulate(change, processes=1)

    for result in (whole, apart, parts):
        assert result.pop("computed_at")
        assert result.pop("milliseconds") >= 0
    assert whole == apart == parts
    assert told == [(0, 6), (6, 6)]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], "Name a changed file."),
        ([ChangedFile("a.yaml", "scheme: dental")], "a.yaml:1: "),
        ([ChangedFile("a.csv", HEADER + "x")], "a.csv:2: "),
    ],
)
def test_a_file_that_cannot_be_used_is_named(files: list[ChangedFile], message: str) -> None:
    with pytest.raises(Invalid) as caught:
        simulation.read_change(files, today=clock.today())

    assert caught.value.extra["errors"][0]["message"].startswith(message)


def test_a_file_that_is_in_force_as_it_is_simulates_nothing() -> None:
    with pytest.raises(Conflict):
        simulation.read_change([ChangedFile(NAME, SHIPPED)], today=clock.today())


def test_the_statement_of_a_check_is_used_whole() -> None:
    replaced: Callable[[str], bool] = lambda value: value not in queries.CLAIMS  # noqa: E731

    assert all(replaced(value) for value in queries.IN_THE_PLACE_OF if value.startswith("%"))
    assert queries.CLAIMS.count("b.recorded_at < c.submitted_at") == 1
    assert queries.CLAIMS.count("WHERE false") == 1
    assert HOSPITAL
