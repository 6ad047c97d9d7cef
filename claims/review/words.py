"""The words of review: why a second person is needed, and what the rules say of a decision."""

from __future__ import annotations

from config.words import N_

CAUSE = {
    "amount": N_("the amount is above the limit for one person"),
    "override": N_("more is approved than the rules allow"),
    "no_tariff": N_("there is no agreed price"),
}
WORDS = {"four_eyes": CAUSE}

# What the services say of a field, listed so that the catalogue has it in Khmer too.
SAID = (
    N_("A reason is needed."),
    N_("A reduced line needs a reason."),
    N_("Nothing is approved: reject the claim."),
    N_("The claim has no such line."),
    N_("The line is named twice."),
    N_("There is no such reason."),
)
