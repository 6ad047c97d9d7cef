"""The blueprint of complaints at the desk, with its place in the navigation."""

from __future__ import annotations

from auth.permissions import Permission
from claims.complaints.words import WORDS
from config.web import DeskBlueprint, DeskLink, Panel
from config.words import N_

FILE, MANAGE = Permission.COMPLAINT_FILE, Permission.COMPLAINT_MANAGE

blueprint = DeskBlueprint(
    "complaints",
    __name__,
    url_prefix="/complaints",
    template_folder="../templates",
    links=(DeskLink(N_("Complaints"), "complaints.show_complaints", (MANAGE, FILE), order=60),),
    words=WORDS,
)
RECEPTION_PANEL = Panel("reception", "complaints/_from_reception.html", FILE)
VISIT_PANEL = Panel("visit", "complaints/_from_visit.html", FILE)
# The colour of a state: what waits for somebody stands out.
CHIPS = {"open": "open", "forwarded": "awaiting", "answered": "finished", "closed": "closed"}


@blueprint.context_processor
def chips() -> dict[str, dict[str, str]]:
    """Give the pages the colours of the states."""
    return {"chips": CHIPS}
