"""Which policy files are in force, and what a person has used: SELECTs only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from config.db import db
from gateway.coverage.models import BenefitUsage, PolicyFile


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file in force, as stored."""

    name: str
    body: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Used:
    """One benefit of one day that a claim has used."""

    scheme: str
    benefit: str
    day: date
    claim: str


def files_in_force() -> tuple[StoredFile, ...]:
    """List the newest file of each scheme and effective date."""
    rows = db.session.execute(
        select(PolicyFile.name, PolicyFile.body, PolicyFile.sha256)
        .ext(distinct_on(PolicyFile.scheme, PolicyFile.effective_from))
        .order_by(PolicyFile.scheme, PolicyFile.effective_from, PolicyFile.id.desc())
    )
    return tuple(StoredFile(*row) for row in rows)


def sha_in_force(scheme: str, effective_from: date) -> str | None:
    """Find the digest of the file in force for a scheme and effective date."""
    return db.session.scalar(
        select(PolicyFile.sha256)
        .where(PolicyFile.scheme == scheme, PolicyFile.effective_from == effective_from)
        .order_by(PolicyFile.id.desc())
        .limit(1)
    )


def usage_between(card_key: str, after: date, until: date) -> tuple[Used, ...]:
    """List what a person used after one day and up to another."""
    rows = db.session.execute(
        select(BenefitUsage.scheme, BenefitUsage.benefit, BenefitUsage.day, BenefitUsage.claim)
        .where(BenefitUsage.card_key == card_key)
        .where(BenefitUsage.day > after, BenefitUsage.day <= until)
        .order_by(BenefitUsage.day, BenefitUsage.benefit, BenefitUsage.claim)
    )
    return tuple(Used(*row) for row in rows)
