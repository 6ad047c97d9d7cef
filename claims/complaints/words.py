"""The words of complaints: states, kinds, channels, what is found, steps, figures."""

from __future__ import annotations

from config.words import N_

STATE = {
    "open": N_("Open"),
    "forwarded": N_("Facility asked"),
    "answered": N_("Answered"),
    "closed": N_("Closed"),
}
KIND = {
    "informal_payment": N_("Informal payment asked"),
    "care_refused": N_("Care refused"),
    "slow_service": N_("Slow service"),
    "wrong_rejection": N_("Wrong rejection"),
    "other": N_("Other"),
}
CHANNEL = {
    "desk": N_("At the desk"),
    "1286": N_("Hotline 1286"),
    "1297": N_("Hotline 1297"),
    "web": N_("Website"),
}
ABOUT = {
    "facility": N_("Facility"),
    "visit": N_("Visit"),
    "claim": N_("Claim"),
    "payment": N_("Payment"),
}
OUTCOME = {
    "upheld": N_("The complaint is right"),
    "partly_upheld": N_("The complaint is partly right"),
    "unfounded": N_("The complaint is unfounded"),
    "withdrawn": N_("Taken back"),
    "duplicate": N_("Already complained of"),
}
STEP = {
    "file": N_("Complaint taken down"),
    "assign": N_("Assigned"),
    "forward": N_("Facility asked"),
    "answer": N_("Answered"),
    "close": N_("Closed"),
    "reopen": N_("Reopened"),
    "escalate": N_("Overdue"),
}
SAID = {
    "answer": N_("Answer to who complained"),
    "closing": N_("On closing"),
    "reopening": N_("On reopening"),
}
DIMENSION = {
    "state": N_("State"),
    "overdue": N_("Overdue"),
    "age": N_("Days since filing, unanswered"),
    "total": N_("Total"),
    "kind": N_("Kind"),
    "channel": N_("Channel"),
    "province": N_("Province"),
    "facility": N_("Facility"),
}

WORDS = {
    "complaint_state": STATE,
    "complaint_kind": KIND,
    "complaint_channel": CHANNEL,
    "complaint_about": ABOUT,
    "complaint_outcome": OUTCOME,
    "complaint_step": STEP,
    "complaint_said": SAID,
    "complaint_dimension": DIMENSION,
}
