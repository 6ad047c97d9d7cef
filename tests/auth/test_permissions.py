"""Roles, permissions and the duties that must stay apart."""

import itertools

import pytest

from auth.permissions import (
    NSSF_ROLES,
    ROLE_PERMISSIONS,
    SEPARATED,
    Actor,
    Permission,
    Role,
    appointment_problem,
    permissions_of,
    separated_duties,
    system_actor,
)

CONTRACT = {
    "reception": "eligibility.check visit.manage complaint.file",
    "billing": "eligibility.check visit.manage claim.submit claim.read allowance.file",
    "facility_manager": "eligibility.check visit.manage complaint.file claim.submit claim.read"
    " allowance.file user.manage webhook.manage statistics.read",
    "hotline": "eligibility.check complaint.file",
    "nssf_agent": "eligibility.check visit.manage complaint.file claim.submit claim.read allowance.file",
    "reviewer": "claim.review claim.read",
    "approver": "claim.review claim.read claim.approve",
    "finance": "batch.manage claim.read",
    "finance_authoriser": "batch.authorise claim.read",
    "analyst": "statistics.read",
    "auditor": "audit.read",
    "administrator": "user.manage registry.import policy.manage complaint.manage",
}


@pytest.mark.parametrize("role", list(Role))
def test_each_role_holds_exactly_what_the_contract_gives_it(role):
    assert ROLE_PERMISSIONS[role] == set(CONTRACT[role].split())


@pytest.mark.parametrize("pair", list(itertools.combinations(sorted(SEPARATED), 2)))
def test_no_two_separated_duties_are_held_together(pair):
    assert separated_duties(pair) == pair
    assert separated_duties(pair[:1]) == ()


def test_the_union_of_roles_is_what_is_checked():
    assert appointment_problem([Role.FINANCE], []) is None
    assert "batch.authorise" in appointment_problem([Role.FINANCE, Role.FINANCE_AUTHORISER], [])
    assert "audit.read" in appointment_problem([Role.AUDITOR, Role.ADMINISTRATOR], [])
    assert "user.manage" in appointment_problem([Role.FACILITY_MANAGER, Role.FINANCE], ["1"])


@pytest.mark.parametrize(
    ("roles", "facilities"),
    [
        ([], []),
        (["reception"], []),
        (["reception"], ["1", "2"]),
        (["reviewer"], ["1"]),
        (["reviewer", "billing"], ["1"]),
        (["nssf_agent"], []),
        (["nssf_agent", "reviewer"], ["1"]),
    ],
)
def test_roles_and_facilities_that_do_not_fit_are_refused(roles, facilities):
    assert appointment_problem([Role(role) for role in roles], facilities)


@pytest.mark.parametrize(
    ("roles", "facilities"),
    [
        (["reception", "billing"], ["1"]),
        (["nssf_agent"], ["1", "2"]),
        (["reviewer", "analyst"], []),
        (["facility_manager"], ["1"]),
    ],
)
def test_roles_and_facilities_that_fit_are_taken(roles, facilities):
    assert appointment_problem([Role(role) for role in roles], facilities) is None


def test_nssf_roles_are_neither_a_facilitys_nor_an_agents():
    assert Role.NSSF_AGENT not in NSSF_ROLES
    assert Role.FACILITY_MANAGER not in NSSF_ROLES
    assert Role.HOTLINE in NSSF_ROLES


def test_an_actors_name_is_not_in_its_representation():
    actor = Actor("user:dara", permissions_of([Role.BILLING]), facility="1", name="Chan Dara")

    assert "Chan" not in repr(actor)
    assert actor.may(Permission.CLAIM_SUBMIT)
    assert not actor.may(Permission.CLAIM_REVIEW)
    assert actor.is_person


def test_the_system_itself_may_do_everything_and_is_no_person():
    assert all(system_actor("demo").may(permission) for permission in Permission)
    assert not system_actor("demo").is_person
