"""The reviewers' blueprint: its place in the navigation and its words."""

from __future__ import annotations

from auth.permissions import Permission
from claims.review.words import WORDS
from config.web import DeskBlueprint, DeskLink
from config.words import N_

REVIEWERS = (Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE)
LISTENERS = (Permission.CLAIM_APPROVE, Permission.AUDIT_READ)

blueprint = DeskBlueprint(
    "review",
    __name__,
    url_prefix="/review",
    template_folder="../templates",
    links=(
        DeskLink(N_("Review"), "review.show_queue", REVIEWERS, order=30),
        DeskLink(N_("Claims taken by name"), "review.show_named", LISTENERS, order=34),
    ),
    words=WORDS,
)
