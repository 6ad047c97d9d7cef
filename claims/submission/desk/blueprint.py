"""The billing desk's blueprint: its place in the navigation and its words."""

from __future__ import annotations

from auth.permissions import Permission, Role
from claims.attachments.words import WORDS as ATTACHMENT_WORDS
from claims.submission.words import WORDS
from config.web import DeskBlueprint, DeskLink, Panel
from config.words import N_

blueprint = DeskBlueprint(
    "billing",
    __name__,
    url_prefix="/billing",
    template_folder="../templates",
    links=(
        DeskLink(
            N_("Billing"),
            "billing.list_claims",
            (Permission.CLAIM_SUBMIT,),
            order=20,
            home_of=(Role.BILLING,),
        ),
    ),
    words=WORDS | ATTACHMENT_WORDS,
)

VISIT_PANEL = Panel("visit", "submission/_from_visit.html", Permission.CLAIM_SUBMIT)
