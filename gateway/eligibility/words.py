"""The words of entitlement: what desks call the codes of people, schemes, benefits and verdicts."""

from __future__ import annotations

from config.words import N_
from gateway.eligibility.reason_texts_person import FEED, PRODUCT

VERDICT = {
    "eligible": N_("Eligible"),
    "emergency_only": N_("Emergency care only"),
    "not_eligible": N_("Not eligible"),
    "unknown": N_("Not clear yet: check by hand"),
    "not_found": N_("Card not found"),
}
BENEFIT = {
    "outpatient": N_("Outpatient care"),
    "inpatient": N_("Inpatient care"),
    "emergency": N_("Emergency care"),
    "antenatal": N_("Antenatal checks"),
    "delivery": N_("Delivery"),
    "postnatal": N_("Postnatal care"),
    "rehabilitation": N_("Rehabilitation"),
    "transport": N_("Patient transport"),
}
SCHEME = {
    "health_care": N_("NSSF health care"),
    "occupational_risk": N_("Occupational risk"),
    "hef": N_("Health Equity Fund"),
    "pension": N_("Pension"),
}
CATEGORY = {
    "private_worker": N_("Private-sector worker"),
    "public_servant": N_("Public servant"),
    "former_public_servant": N_("Former public servant"),
    "veteran": N_("Veteran"),
    "self_employed": N_("Self-employed person"),
    "voluntary": N_("Voluntary member"),
    "informal_worker": N_("Informal worker"),
    "hef_poor": N_("Poor household"),
    "hef_at_risk": N_("At-risk household"),
    "dependent": N_("Dependent"),
}
RELATIONSHIP = {"self": N_("Member"), "spouse": N_("Spouse"), "child": N_("Child")}
SEX = {"F": N_("Female"), "M": N_("Male")}
COVERAGE = {
    "active": N_("active"),
    "ended": N_("ended"),
    "not_begun": N_("not begun"),
}
CAUSE = {
    "illness": N_("Illness"),
    "maternity": N_("Maternity"),
    "work": N_("Work accident"),
    "commuting": N_("Accident on the way to work"),
}
DISPUTE = {
    "paid_recently": N_("Contribution was paid recently"),
    "wrong_name": N_("The name is wrong"),
    "wrong_birth_date": N_("The date of birth is wrong"),
    "other": N_("Something else"),
}
UNIT = {"day": N_("days"), "count": N_("times")}
RULE_STATUS = {
    "law": N_("law"),
    "reported": N_("as reported"),
    "assumption": N_("assumption"),
    "demo": N_("demonstration price"),
}
LEVEL = {
    "health_post": N_("Health post"),
    "health_centre": N_("Health centre"),
    "cpa1": N_("Referral hospital CPA1"),
    "cpa2": N_("Referral hospital CPA2"),
    "cpa3": N_("Referral hospital CPA3"),
    "national": N_("National hospital"),
    "private_hospital": N_("Private hospital"),
    "polyclinic": N_("Polyclinic"),
    "clinic": N_("Clinic"),
}
# What rules and prices rest on, as far as it has a Khmer name; else the citation is shown as it is.
SOURCE = {
    text: text
    for text in (
        FEED,
        PRODUCT,
        N_("product default, no published figure"),
        N_("product default; no cause found excluded"),
        N_("product default; packages of activities (MPA, CPA1-3) of the Ministry of Health"),
        N_("Law on Social Security Schemes 2002"),
        N_("Law on Social Security Schemes 2002; no minimum months found"),
        N_(
            "Law on Social Security Schemes 2002; work and commuting injuries belong to"
            " occupational risk"
        ),
        N_("Prakas 109/2016"),
        N_("Prakas 109/2016; contracted public and private facilities"),
        N_("Prakas 184/2018 (a delivery is a birth from 26 weeks)"),
        N_("Prakas 404/2017 and the equity card of the Ministry of Planning"),
        N_("Sub-Decree 134/2017; no months rule found, the state pays"),
        N_("Sub-Decree 280/2023"),
        N_("Sub-Decree 280/2023 (dependents of a member); the member's months are not asked"),
        N_("Sub-Decree 280/2023; its months are not known, those of Prakas 109/2016 are used"),
        N_("Sub-Decree 280/2023; the limit of Prakas 109/2016 is used"),
    )
}

WORDS = {
    "source": SOURCE,
    "verdict": VERDICT,
    "benefit": BENEFIT,
    "scheme": SCHEME,
    "category": CATEGORY,
    "relationship": RELATIONSHIP,
    "sex": SEX,
    "coverage": COVERAGE,
    "cause": CAUSE,
    "dispute": DISPUTE,
    "unit": UNIT,
    "rule_status": RULE_STATUS,
    "level": LEVEL,
}
