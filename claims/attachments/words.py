"""The words of attachments: what kind of paper a file is."""

from __future__ import annotations

from config.words import N_

ATTACHMENT_KIND = {
    "invoice": N_("Invoice"),
    "prescription": N_("Prescription"),
    "referral": N_("Referral letter"),
    "scan": N_("Scan or image"),
    "discharge_summary": N_("Discharge summary"),
    "consent": N_("Consent"),
    "other": N_("Other"),
}
WORDS = {"attachment_kind": ATTACHMENT_KIND}
