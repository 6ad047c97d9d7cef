"""What somebody may do: permissions, the roles that bundle them, and the actor of a request. Pure.

Permissions are the scopes of machine clients and the rights of people's roles, in the same words.
Everybody imports this; it imports nothing of the product.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Permission(StrEnum):
    """One thing somebody may do; the value is the OAuth scope."""

    ELIGIBILITY_CHECK = "eligibility.check"
    VISIT_MANAGE = "visit.manage"
    CLAIM_SUBMIT = "claim.submit"
    CLAIM_READ = "claim.read"
    CLAIM_REVIEW = "claim.review"
    CLAIM_APPROVE = "claim.approve"
    ALLOWANCE_FILE = "allowance.file"
    BATCH_MANAGE = "batch.manage"
    BATCH_AUTHORISE = "batch.authorise"
    COMPLAINT_FILE = "complaint.file"
    COMPLAINT_MANAGE = "complaint.manage"
    WEBHOOK_MANAGE = "webhook.manage"
    STATISTICS_READ = "statistics.read"
    REGISTRY_IMPORT = "registry.import"
    POLICY_MANAGE = "policy.manage"
    USER_MANAGE = "user.manage"
    AUDIT_READ = "audit.read"


class Role(StrEnum):
    """What a person is at work; the value is stored."""

    RECEPTION = "reception"
    BILLING = "billing"
    FACILITY_MANAGER = "facility_manager"
    HOTLINE = "hotline"
    NSSF_AGENT = "nssf_agent"
    REVIEWER = "reviewer"
    APPROVER = "approver"
    FINANCE = "finance"
    FINANCE_AUTHORISER = "finance_authoriser"
    ANALYST = "analyst"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


_RECEPTION = frozenset(
    {Permission.ELIGIBILITY_CHECK, Permission.VISIT_MANAGE, Permission.COMPLAINT_FILE}
)
_BILLING = frozenset(
    {
        Permission.ELIGIBILITY_CHECK,
        Permission.VISIT_MANAGE,
        Permission.CLAIM_SUBMIT,
        Permission.CLAIM_READ,
        Permission.ALLOWANCE_FILE,
    }
)
_REVIEWER = frozenset({Permission.CLAIM_REVIEW, Permission.CLAIM_READ})

# A facility manager's user.manage and statistics.read reach the own facility only: services filter
# by `actor.facility` whenever `actor.nssf` is false.
ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.RECEPTION: _RECEPTION,
    Role.BILLING: _BILLING,
    Role.FACILITY_MANAGER: _RECEPTION
    | _BILLING
    | {Permission.USER_MANAGE, Permission.WEBHOOK_MANAGE, Permission.STATISTICS_READ},
    Role.HOTLINE: frozenset({Permission.ELIGIBILITY_CHECK, Permission.COMPLAINT_FILE}),
    Role.NSSF_AGENT: _RECEPTION | _BILLING,
    Role.REVIEWER: _REVIEWER,
    Role.APPROVER: _REVIEWER | {Permission.CLAIM_APPROVE},
    Role.FINANCE: frozenset({Permission.BATCH_MANAGE, Permission.CLAIM_READ}),
    Role.FINANCE_AUTHORISER: frozenset({Permission.BATCH_AUTHORISE, Permission.CLAIM_READ}),
    Role.ANALYST: frozenset({Permission.STATISTICS_READ}),
    Role.AUDITOR: frozenset({Permission.AUDIT_READ}),
    Role.ADMINISTRATOR: frozenset(
        {
            Permission.USER_MANAGE,
            Permission.REGISTRY_IMPORT,
            Permission.POLICY_MANAGE,
            Permission.COMPLAINT_MANAGE,
        }
    ),
}

FACILITY_ROLES = frozenset({Role.RECEPTION, Role.BILLING, Role.FACILITY_MANAGER})
NSSF_ROLES = frozenset(Role) - FACILITY_ROLES - {Role.NSSF_AGENT}
SECOND_FACTOR_ROLES = frozenset(
    {
        Role.REVIEWER,
        Role.APPROVER,
        Role.FINANCE,
        Role.FINANCE_AUTHORISER,
        Role.AUDITOR,
        Role.ADMINISTRATOR,
    }
)
SEPARATED = frozenset(
    {
        Permission.BATCH_MANAGE,
        Permission.BATCH_AUTHORISE,
        Permission.USER_MANAGE,
        Permission.AUDIT_READ,
    }
)


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts: a person, a machine client or the system itself.

    `facility` is the one acted for in this request, `facilities` all that may be acted for.
    `nssf` means no facility binds the actor. `name` is for display and never logged.
    """

    subject: str
    permissions: frozenset[Permission]
    facility: str | None = None
    facilities: tuple[str, ...] = ()
    nssf: bool = False
    roles: tuple[Role, ...] = ()
    name: str = field(default="", repr=False, compare=False)

    def may(self, permission: Permission) -> bool:
        """Tell whether the actor holds this permission."""
        return permission in self.permissions

    @property
    def is_person(self) -> bool:
        """Tell whether a human being acts, rather than a program."""
        return self.subject.startswith("user:")


def system_actor(name: str) -> Actor:
    """Return the product itself as actor (jobs, commands, demo data): may do everything."""
    return Actor(subject=f"system:{name}", permissions=frozenset(Permission), nssf=True)


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """Return the union of what the roles may do."""
    return frozenset().union(*(ROLE_PERMISSIONS[role] for role in roles))


def separated_duties(permissions: Iterable[Permission]) -> tuple[Permission, ...]:
    """Return the duties nobody may hold together that are held together here; empty when fine."""
    held = sorted(SEPARATED & frozenset(permissions))
    return tuple(held) if len(held) > 1 else ()


def needs_second_factor(roles: Iterable[Role]) -> bool:
    """Tell whether one of the roles may only be used with a second factor."""
    return not SECOND_FACTOR_ROLES.isdisjoint(roles)


def appointment_problem(roles: Iterable[Role], facilities: Iterable[str]) -> str | None:
    """Say why these roles at these facilities cannot be one person's; None when they can."""
    held, places = frozenset(roles), tuple(facilities)
    if not held:
        return "A person needs at least one role."
    together = separated_duties(permissions_of(held))
    if together:
        return f"Nobody may hold {' and '.join(together)} together."
    return _facility_problem(held, places)


def _facility_problem(held: frozenset[Role], places: tuple[str, ...]) -> str | None:
    if held & NSSF_ROLES:
        if held - NSSF_ROLES:
            return "NSSF's own roles and a facility's roles cannot be held together."
        return "NSSF's own roles are held without a facility." if places else None
    if not places:
        return "This role needs a facility."
    if len(places) > 1 and held != {Role.NSSF_AGENT}:
        return "Only NSSF's agents work for several facilities."
    return None
