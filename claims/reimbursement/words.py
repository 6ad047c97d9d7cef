"""The words of paying: states of payments, results of a bank's rows, and what services say."""

from __future__ import annotations

from config.words import N_

BATCH_STATE = {
    "open": N_("Open"),
    "authorised": N_("Authorised"),
    "exported": N_("Exported"),
    "settled": N_("Settled"),
    "returning": N_("Return reported"),
    "returned": N_("Returned by the bank"),
    "failed": N_("Failed"),
    "cancelled": N_("Cancelled"),
}
BANK_RESULT = {
    "settled": N_("Settled"),
    "failed": N_("Failed"),
    "return_reported": N_("Return reported"),
    "noted": N_("Noted for the member"),
    "already": N_("Known before: nothing changed"),
    "unknown": N_("Not of this payment"),
    "amount_differs": N_("Another amount than was sent"),
    "not_now": N_("Does not fit where the payment stands"),
    "contradicts": N_("The file says two different things"),
    "in_the_future": N_("The day lies in the future"),
    "unreadable": N_("The row cannot be read"),
}
ADJUSTMENT = {"supplement": N_("Supplement"), "recovery": N_("Recovery")}
WORDS = {
    "batch_state": BATCH_STATE,
    "bank_result": BANK_RESULT,
    "adjustment": ADJUSTMENT,
    "scheme": {"allowances": N_("Allowances of members")},
}

SAID = (
    N_("The batch is not open, or in a run."),
    N_("The day of payment cannot lie in the future."),
    N_("There is no such batch."),
    N_("Not in this payment, or named twice."),
    N_("Money comes back between the day of payment and today."),
    N_("The file is not UTF-8 text."),
)
