"""The words of paying: states of batches and runs, and what the services say of a field."""

from __future__ import annotations

from config.words import N_

BATCH_STATE = {
    "open": N_("Open"),
    "authorised": N_("Authorised"),
    "exported": N_("Exported"),
    "settled": N_("Settled"),
    "failed": N_("Failed"),
    "cancelled": N_("Cancelled"),
}
WORDS = {"batch_state": BATCH_STATE}

SAID = (
    N_("The batch is not open, or in a run."),
    N_("The day of payment cannot lie in the future."),
    N_("There is no such batch."),
)
