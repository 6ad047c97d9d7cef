"""The blueprint of the allowances' desk: its place in the navigation and its words."""

from __future__ import annotations

from auth.permissions import Permission
from claims.allowances.words import WORDS
from claims.attachments.words import WORDS as FILE_WORDS
from config.web import DeskBlueprint, DeskLink
from config.words import N_

FILE = Permission.ALLOWANCE_FILE
REVIEW = (Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE)
READ = (FILE, *REVIEW)

blueprint = DeskBlueprint(
    "allowances",
    __name__,
    url_prefix="/allowances",
    template_folder="../templates",
    links=(DeskLink(N_("Allowances"), "allowances.list_allowances", READ, order=35),),
    words=WORDS | FILE_WORDS,
)
