"""Policies in force and benefits used: load and read policy files, write and release usage.

Eligibility reads the policy set on every check, so it is kept in memory until the generation number
changes. Claims write usage in the transaction that approves them, so the counter knows limits.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert

from auth.permissions import Actor, system_actor
from config import generation
from config.audit import record
from config.db import transaction
from config.errors import Invalid
from config.settings import settings
from gateway.coverage import queries
from gateway.coverage.models import BenefitUsage, PolicyFile
from gateway.coverage.months import months_before
from gateway.coverage.policy import Policy, PolicySet, policy_set_of
from gateway.coverage.policy_file import MAX_WINDOW_MONTHS, PolicyError, parse_policy
from gateway.coverage.queries import Used

DEFAULTS = Path(__file__).parent.parent / "data" / "policies"

_lock = threading.Lock()
_cached: dict[str, tuple[int, PolicySet]] = {}


def load_policy(text_of_file: str, *, name: str, by: Actor) -> Policy:
    """Put a policy file in force from the next request on; the same file again changes nothing.

    It stands beside the files of other dates and takes the place of one with the same scheme and
    effective date. Every fault is named with file, line and key, and then nothing is stored.
    """
    try:
        policy = parse_policy(text_of_file, name=name)
    except PolicyError as error:
        raise Invalid("policy_invalid", detail=str(error), errors=error.as_errors()) from error
    with transaction() as session:
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext('policies'))"))
        if queries.sha_in_force(policy.scheme, policy.effective_from) == policy.sha256:
            return policy
        session.add(
            PolicyFile(
                scheme=policy.scheme,
                effective_from=policy.effective_from,
                name=name,
                body=text_of_file,
                sha256=policy.sha256,
                loaded_by=by.subject,
            )
        )
        session.flush()
        record(
            by,
            "policy.loaded",
            subject=f"{policy.scheme}@{policy.effective_from}",
            sha256=policy.sha256,
        )
        generation.bump()
    return policy


def load_default_policies() -> int:
    """Load the shipped files into a store that has none; return how many were loaded."""
    by = system_actor("first-start")
    with transaction() as session:
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext('policies'))"))
        if session.scalar(select(PolicyFile.id).limit(1)) is not None:
            return 0
        files = sorted(DEFAULTS.glob("*.yaml"))
        for path in files:
            load_policy(path.read_text(encoding="utf-8"), name=path.name, by=by)
        return len(files)


def policy_set(at_generation: int | None = None) -> PolicySet:
    """Return every policy in force, read again when the generation has changed.

    The check knows the generation from its own statement and passes it, so that a check needs no
    further query.
    """
    now = generation.current() if at_generation is None else at_generation
    place = settings().app_database_url
    found = _cached.get(place)
    if found is not None and found[0] == now:
        return found[1]
    with _lock:
        files = queries.files_in_force()
        fresh = policy_set_of(
            tuple(parse_policy(file.body, name=file.name) for file in files),
            version=_version_of(file.sha256 for file in files),
        )
        _cached[place] = (now, fresh)
    return fresh


def use_benefit(
    *, card_key: str, scheme: str, benefit: str, days: Iterable[date], claim: str
) -> None:
    """Note that an approved claim used a benefit on these days; the same again changes nothing."""
    rows = [
        {"card_key": card_key, "scheme": scheme, "benefit": benefit, "day": day, "claim": claim}
        for day in sorted(set(days))
    ]
    if not rows:
        return
    with transaction() as session:
        session.execute(
            insert(BenefitUsage)
            .values(rows)
            .on_conflict_do_nothing(constraint="uq_benefit_usage_claim_day_benefit")
        )


def release_benefit(*, claim: str) -> None:
    """Give back everything a claim had used: it was reopened, voided or rejected after all."""
    with transaction() as session:
        session.execute(delete(BenefitUsage).where(BenefitUsage.claim == claim))


def usage_on(card_key: str, day: date) -> tuple[Used, ...]:
    """List what can matter to a limit on a day: everything used in the longest window before it."""
    return queries.usage_between(card_key, months_before(day, MAX_WINDOW_MONTHS), day)


def _version_of(shas: Iterable[str]) -> str:
    """Name exactly this set of files: the same files always have the same version."""
    digest = hashlib.sha256("\n".join(sorted(shas)).encode()).hexdigest()
    return f"P-{digest[:12]}"
