"""The words of claims: states, kinds, decisions, what a claim may say of a visit or a birth."""

from __future__ import annotations

from config.words import N_

CLAIM_STATE = {
    "draft": N_("Draft"),
    "submitted": N_("Queued for NSSF"),
    "in_review": N_("Under review"),
    "returned": N_("Returned"),
    "approved": N_("Approved"),
    "rejected": N_("Rejected"),
    "withdrawn": N_("Withdrawn"),
    "batched": N_("In payment"),
    "paid": N_("Paid"),
    "voided": N_("Voided"),
}
CLAIM_TYPE = {"treatment": N_("Treatment"), "maternity": N_("Maternity")}
DECISION = {
    "payable": N_("Payable"),
    "reduced": N_("Reduced"),
    "denied": N_("Denied"),
    "review": N_("A person decides"),
}
SEVERITY = {
    "info": N_("Note"),
    "warn": N_("Attention"),
    "review": N_("To be looked at"),
    "deny": N_("Not payable"),
}
ADMISSION = {
    "walk_in": N_("Came without appointment"),
    "appointment": N_("By appointment"),
    "referred": N_("Referred in"),
}
DISCHARGE = {
    "authorised": N_("Discharged"),
    "unauthorised": N_("Left against advice"),
    "referred_out": N_("Referred out"),
    "absconded": N_("Left without notice"),
    "deceased": N_("Died"),
}
EVENT = {
    "antenatal": N_("Antenatal check"),
    "delivery": N_("Delivery"),
    "postnatal": N_("Postnatal check"),
    "miscarriage": N_("Miscarriage"),
}
MODE = {"normal": N_("Normal"), "assisted": N_("Assisted"), "caesarean": N_("Caesarean")}
BIRTH = {"live": N_("Live birth"), "stillbirth": N_("Stillbirth")}
ROLE = {"primary": N_("Primary"), "secondary": N_("Secondary")}
MESSAGE = {"question": N_("Question"), "answer": N_("Answer"), "note": N_("Note")}
SIDE = {"nssf": N_("NSSF"), "facility": N_("Facility")}
AWAITING = {"second_approval": N_("Second approval awaited")}
EVENT_ACTION = {
    "create": N_("Written"),
    "replace": N_("Changed"),
    "submit": N_("Submitted"),
    "withdraw": N_("Withdrawn"),
    "void": N_("Voided"),
    "lease": N_("Taken for review"),
    "release_lease": N_("Put back into the queue"),
    "approve": N_("Approved"),
    "propose": N_("Proposed for a second approval"),
    "reject": N_("Rejected"),
    "return": N_("Returned to the facility"),
    "hold": N_("Held"),
    "release": N_("Released"),
    "reopen": N_("Reopened"),
    "batch": N_("Put into a batch"),
    "unbatch": N_("Taken out of the batch"),
    "unpay": N_("The bank returned the payment"),
    "pay": N_("Paid"),
    "appeal": N_("Appealed by the facility"),
    "amend": N_("Approved on appeal"),
    "supplement": N_("More granted on appeal"),
    "dismiss": N_("Appeal dismissed"),
    "correct": N_("Overpayment corrected"),
    "escalate": N_("Overdue: brought forward"),
}
APPEAL_STATE = {"open": N_("Appeal open"), "won": N_("Appeal won"), "lost": N_("Appeal lost")}
# What the rules of claims and the price list rest on.
SOURCE = {
    text: text
    for text in (
        N_("Agreement of NSSF with the facility"),
        N_("DEMO price: not found in any source"),
        N_("Demo tariff"),
        N_("NSSF claim rules"),
        N_("Occupational risk scheme"),
        N_("Prakas 109/2016, benefit package"),
        N_("Prakas 109/2016, emergency care"),
        N_("Prakas 184/2018"),
    )
}

WORDS = {
    "source": SOURCE,
    "claim_state": CLAIM_STATE,
    "claim_type": CLAIM_TYPE,
    "decision": DECISION,
    "severity": SEVERITY,
    "admission": ADMISSION,
    "discharge": DISCHARGE,
    "event": EVENT,
    "mode": MODE,
    "birth": BIRTH,
    "diagnosis_role": ROLE,
    "message": MESSAGE,
    "side": SIDE,
    "awaiting": AWAITING,
    "event_action": EVENT_ACTION,
    "appeal_state": APPEAL_STATE,
}

# What the services say of a field or a step, listed so that the catalogue has it in Khmer too.
SAID = (
    N_("Another person has to decide this claim."),
    N_("Check the card or check the patient in first: within the last 30 days."),
    N_("Decide the appeal first."),
    N_("Not a claim of your facility."),
    N_("Not an open question to you."),
    N_("Not a visit of your facility."),
    N_("Only NSSF writes internal notes."),
    N_("The card stays."),
    N_("The claim is voided."),
    N_("The reference stays."),
    N_("The visit is another person's."),
    N_("This call is made for a facility."),
    N_("This facility_reference is used by another claim."),
    N_("This reference is being used right now."),
    N_("String does not match expected pattern."),
)
