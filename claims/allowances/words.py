"""The words of allowances: kinds, events, states, ways of payment, what a computation answers."""

from __future__ import annotations

from config.words import N_

KIND = {
    "maternity": N_("Maternity allowance"),
    "birth": N_("Birth allowance"),
    "sickness": N_("Sickness allowance"),
    "cremation": N_("Cremation allowance"),
    "funeral": N_("Funeral allowance (occupational risk)"),
    "refund": N_("Refund of emergency care"),
}
EVENT = {
    "antenatal": N_("Antenatal check"),
    "delivery": N_("Delivery"),
    "postnatal": N_("Postnatal check"),
    "vaccination": N_("Vaccination"),
    "sickness": N_("Sickness"),
    "death": N_("Death"),
    "care": N_("Emergency care"),
}
STATE = {
    "proposed": N_("Proposed, payee missing"),
    "submitted": N_("Queued for NSSF"),
    "returned": N_("Returned"),
    "approved": N_("Approved"),
    "rejected": N_("Rejected"),
    "withdrawn": N_("Withdrawn"),
    "batched": N_("In payment"),
    "paid": N_("Paid"),
}
METHOD = {"bank": N_("Bank account"), "wallet": N_("Mobile wallet"), "cash": N_("Cash")}
VERDICT = {
    "payable": N_("Payable"),
    "not_payable": N_("Not payable"),
    "not_known": N_("Not known yet"),
}
WEIGHT = {
    "info": N_("Note"),
    "warn": N_("Attention"),
    "review": N_("To be looked at"),
    "unknown": N_("Data missing"),
    "deny": N_("Not payable"),
}
STATUS = {"law": N_("law"), "reported": N_("reported"), "assumption": N_("assumption")}
OUTCOME = {"live": N_("Live birth"), "stillbirth": N_("Stillbirth")}
YES_NO = {"1": N_("yes"), "0": N_("no")}
MISSING = {
    "delivery_without_registration": N_("Delivery without registration"),
    "registration_without_delivery": N_("Registration without delivery"),
}
STEP = {
    "file": N_("Asked for"),
    "propose_payment": N_("Proposed after a claim"),
    "submit": N_("Submitted"),
    "withdraw": N_("Withdrawn"),
    "compute": N_("Computed again"),
    "approve": N_("Approved"),
    "propose": N_("Proposed for a second approval"),
    "reject": N_("Rejected"),
    "return": N_("Returned"),
    "reopen": N_("Reopened"),
    "batch": N_("Put into a batch"),
    "unbatch": N_("Taken out of the batch"),
    "pay": N_("Paid"),
    "unpay": N_("The money came back"),
}
STOPPED = {
    "approved": N_("Nothing of this is put into a batch. Reopen it to decide anew."),
    "batched": N_("It is taken out when its batch is authorised, and not exported after that."),
    "paid": N_("Ask it back from the member, and enter it as money that came back."),
}
WORDS = {
    "allowance_kind": KIND,
    "allowance_event": EVENT,
    "allowance_state": STATE,
    "payee_method": METHOD,
    "verdict_of_allowance": VERDICT,
    "weight": WEIGHT,
    "source_status": STATUS,
    "child_outcome": OUTCOME,
    "yes_no": YES_NO,
    "missing_registration": MISSING,
    "allowance_step": STEP,
    "stopped_allowance": STOPPED,
}
