"""Policy files: what is shipped can be decided on, and every fault names file, line and key."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.coverage.months import months_before
from gateway.coverage.policy import BENEFITS, LEVELS, PROCEDURES, policy_set_of
from gateway.coverage.policy_file import PolicyError, parse_policy
from gateway.coverage.policy_view import policies_on
from gateway.coverage.service import DEFAULTS

SHIPPED = {path.name: path.read_text(encoding="utf-8") for path in sorted(DEFAULTS.glob("*.yaml"))}
WORKERS = SHIPPED["health_care-2016-03-17.yaml"]
EXCLUDED = (
    "{id: X, services: [IPD-CASE], effective_from: 2025-01-01, effective_to: 2026-01-01,"
    " source: a test, status: law, confidence: H}"
)
ANOTHER = """  - id: {id}
    kind: {kind}
    {groups}
    effective_from: {start}
    effective_to: {end}
    source: a test
    status: law
    confidence: H
benefits:
"""


def faults_of(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        parse_policy(text, name="policy.yaml")
    return caught.value.faults


def line_of(text: str, part: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if part in line)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_file_is_named_after_its_scheme_and_date(name: str) -> None:
    policy = parse_policy(SHIPPED[name], name=name)

    assert name == f"{policy.scheme}-{policy.effective_from}.yaml"
    assert set(policy.benefits) == {*BENEFITS, *PROCEDURES}
    assert policy.claims.four_eyes_above_riel == 2_000_000
    assert policy.claims.auto_approve_below_riel is None
    assert policy.claims.newborn_days == 28
    assert all(rule.source.text for rule in policy.rules)


def test_levels_give_benefits_as_agreed_by_default() -> None:
    policy = parse_policy(SHIPPED["health_care-2023-11-14.yaml"])
    given = {level: {b for b in policy.benefits if policy.gives(b, level)} for level in LEVELS}

    everywhere = {"outpatient", "emergency", "transport"}
    births = {"antenatal", "delivery", "postnatal"}
    assert given["health_post"] == given["clinic"] == given["polyclinic"] == everywhere
    assert given["health_centre"] == everywhere | births
    assert given["cpa1"] == everywhere | births | {"inpatient", "rehabilitation"}
    assert given["cpa2"] == given["cpa3"] == given["national"] == set(policy.benefits)
    assert "inpatient" in given["private_hospital"]


def test_the_policy_of_the_service_day_is_found_by_date() -> None:
    policies = policy_set_of(tuple(map(parse_policy, SHIPPED.values())), "v")

    def since(scheme: str, day: date) -> date | None:
        found = policies.on(scheme, day)
        return found.effective_from if found else None

    assert since("health_care", date(2016, 3, 16)) is None
    assert since("health_care", date(2016, 3, 17)) == date(2016, 3, 17)
    assert since("health_care", date(2017, 12, 31)) == date(2016, 3, 17)
    assert since("health_care", date(2018, 1, 1)) == date(2018, 1, 1)
    assert since("health_care", date(2023, 11, 13)) == date(2018, 1, 1)
    assert since("health_care", date(2026, 11, 22)) == date(2023, 11, 14)
    assert since("pension", date(2026, 11, 22)) is None


def test_claim_rules_come_with_their_sources() -> None:
    rules = policy_set_of(tuple(map(parse_policy, SHIPPED.values())), "v").claim_rules(
        "health_care", date(2026, 11, 22)
    )

    assert rules.submit_within_days == 30
    assert rules.source_of("submit_within_days").status == "assumption"
    assert rules.service_limits["DELIVERY-NORMAL"].min_days_between == 182
    assert rules.source_of("service_limits.DELIVERY-NORMAL").status == "law"


def test_what_is_shown_of_a_policy_has_a_source_for_every_rule() -> None:
    policies = policy_set_of(tuple(map(parse_policy, SHIPPED.values())), "v")

    shown = policies_on(policies, date(2026, 11, 22), nssf=True)

    assert [item["scheme"] for item in shown["items"]] == [
        "health_care",
        "occupational_risk",
        "hef",
    ]
    rules = [rule for item in shown["items"] for rule in item["rules"]]
    assert {rule["id"] for rule in rules} >= {"W-MED", "V-LAPSE", "D-CHILD", "HEF", "OR-1"}
    assert all(rule["source"] and rule["status"] and rule["confidence"] for rule in rules)


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ("scheme: health_care", "scheme: dental", "scheme", "must be one of health_care"),
        ("effective_from: 2016-03-17\ntitle", "effective_from: soon\ntitle", "effective_from", "must be a day"),
        ("order: 1", "order: first", "order", "must be a whole number"),
        ("order: 1", "order: 1\ncolour: red", "colour", "is not a key of this place"),
        ("order: 1", "order: 1\norder: 2", "order", "is written twice"),
        ("value: 15", "value: 31", "due_day.value", "from 1 to 28"),
        ("kind: months", "kind: monthly", "rules[0].kind", "must be one of months"),
        ("groups: [private_worker]", "groups: [worker]", "rules[0].groups[0]", "must be one of private_worker"),
        ("paid: 6, window: 12", "paid: 6", "rules[0].any[1]", "must be {consecutive: N} or"),
        ("paid: 6, window: 12", "paid: 13, window: 12", "rules[0].any[1].paid", "more than the window"),
        ("status: law", "status: certain", "facility_kinds.status", "must be one of law"),
        ("days: 180", "days: 1.5", "rules[1].days", "must be a whole number"),
        ("days: 180", "days: 180\n    count: 3", "rules[1]", "must name days or count"),
        ("window_months: 12", "window_months: 36", "rules[1].window_months", "from 1 to 24"),
        ("id: W-LIMIT", "id: W-MED", "rules[1].id", "is used twice"),
        ("levels: all", "levels: [hospital]", "benefits.outpatient.levels[0]", "must be one of health_post"),
        ("  inpatient:", "  dental:", "benefits.dental", "must be one of outpatient"),
        ("value: 2_000_000", "value: -1", "claims.four_eyes_above_riel.value", "must be a whole number"),
        ("  exclusions: []", "  exclusions: [{id: X}]", "claims.exclusions[0]", "must name services"),
        ("effective_from: 2016-03-17\ntitle", "effective_from: 20160317\ntitle", "effective_from", "must be a day"),
        ("effective_from: 2016-03-17\ntitle", "effective_from: 2016-W11-4\ntitle", "effective_from", "must be a day"),
        ("effective_from: 2016-03-17\ntitle", "effective_from: 2016-02-30\ntitle", "effective_from", "must be a day"),
        ("    effective_to:\n", "    effective_to: 2016-03-17\n", "rules[0].effective_to", "must be after effective_from"),
        ("order: 1", f"order: {'9' * 5000}", "order", "must be a whole number"),
        ("order: 1", "order: 017", "order", "must be a whole number"),
        ("days: 180", "days: 15600.5", "rules[1].days", "must be a whole number"),
        ("groups: [private_worker]", "groups: []", "rules[0].groups", "must name at least one"),
        ("levels: all", "levels: []", "benefits.outpatient.levels", "must name at least one"),
        ("[illness, maternity]", "[illness, illness]", "causes.value[1]", "is written twice"),
        ("rules:\n", "rules:\n  - W-MED\n", "rules[0]", "must be a mapping"),
        ("order: 1", "order: 1\n[a, b]: 2", "file", "a key must be a word"),
        ("  exclusions: []", f"  exclusions: [{EXCLUDED}, {EXCLUDED}]", "claims.exclusions[1].id", "is used twice"),
        ("  exclusions: []", f"  exclusions: [{EXCLUDED.replace('2026', '2024')}]", "claims.exclusions[0].effective_to", "must be after effective_from"),
        ("  exclusions: []", f"  exclusions: [{EXCLUDED.replace('[IPD-CASE]', '[]')}]", "claims.exclusions[0].services", "must name at least one"),
    ],
)  # fmt: skip
def test_a_fault_names_file_line_and_key(old: str, new: str, key: str, says: str) -> None:
    changed = WORKERS.replace(old, new) if old == "status: law" else WORKERS.replace(old, new, 1)
    assert changed != WORKERS

    faults = [fault for fault in faults_of(changed) if f" {key}: " in fault]

    assert faults, faults_of(changed)
    assert any(says in fault for fault in faults)
    file, line, _ = faults[0].split(":", 2)
    assert file == "policy.yaml"
    assert 1 <= int(line) <= len(changed.splitlines())


def test_the_line_is_the_line_of_the_key() -> None:
    changed = WORKERS.replace("window_months: 12", "window_months: 36")

    [fault] = faults_of(changed)

    assert fault.startswith(f"policy.yaml:{line_of(changed, 'window_months: 36')}: ")


def test_all_faults_are_named_at_once() -> None:
    changed = WORKERS.replace("scheme: health_care", "scheme: dental").replace("order: 1\n", "")

    assert [fault.split(": ")[1] for fault in faults_of(changed)] == ["order", "scheme"]


def test_a_faulty_rule_is_named_once_and_not_compared_with_the_others() -> None:
    changed = WORKERS.replace("rules:\n", "rules:\n  - W-MED\n", 1)

    assert faults_of(changed) == [
        f"policy.yaml:{line_of(changed, '- W-MED')}: rules[0]: must be a mapping"
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("[]", "must be a mapping"),
        ("a: [", "file:"),
        ("a: &x 1\nb: *x", "policy.yaml:2: file: must not use YAML aliases"),
        ("a: &x [1, 1]\nb: &y [*x, *x]\nc: [*y, *y]", "must not use YAML aliases"),
        (
            "a: 1\nb: !!python/object/apply:os.system [ls]",
            "policy.yaml:2: file: must not use YAML tags",
        ),
        ("scheme: !!str health_care", "must not use YAML tags"),
        ("- " * 50_000, "is nested more than 20 deep"),
        ("[" * 900 + "]" * 900, "is nested more than 20 deep"),
        ("a: 1\n---\nb: 2", "another document"),
        ("title: \ud800", "is not UTF-8"),
        ("title: \0", "is not YAML"),
        ("x" * 200_001, "larger than"),
    ],
)
def test_what_is_no_policy_is_refused_in_one_line(text: str, says: str) -> None:
    assert says in faults_of(text)[0]


@pytest.mark.parametrize(
    ("kind", "groups", "start", "end", "overlaps"),
    [
        ("entitled", "groups: [veteran, private_worker]", "2020-01-01", "", True),
        ("entitled", "groups:", "2020-01-01", "2021-01-01", True),
        ("entitled", "groups: [private_worker]", "2016-01-01", "2016-03-17", False),
        ("entitled", "groups: [veteran]", "2020-01-01", "", False),
        ("principal", "groups: [private_worker]", "2020-01-01", "", False),
    ],
)
def test_two_rules_never_say_different_things_of_one_group_on_one_day(
    kind: str, groups: str, start: str, end: str, overlaps: bool
) -> None:
    rule = ANOTHER.format(id="W-OTHER", kind=kind, groups=groups, start=start, end=end)
    text = WORKERS.replace("benefits:\n", rule, 1)

    if not overlaps:
        assert parse_policy(text).rules[-1].id == "W-OTHER"
        return
    [fault] = faults_of(text)
    assert fault.startswith(f"policy.yaml:{line_of(text, 'W-OTHER')}: rules[2]: speaks of the same")
    assert fault.endswith("as W-MED")


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (date(2026, 11, 22), 12, date(2025, 11, 22)),
        (date(2024, 2, 29), 12, date(2023, 2, 28)),
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2026, 1, 15), 24, date(2024, 1, 15)),
    ],
)
def test_stepping_back_months_stays_in_the_calendar(day: date, months: int, before: date) -> None:
    assert months_before(day, months) == before
