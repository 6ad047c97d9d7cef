"""Which allowance rules are in force: the shipped files, each replaced by a loaded one of its name.

Kept in memory until the generation number changes, as the benefit policies are.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import text

from auth.permissions import Actor
from claims.allowances import queries
from claims.allowances.models import AllowanceRuleFile
from claims.allowances.rules.policy import AllowanceRules
from claims.allowances.rules.policy_file import parse_rules
from config import clock, generation
from config.audit import record
from config.db import db, transaction
from config.errors import Invalid
from gateway.coverage.policy_file import PolicyError

SHIPPED = Path(__file__).parents[2] / "data" / "allowances"

_lock = threading.Lock()
_kept: dict[str, tuple[int, AllowanceRules]] = {}


def load_rules(content: str, *, name: str, by: Actor) -> str:
    """Put a file of rules in force in place of the one of its name; return that name.

    Every fault is named with file, line and key, and then nothing is stored. The same file again
    changes nothing. Allowances already computed keep their computation.
    """
    try:
        called, _rules = parse_rules(content, name=name)
    except PolicyError as error:
        faults = [{"pointer": "", "message": fault} for fault in error.faults]
        raise Invalid("policy_invalid", detail=str(error), errors=faults) from error
    digest = hashlib.sha256(content.encode()).hexdigest()
    with transaction() as session:
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext('allowance rules'))"))
        if queries.files_in_force(session).get(called, ("", ""))[0] == digest:
            return called
        session.add(
            AllowanceRuleFile(name=called, body=content, sha256=digest, loaded_by=by.subject)
        )
        session.flush()
        record(by, "allowance_rules.loaded", subject=called, sha256=digest)
        generation.bump()
    return called


def rules_in_force() -> AllowanceRules:
    """Return every rule in force, read again when the generation has changed."""
    now, place = generation.current(), str(db.engine.url)
    found = _kept.get(place)
    if found is not None and found[0] == now:
        return found[1]
    with transaction() as session:
        loaded = {name: body for name, (_sha, body) in queries.files_in_force(session).items()}
    bodies = shipped_files() | loaded
    fresh = AllowanceRules(
        tuple(rule for name in sorted(bodies) for rule in parse_rules(bodies[name], name=name)[1]),
        version=_version_of(bodies),
    )
    with _lock:
        _kept[place] = (now, fresh)
    return fresh


def rules_shown(day: date | None) -> dict[str, Any]:
    """Show the rules of a day (default today), each with its source and status."""
    on, known = day or clock.today(), rules_in_force()
    items = [
        {name: value for name, value in asdict(rule).items() if value not in (None, ())}
        for rule in known.rules
        if rule.effective_from <= on and (rule.effective_to is None or on < rule.effective_to)
    ]
    return {"version": known.version, "on": on, "items": items}


def shipped_files() -> dict[str, str]:
    """Return the files the product ships, by name."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(SHIPPED.glob("*.yaml")))
    return {parse_rules(content)[0]: content for content in texts}


def _version_of(bodies: dict[str, str]) -> str:
    digest = hashlib.sha256("\0".join(bodies[name] for name in sorted(bodies)).encode())
    return f"A-{digest.hexdigest()[:12]}"
