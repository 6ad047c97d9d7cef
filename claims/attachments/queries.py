"""Reads attachments: of a subject, by number, and which contents somebody still needs."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import exists, func, select

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


def is_needed(sha256: str) -> bool:
    """Tell whether any attachment has this content."""
    return bool(db.session.scalar(select(exists().where(Attachment.sha256 == sha256))))
