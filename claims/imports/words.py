"""The words of imports: how one stands, what became of a claim, what each column holds."""

from __future__ import annotations

from config.words import N_

IMPORT_STATE = {
    "queued": N_("Waiting"),
    "running": N_("Running"),
    "done": N_("Finished"),
    "refused": N_("The file cannot be read"),
}
COLUMN_HELP = {
    "facility_reference": N_("Your own number of the claim; rows with the same one form one claim"),
    "type": N_("treatment or maternity"),
    "card_number": N_("As printed on the card"),
    "visit_type": N_("outpatient, inpatient or emergency"),
    "service_from": N_("A day such as 2026-11-20"),
    "service_to": N_("A day such as 2026-11-20"),
    "diagnoses": N_("ICD-10 codes such as J18.9;R50, the primary one first"),
    "service": N_("The code of the service, one in each row"),
    "quantity": N_("A whole number"),
    "unit_price_riel": N_("Whole riel"),
    "service_date": N_("The day of this service; empty: the first day of the claim"),
    "eligibility_check": N_("The number of the check, if there was one"),
    "visit": N_("The number of the visit, if there was one"),
    "patient.date_of_birth": N_("Only for a newborn under the mother's card, with sex and order"),
    "maternity.event": N_("Only for maternity: antenatal, delivery, postnatal or miscarriage"),
    "maternity.births": N_("Only for a delivery: live:F:3100;live:M:2900"),
    "submit": N_("false keeps the claim as a draft; empty: it is queued for NSSF"),
}
WORDS = {"import_state": IMPORT_STATE}
