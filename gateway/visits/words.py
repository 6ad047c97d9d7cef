"""The words of the waiting line: states, kinds of visit, payers, priorities, papers seen."""

from __future__ import annotations

from config.words import N_

VISIT_STATE = {
    "waiting": N_("Waiting"),
    "called": N_("Called"),
    "in_service": N_("In service"),
    "finished": N_("Finished"),
    "no_show": N_("Did not come"),
    "cancelled": N_("Cancelled"),
}
VISIT_TYPE = {
    "outpatient": N_("Outpatient"),
    "inpatient": N_("Inpatient"),
    "emergency": N_("Emergency"),
}
PAYER = {
    "nssf": N_("NSSF"),
    "hef": N_("Health Equity Fund"),
    "full_pay": N_("Pays in full"),
    "exempt": N_("Exempt"),
}
PRIORITY = {
    "none": N_("None"),
    "emergency": N_("Emergency"),
    "pregnant": N_("Pregnant"),
    "elderly": N_("Elderly"),
    "disabled": N_("Disabled"),
}
IDENTITY = {
    "national_id": N_("National ID card"),
    "nssf_card_photo": N_("NSSF card with photo"),
    "birth_certificate": N_("Birth certificate"),
    "family": N_("Family confirms"),
    "none": N_("None seen"),
}

WORDS = {
    "visit_state": VISIT_STATE,
    "visit_type": VISIT_TYPE,
    "payer": PAYER,
    "priority": PRIORITY,
    "identity": IDENTITY,
}
