"""The words of appeals, and what their service says of a step, so that the catalogue has them."""

from __future__ import annotations

from config.words import N_

OUTCOME = {"won": N_("The facility is right"), "lost": N_("The decision stands")}
WORDS = {"appeal_outcome": OUTCOME}

SAID = (
    N_("A won appeal gives more than before."),
    N_("Tell the facility why."),
)
