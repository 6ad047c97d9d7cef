"""The words of review: why a second person is needed, and what the rules say of a decision."""

from __future__ import annotations

from config.words import N_

CAUSE = {
    "amount": N_("the amount is above the limit for one person"),
    "override": N_("more is approved than the rules allow"),
    "no_tariff": N_("there is no agreed price"),
    "facility_day": N_("one person approved much for this facility today already"),
}
BULK_STATE = {
    "open": N_("Sample to be read"),
    "approved": N_("Approved"),
    "abandoned": N_("Given up"),
}
BULK_RESULT = {
    "approved": N_("Approved"),
    "skipped": N_("Left in the queue: changed meanwhile"),
    "second_person": N_("Left in the queue: needs a second person"),
}
CORRECTION_STATE = {
    "proposed": N_("Second person awaited"),
    "confirmed": N_("Confirmed"),
    "refused": N_("Refused"),
}
WORDS = {
    "four_eyes": CAUSE,
    "bulk_state": BULK_STATE,
    "bulk_result": BULK_RESULT,
    "correction_state": CORRECTION_STATE,
}

# What the services say of a field, listed so that the catalogue has it in Khmer too.
SAID = (
    N_("Choose a group."),
    N_("Not before the first day, within a year."),
    N_("Write user:NAME or client:ID."),
    N_("A reason is needed."),
    N_("A reduced line needs a reason."),
    N_("More than the agreed price, or than the price claimed."),
    N_("More than the first person proposed."),
    N_("More than was claimed."),
    N_("Nothing is approved: reject the claim."),
    N_("The claim has no such line."),
    N_("The line is named twice."),
    N_("There is no such reason."),
)
