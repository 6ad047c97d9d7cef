"""The blueprints of finance's desk and of the remittances, with their places in the navigation."""

from __future__ import annotations

from auth.permissions import Permission
from claims.reimbursement.words import WORDS
from config.web import DeskBlueprint, DeskLink
from config.words import N_

MANAGE, AUTHORISE = Permission.BATCH_MANAGE, Permission.BATCH_AUTHORISE

blueprint = DeskBlueprint(
    "finance",
    __name__,
    url_prefix="/finance",
    template_folder="../templates",
    links=(DeskLink(N_("Finance"), "finance.show_due", (MANAGE, AUTHORISE), order=40),),
    words=WORDS,
)
remittance_blueprint = DeskBlueprint(
    "remittances",
    __name__,
    url_prefix="/remittances",
    links=(
        DeskLink(
            N_("Remittances"),
            "remittances.list_remittances",
            (Permission.CLAIM_SUBMIT, MANAGE, AUTHORISE),
            order=45,
        ),
    ),
)
