"""The words of the policy desk: states of a simulation, signals, and what a group is counted by."""

from __future__ import annotations

from config.words import N_

SIMULATION_STATE = {
    "queued": N_("Waiting"),
    "running": N_("Running"),
    "finished": N_("Finished"),
    "failed": N_("Failed"),
}
SIGNAL = {
    "profiles": N_("Facilities beside their peers"),
    "patient_paid": N_("The patient paid"),
    "caesarean_share": N_("Share of caesareans"),
    "average_claim": N_("Average claim"),
    "weekend_share": N_("Share of weekends"),
    "night_share": N_("Share of nights"),
    "many_claims": N_("Many claims of a patient on a day"),
    "round_prices": N_("Round prices"),
    "large_amount": N_("Large amount"),
    "facility_watch": N_("Watched facility"),
    "sample": N_("Sample of clean claims"),
}
DIMENSION = {"scheme": N_("Scheme"), "category": N_("Category"), "level": N_("Level")}
WORDS = {
    "simulation_state": SIMULATION_STATE,
    "signal": SIGNAL,
    "simulated_by": DIMENSION,
}

SAID = (
    N_("Choose a file first."),
    N_("The file is not UTF-8 text."),
    N_("These files are in force as they are."),
    N_("Lies before `from`."),
    N_("The price list is in force."),
    N_("The policy is in force."),
)
