"""The catalogue of what adjudication can find: code, severity, both languages, source, CARC, FHIR.

Rules name a reason and its numbers; the texts are data, shown in both languages in every answer.
Texts never name another facility. CARC numbers follow the X12 list as commonly published; the
FHIR codes are those of `adjudication-reason` (ar001 not covered, ar002 plan limit reached): each
finding that may take money off has both, a mere remark has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a finding does: nothing, a remark, a person must look, the line is not payable."""

    INFO = "info"
    WARN = "warn"
    REVIEW = "review"
    DENY = "deny"


NOT_COVERED, LIMIT = "ar001", "ar002"
PACKAGE = "Prakas 109/2016, benefit package"
MATERNITY = "Prakas 184/2018"
AGREEMENT = "Agreement of NSSF with the facility"
SETTING = "NSSF claim rules"
CODING = "WHO ICD-10"


@dataclass(frozen=True, slots=True)
class Reason:
    """One entry of the catalogue; texts may hold `{names}` filled by the rule."""

    code: str
    severity: Severity
    carc: str
    fhir: str
    source: str
    text_en: str
    text_km: str

    def as_json(self) -> dict[str, object]:
        """Return the entry as the code list carries it; texts keep their `{names}`."""
        return {
            "code": self.code,
            "text_en": self.text_en,
            "text_km": self.text_km,
            "source": self.source,
            "severity": self.severity.value,
            "carc": self.carc,
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason as it applies to one claim, or to one line of it."""

    code: str
    severity: Severity
    carc: str
    fhir: str
    source: str
    text_en: str
    text_km: str
    line: int | None = None

    def as_json(self) -> dict[str, object]:
        """Return the finding as answers carry it."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "carc": self.carc,
            "fhir": self.fhir,
            "text_en": self.text_en,
            "text_km": self.text_km,
            "source": self.source,
            "line": self.line,
        }


INF, WAR, REV, DEN = Severity.INFO, Severity.WARN, Severity.REVIEW, Severity.DENY

_ROWS: tuple[tuple[str, Severity, str, str, str, str, str], ...] = (
    # who
    ("person_unknown", DEN, "31", NOT_COVERED, SETTING,
     "No person is registered under this card number.",
     "គ្មានបុគ្គលណាបានចុះឈ្មោះក្រោមលេខប័ណ្ណនេះទេ។"),
    ("not_eligible", DEN, "27", NOT_COVERED, PACKAGE,
     "Not covered on {day}: {why_en}", "គ្មានសិទ្ធិទទួលសេវានៅថ្ងៃ {day}៖ {why_km}"),
    ("coverage_unknown", REV, "16", NOT_COVERED, SETTING,
     "Cover on {day} cannot be judged from the data: {why_en}",
     "មិនអាចកំណត់សិទ្ធិនៅថ្ងៃ {day} ពីទិន្នន័យបានទេ៖ {why_km}"),
    ("promise_used", INF, "", "", AGREEMENT,
     "Check {check} promised cover; it is honoured.",
     "ការពិនិត្យសិទ្ធិ {check} បានធានាសិទ្ធិ ហើយត្រូវបានគោរពតាម។"),
    ("check_unknown", WAR, "16", NOT_COVERED, SETTING,
     "The named check is not one of your facility's; cover was judged without it.",
     "ការពិនិត្យសិទ្ធិដែលបានបញ្ជាក់មិនមែនជារបស់មូលដ្ឋានសុខាភិបាលអ្នកទេ សិទ្ធិត្រូវបានវាយតម្លៃដោយគ្មានវា។"),
    ("check_other_person", WAR, "16", NOT_COVERED, SETTING,
     "The named check is about another person; cover was judged without it.",
     "ការពិនិត្យសិទ្ធិដែលបានបញ្ជាក់គឺសម្រាប់បុគ្គលផ្សេង សិទ្ធិត្រូវបានវាយតម្លៃដោយគ្មានវា។"),
    ("check_other_day", WAR, "16", NOT_COVERED, SETTING,
     "The named check is for another day; cover was judged without it.",
     "ការពិនិត្យសិទ្ធិដែលបានបញ្ជាក់គឺសម្រាប់ថ្ងៃផ្សេង សិទ្ធិត្រូវបានវាយតម្លៃដោយគ្មានវា។"),
    ("card_lost", REV, "16", NOT_COVERED, SETTING,
     "The card is reported lost or replaced; check who was treated.",
     "ប័ណ្ណនេះត្រូវបានរាយការណ៍ថាបាត់ ឬបានប្តូរ សូមពិនិត្យថាអ្នកណាបានទទួលការព្យាបាល។"),
    ("occupational_risk", INF, "19", "", "Occupational risk scheme",
     "A work or commuting cause is paid by the occupational risk scheme.",
     "មូលហេតុការងារ ឬពេលធ្វើដំណើរ ត្រូវបង់ដោយរបបហានិភ័យការងារ។"),
    ("after_death", DEN, "13", NOT_COVERED, SETTING,
     "The service is dated after the person's death.",
     "សេវាមានកាលបរិច្ឆេទក្រោយថ្ងៃដែលបុគ្គលនេះបានស្លាប់។"),
    ("before_birth", DEN, "14", NOT_COVERED, SETTING,
     "The service is dated before the patient's birth.",
     "សេវាមានកាលបរិច្ឆេទមុនថ្ងៃកំណើតរបស់អ្នកជំងឺ។"),
    ("newborn_too_old", DEN, "27", NOT_COVERED, SETTING,
     "A newborn is covered under the mother's card for {days} days; this one is {age} days old.",
     "ទារកទើបកើតមានសិទ្ធិក្រោមប័ណ្ណម្តាយរយៈពេល {days} ថ្ងៃ ទារកនេះមានអាយុ {age} ថ្ងៃ។"),
    ("newborn_not_mother", DEN, "16", NOT_COVERED, SETTING,
     "Newborn care is claimed under the mother's card; this card is a man's.",
     "ការថែទាំទារកទើបកើតត្រូវស្នើក្រោមប័ណ្ណម្តាយ ប័ណ្ណនេះជារបស់បុរស។"),
    # when and where
    ("not_contracted", DEN, "242", NOT_COVERED, AGREEMENT,
     "The facility had no agreement with NSSF on {day}; only emergency care is paid.",
     "មូលដ្ឋានសុខាភិបាលគ្មានកិច្ចព្រមព្រៀងជាមួយ ប.ស.ស. នៅថ្ងៃ {day} បង់តែសេវាសង្គ្រោះបន្ទាន់ប៉ុណ្ណោះ។"),
    ("emergency_not_contracted", REV, "242", NOT_COVERED, "Prakas 109/2016, emergency care",
     "Emergency care at a facility without an agreement on {day}: a person confirms it.",
     "សេវាសង្គ្រោះបន្ទាន់នៅមូលដ្ឋានគ្មានកិច្ចព្រមព្រៀងនៅថ្ងៃ {day}៖ ត្រូវមានមន្ត្រីបញ្ជាក់។"),
    ("in_the_future", DEN, "110", NOT_COVERED, SETTING, "The service day {day} lies in the future.", "ថ្ងៃទទួលសេវា {day} ស្ថិតនៅអនាគត។"),
    ("days_reversed", DEN, "16", NOT_COVERED, SETTING,
     "The visit ends on {end}, before it begins on {start}.",
     "ការព្យាបាលបញ្ចប់នៅ {end} មុនថ្ងៃចាប់ផ្តើម {start}។"),
    ("line_day_outside", DEN, "16", NOT_COVERED, SETTING,
     "The line's day {day} lies outside the visit or stay.",
     "ថ្ងៃនៃជួរ {day} ស្ថិតនៅក្រៅរយៈពេលព្យាបាល។"),
    ("late", DEN, "29", NOT_COVERED, SETTING,
     "Submitted {days} days after the last service day; the limit is {limit} days.",
     "បានដាក់ស្នើ {days} ថ្ងៃក្រោយថ្ងៃសេវាចុងក្រោយ កំណត់ត្រឹម {limit} ថ្ងៃ។"),
    # what
    ("service_unknown", DEN, "181", NOT_COVERED, AGREEMENT,
     "The service {service} is not in the price list.",
     "សេវា {service} មិនមានក្នុងតារាងតម្លៃសេវាទេ។"),
    ("not_at_level", DEN, "170", NOT_COVERED, PACKAGE,
     "{service} is not in the package of this level of facility.",
     "{service} មិនស្ថិតក្នុងកញ្ចប់សេវានៃកម្រិតមូលដ្ឋាននេះទេ។"),
    ("benefit_not_covered", DEN, "96", NOT_COVERED, PACKAGE,
     "The benefit ({benefit}) is not covered for this person here on {day}.",
     "អត្ថប្រយោជន៍ ({benefit}) មិនគ្របដណ្តប់សម្រាប់បុគ្គលនេះនៅទីនេះនៅថ្ងៃ {day} ទេ។"),
    ("excluded", DEN, "96", NOT_COVERED, PACKAGE,
     "Excluded by policy on {day}: {what}.", "ត្រូវបានដកចេញតាមគោលនយោបាយនៅថ្ងៃ {day}៖ {what}។"),
    ("no_tariff", REV, "133", LIMIT, AGREEMENT,
     "No price is agreed for {service} at this level on {day}: the claimed price is the ceiling.",
     "គ្មានតម្លៃព្រមព្រៀងសម្រាប់ {service} នៅកម្រិតនេះនៅថ្ងៃ {day}៖ តម្លៃស្នើជាពិដាន។"),
    ("above_tariff", WAR, "45", LIMIT, AGREEMENT,
     "The price is above the tariff and was reduced to {tariff} riel.",
     "តម្លៃលើសតារាង ហើយត្រូវបានកាត់មកត្រឹម {tariff} រៀល។"),
    ("demo_tariff", INF, "", "", "Demo tariff",
     "The price used is a DEMO price, not an official one.",
     "តម្លៃដែលបានប្រើជាតម្លៃសាកល្បង (DEMO) មិនមែនតម្លៃផ្លូវការទេ។"),
    ("quantity_over_limit", WAR, "222", LIMIT, SETTING,
     "The quantity was reduced to {allowed}, the most for one line.",
     "បរិមាណត្រូវបានកាត់មកត្រឹម {allowed} ដែលជាកម្រិតអតិបរមាក្នុងមួយជួរ។"),
    ("too_soon", DEN, "119", LIMIT, SETTING,
     "{service} was given {days} days from another one; at least {limit} days must lie between.",
     "{service} ត្រូវបានផ្តល់ {days} ថ្ងៃពីលើកមុន ត្រូវមានគម្លាតយ៉ាងតិច {limit} ថ្ងៃ។"),
    ("yearly_limit", WAR, "119", LIMIT, SETTING,
     "{service}: {used} of {limit} in 12 months are used; {allowed} can be paid.",
     "{service}៖ បានប្រើ {used} ក្នុងចំណោម {limit} ក្នុង ១២ ខែ អាចបង់បាន {allowed}។"),
    ("yearly_limit_reached", DEN, "119", LIMIT, SETTING,
     "{service}: all {limit} in 12 months are used.",
     "{service}៖ បានប្រើអស់ទាំង {limit} ក្នុង ១២ ខែ។"),
    ("documents_missing", REV, "252", NOT_COVERED, SETTING,
     "{service} needs attachments that are missing: {kinds}.",
     "{service} ត្រូវការឯកសារភ្ជាប់ដែលនៅខ្វះ៖ {kinds_km}។"),
    # diagnoses
    ("diagnosis_unknown", WAR, "146", NOT_COVERED, CODING,
     "{diagnosis} is not an ICD-10 code.", "{diagnosis} មិនមែនជាកូដ ICD-10 ទេ។"),
    ("diagnosis_not_leaf", WAR, "146", NOT_COVERED, CODING,
     "{diagnosis} is a group of codes; give the exact one.",
     "{diagnosis} ជាក្រុមកូដ សូមផ្តល់កូដជាក់លាក់។"),
    ("diagnosis_sex", REV, "10", NOT_COVERED, CODING,
     "{diagnosis} does not fit the patient's sex.", "{diagnosis} មិនត្រូវនឹងភេទអ្នកជំងឺ។"),
    ("diagnosis_age", REV, "9", NOT_COVERED, CODING,
     "{diagnosis} does not fit the patient's age.", "{diagnosis} មិនត្រូវនឹងអាយុអ្នកជំងឺ។"),
    # maternity
    ("mother_sex", DEN, "7", NOT_COVERED, MATERNITY,
     "Maternity care is claimed for a man.", "សេវាមាតុភាពត្រូវបានស្នើសម្រាប់បុរស។"),
    ("mother_age", REV, "6", NOT_COVERED, MATERNITY,
     "The mother is {age} years old on {day}.", "ម្តាយមានអាយុ {age} ឆ្នាំនៅថ្ងៃ {day}។"),
    ("maternity_details_missing", REV, "16", NOT_COVERED, MATERNITY,
     "A maternity service without the details of the pregnancy: send a maternity claim.",
     "សេវាមាតុភាពគ្មានព័ត៌មានលម្អិតនៃការមានផ្ទៃពោះ៖ សូមផ្ញើសំណើមាតុភាព។"),
    ("maternity_event_differs", REV, "11", NOT_COVERED, MATERNITY,
     "{service} does not fit the event {event}.", "{service} មិនត្រូវនឹងព្រឹត្តិការណ៍ {event}។"),
    ("gestation_missing", REV, "16", NOT_COVERED, MATERNITY,
     "The weeks of pregnancy are missing: a delivery counts from 26 weeks.",
     "ខ្វះចំនួនសប្តាហ៍នៃការមានផ្ទៃពោះ៖ ការសម្រាលរាប់ចាប់ពី ២៦ សប្តាហ៍។"),
    ("delivery_too_early", DEN, "11", NOT_COVERED, MATERNITY,
     "A birth at {weeks} weeks is a miscarriage; a delivery counts from 26 weeks.",
     "កំណើតនៅ {weeks} សប្តាហ៍ជាការរលូត ការសម្រាលរាប់ចាប់ពី ២៦ សប្តាហ៍។"),
    ("delivery_repeated", DEN, "119", LIMIT, MATERNITY,
     "Another delivery of this woman lies {days} days away; one is paid in {limit} days.",
     "ស្ត្រីនេះមានការសម្រាលមួយទៀតគម្លាត {days} ថ្ងៃ បង់តែមួយក្នុង {limit} ថ្ងៃ។"),
    ("caesarean_level", DEN, "170", NOT_COVERED, PACKAGE,
     "A caesarean needs a facility that operates (CPA2 and above).",
     "ការសម្រាលដោយវះកាត់ត្រូវការមូលដ្ឋានដែលអាចវះកាត់ (CPA2 ឡើងទៅ)។"),
    ("delivery_mode_differs", REV, "11", NOT_COVERED, MATERNITY,
     "{service} does not fit the delivery mode {mode}.", "{service} មិនត្រូវនឹងរបៀបសម្រាល {mode}។"),
    ("births_missing", REV, "16", NOT_COVERED, MATERNITY,
     "A delivery must say which children were born.", "ការសម្រាលត្រូវបញ្ជាក់ពីកូនដែលបានកើត។"),
    ("births_unexpected", REV, "16", NOT_COVERED, MATERNITY,
     "Births are recorded, but the event is {event}.",
     "មានកត់ត្រាកំណើត ប៉ុន្តែព្រឹត្តិការណ៍គឺ {event}។"),
    ("births_differ", REV, "11", NOT_COVERED, MATERNITY,
     "{diagnosis} does not match the {births} recorded births, {live} of them live.",
     "{diagnosis} មិនត្រូវនឹងកំណើត {births} ដែលបានកត់ត្រា ក្នុងនោះកើតរស់ {live}។"),
    ("antenatal_limit", WAR, "119", LIMIT, MATERNITY,
     "{used} of {limit} antenatal visits of this pregnancy are used; {allowed} can be paid.",
     "បានប្រើ {used} ក្នុងចំណោមការពិនិត្យផ្ទៃពោះ {limit} ដង អាចបង់បាន {allowed}។"),
    ("antenatal_limit_reached", DEN, "119", LIMIT, MATERNITY,
     "{limit} antenatal visits of this pregnancy are paid or claimed already.",
     "ការពិនិត្យផ្ទៃពោះ {limit} ដងនៃការមានផ្ទៃពោះនេះបានស្នើ ឬបង់រួចហើយ។"),
    ("postnatal_limit", WAR, "119", LIMIT, MATERNITY,
     "{used} of {limit} postnatal visits are used; {allowed} can be paid.",
     "បានប្រើ {used} ក្នុងចំណោមការពិនិត្យក្រោយសម្រាល {limit} ដង អាចបង់បាន {allowed}។"),
    ("postnatal_limit_reached", DEN, "119", LIMIT, MATERNITY,
     "{limit} postnatal visits are paid or claimed already.",
     "ការពិនិត្យក្រោយសម្រាល {limit} ដងបានស្នើ ឬបង់រួចហើយ។"),
    # again
    ("duplicate", DEN, "18", NOT_COVERED, SETTING,
     "{service} of this patient on {day} is claimed already in {claim}.",
     "{service} របស់អ្នកជំងឺនេះនៅថ្ងៃ {day} បានស្នើរួចហើយក្នុង {claim}។"),
    ("duplicate_line", DEN, "18", NOT_COVERED, SETTING, "{service} on {day} stands on more than one line of this claim.", "{service} នៅថ្ងៃ {day} មានលើសពីមួយជួរក្នុងសំណើនេះ។"),
    ("duplicate_elsewhere", REV, "18", NOT_COVERED, SETTING,
     "The same service of this patient on {day} is claimed already.",
     "សេវាដូចគ្នារបស់អ្នកជំងឺនេះនៅថ្ងៃ {day} បានស្នើរួចហើយ។"),
    ("second_consultation", REV, "18", NOT_COVERED, SETTING,
     "This patient already had a first consultation on {day}.",
     "អ្នកជំងឺនេះបានទទួលការពិគ្រោះដំបូងរួចហើយនៅថ្ងៃ {day}។"),
    ("stays_overlap", DEN, "18", NOT_COVERED, SETTING,
     "The stay overlaps the stay in {claim}.", "ការសម្រាកពេទ្យត្រួតលើការសម្រាកពេទ្យក្នុង {claim}។"),
    ("stays_overlap_elsewhere", REV, "18", NOT_COVERED, SETTING,
     "The stay overlaps another stay of this patient.",
     "ការសម្រាកពេទ្យត្រួតលើការសម្រាកពេទ្យមួយទៀតរបស់អ្នកជំងឺនេះ។"),
    ("outpatient_during_stay", REV, "18", NOT_COVERED, SETTING,
     "Outpatient care on {day} lies within an inpatient stay of this patient.",
     "សេវាពិគ្រោះក្រៅនៅថ្ងៃ {day} ស្ថិតក្នុងរយៈពេលសម្រាកពេទ្យរបស់អ្នកជំងឺនេះ។"),
    # limits
    ("limit_reached", DEN, "119", LIMIT, PACKAGE,
     "No days of care are left in 12 months for {day}.",
     "គ្មានថ្ងៃថែទាំនៅសល់ក្នុង ១២ ខែសម្រាប់ថ្ងៃ {day} ទេ។"),
    ("limit_cut", WAR, "119", LIMIT, PACKAGE,
     "{covered} of {days} days are left in 12 months; the amount was cut in proportion.",
     "នៅសល់ {covered} ក្នុងចំណោម {days} ថ្ងៃក្នុង ១២ ខែ ចំនួនទឹកប្រាក់ត្រូវបានកាត់តាមសមាមាត្រ។"),
    ("uses_reached", DEN, "119", LIMIT, PACKAGE,
     "Nothing is left of what may be used in the policy's period for {day}.",
     "គ្មានអ្វីនៅសល់ពីអ្វីដែលអាចប្រើបានក្នុងរយៈពេលនៃគោលនយោបាយសម្រាប់ថ្ងៃ {day} ទេ។"),
    ("uses_cut", WAR, "119", LIMIT, PACKAGE,
     "{covered} of {days} uses are left in the policy's period; the amount was cut in proportion.",
     "នៅសល់ {covered} ក្នុងចំណោមការប្រើ {days} ដងក្នុងរយៈពេលនៃគោលនយោបាយ ចំនួនទឹកប្រាក់ត្រូវបានកាត់តាមសមាមាត្រ។"),
    ("copayment", INF, "3", LIMIT, SETTING,
     "The patient's share of {share} riel was taken off.",
     "ចំណែករបស់អ្នកជំងឺ {share} រៀលត្រូវបានដកចេញ។"),
)  # fmt: skip

# What a reviewer may name besides every finding's code.
_REVIEWER_ROWS: tuple[tuple[str, Severity, str, str, str, str, str], ...] = (
    ("not_covered", DEN, "96", NOT_COVERED, SETTING, "Not covered.", "មិនស្ថិតក្នុងកញ្ចប់សេវា។"),
    ("price", WAR, "45", LIMIT, SETTING, "The price is too high.", "តម្លៃខ្ពស់ពេក។"),
    ("documents", REV, "16", NOT_COVERED, SETTING, "Documents are missing.", "ខ្វះឯកសារភ្ជាប់។"),
    ("other", REV, "16", NOT_COVERED, SETTING, "Another reason, see the note.", "មូលហេតុផ្សេង សូមមើលកំណត់សម្គាល់។"),
)  # fmt: skip

CATALOGUE: dict[str, Reason] = {row[0]: Reason(*row) for row in (*_ROWS, *_REVIEWER_ROWS)}


def found(
    code: str, *, line: int | None = None, source: str | None = None, **values: object
) -> Finding:
    """Return the finding of a catalogue entry, its texts filled with the rule's numbers.

    `source` names the policy's own words where a setting of the policy decided.
    """
    reason = CATALOGUE[code]
    return Finding(
        code=reason.code,
        severity=reason.severity,
        carc=reason.carc,
        fhir=reason.fhir,
        source=source or reason.source,
        text_en=reason.text_en.format(**values),
        text_km=reason.text_km.format(**values),
        line=line,
    )
