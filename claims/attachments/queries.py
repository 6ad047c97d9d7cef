"""Reads attachments: of a subject, by number, and which contents somebody still needs."""

from __future__ import annotations

from collections.abc import Sequence, Set

from sqlalchemy import ARRAY, Text, cast, func, select

from claims.attachments.models import Attachment
from config.db import db


def list_rows(subject: str) -> Sequence[Attachment]:
    """Return a subject's attachments, oldest first."""
    return db.session.scalars(
        select(Attachment).where(Attachment.subject == subject).order_by(Attachment.id)
    ).all()


def kinds(subject: str) -> frozenset[str]:
    """Return the kinds of file a subject has."""
    found = db.session.scalars(select(Attachment.kind).where(Attachment.subject == subject))
    return frozenset(found)


def count(subject: str) -> int:
    """Return how many attachments a subject has."""
    query = select(func.count()).select_from(Attachment).where(Attachment.subject == subject)
    return db.session.scalar(query) or 0


def find_row(subject: str, number: str) -> Attachment | None:
    """Return one attachment of a subject."""
    return db.session.scalar(
        select(Attachment).where(Attachment.subject == subject, Attachment.number == number)
    )


def find_same(subject: str, kind: str, received_sha256: str) -> Attachment | None:
    """Return the attachment a subject has of this kind with this very content."""
    return db.session.scalar(
        select(Attachment).where(
            Attachment.subject == subject,
            Attachment.kind == kind,
            Attachment.received_sha256 == received_sha256,
        )
    )


def needed(contents: Set[str]) -> set[str]:
    """Return which of these contents any attachment has."""
    # One array, for statements take no more than 65,535 single values.
    asked = cast(list(contents), ARRAY(Text))
    query = select(Attachment.sha256).where(Attachment.sha256 == func.any(asked))
    return set(db.session.scalars(query.distinct()))
