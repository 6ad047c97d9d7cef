"""The catalogue of what the computation of an allowance can say, in both languages.

Each step of a computation is one entry with its numbers filled in, so that the member, the facility
and NSSF read the same account. `deny` makes it not payable, `unknown` says that data is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.coverage.policy import PRODUCT_DEFAULT, Source


class Weight(StrEnum):
    """What a step does to the answer."""

    INFO = "info"
    WARN = "warn"
    REVIEW = "review"
    UNKNOWN = "unknown"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Said:
    """One entry of the catalogue; `private` steps tell a wage."""

    code: str
    severity: Weight
    text_en: str
    text_km: str
    private: bool = False

    def as_json(self) -> dict[str, str]:
        """Return the entry as the code list of reasons carries it."""
        return {
            "code": self.code, "text_en": self.text_en, "text_km": self.text_km,
            "source": PRODUCT_DEFAULT.text, "severity": self.severity.value,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a computation: what was found, by which source, and what it makes in riel."""

    code: str
    severity: Weight
    text_en: str
    text_km: str
    source: Source
    riel: int | None = None
    private: bool = False

    def as_json(self) -> dict[str, object]:
        """Return the step as it is stored and answered."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "text_en": self.text_en,
            "text_km": self.text_km,
            "riel": self.riel,
            "source": self.source.text,
            "status": self.source.status,
            "confidence": self.source.confidence,
            "private": self.private,
        }


_INFO, _WARN, _REVIEW = Weight.INFO, Weight.WARN, Weight.REVIEW
_UNKNOWN, _DENY = Weight.UNKNOWN, Weight.DENY
_ROWS: tuple[tuple[str, Weight, str, str], ...] = (
    # who
    ("person_unknown", _DENY,
     "No person is registered under this card number.",
     "គ្មានបុគ្គលណាបានចុះឈ្មោះក្រោមលេខប័ណ្ណនេះទេ។"),
    ("not_a_woman", _DENY, "This allowance is for the mother; the card is a man's.",
     "ប្រាក់បំណាច់នេះសម្រាប់ម្តាយ ប័ណ្ណនេះជារបស់បុរស។"),
    ("sex_unknown", _UNKNOWN, "The registry does not say whether the card is a woman's.",
     "បញ្ជីមិនបានបញ្ជាក់ថាប័ណ្ណនេះជារបស់ស្ត្រីឬទេ។"),
    ("group_unknown", _UNKNOWN, "The registry does not say which group the person belongs to.",
     "បញ្ជីមិនបានបញ្ជាក់ថាបុគ្គលនេះស្ថិតក្នុងក្រុមណា។"),
    ("not_a_member", _DENY, "No membership was in force on {day}.",
     "គ្មានសមាជិកភាពមានសុពលភាពនៅថ្ងៃ {day} ទេ។"),
    ("dead_before", _DENY, "The event is dated after the person's death.",
     "ព្រឹត្តិការណ៍មានកាលបរិច្ឆេទក្រោយថ្ងៃដែលបុគ្គលនេះបានស្លាប់។"),
    ("no_rule", _DENY, "No rule gives this to this group on {day}.",
     "គ្មានវិធានណាផ្តល់អត្ថប្រយោជន៍នេះដល់ក្រុមនេះនៅថ្ងៃ {day} ទេ។"),
    ("switched_off", _DENY,
     "The law names this benefit for this group, but its rule is not known yet: recorded, not payable.",
     "ច្បាប់បានចែងអំពីអត្ថប្រយោជន៍នេះសម្រាប់ក្រុមនេះ ប៉ុន្តែវិធានមិនទាន់ដឹងនៅឡើយ៖ បានកត់ត្រា មិនទាន់អាចបង់បាន។"),
    # months
    ("contributions_not_loaded", _UNKNOWN, "No contributions have been loaded: months cannot be counted.",
     "មិនទាន់មានទិន្នន័យភាគទាន៖ មិនអាចរាប់ខែបានទេ។"),
    ("months_met", _INFO, "Months paid: {paid}; needed: {needed} ({how}); the last month due is {due}.",
     "ខែដែលបានបង់៖ {paid} ត្រូវការ៖ {needed} ({how_km}) ខែចុងក្រោយដែលដល់កំណត់គឺ {due}។"),
    ("months_short", _DENY, "Months paid: {paid}; needed: {needed} ({how}); the last month due is {due}.",
     "ខែដែលបានបង់៖ {paid} ត្រូវការ៖ {needed} ({how_km}) ខែចុងក្រោយដែលដល់កំណត់គឺ {due}។"),
    ("reading_agrees", _INFO, "The other reading of the rule ({how}) gives the same answer.",
     "ការបកស្រាយមួយទៀតនៃវិធាន ({how_km}) ផ្តល់ចម្លើយដូចគ្នា។"),
    ("reading_differs", _REVIEW, "Under the other reading of the rule ({how}) the answer would be the opposite.",
     "តាមការបកស្រាយមួយទៀតនៃវិធាន ({how_km}) ចម្លើយនឹងផ្ទុយគ្នា។"),
    # wage
    ("wage_unknown", _UNKNOWN,
     "The contributory wage is not known: the allowance cannot be computed and is not payable yet.",
     "មិនដឹងប្រាក់ឈ្នួលជាប់ភាគទាន៖ មិនអាចគណនា ហើយមិនទាន់អាចបង់បានទេ។"),
    ("no_wage_month", _UNKNOWN,
     "No month is paid between {first} and {last}: there is no wage to average.",
     "គ្មានខែណាបានបង់ចន្លោះ {first} និង {last}៖ គ្មានប្រាក់ឈ្នួលសម្រាប់គណនាមធ្យម។"),
    ("wage_bounded", _INFO, "A wage of {wage} riel counts as {counted} riel.",
     "ប្រាក់ឈ្នួល {wage} រៀល រាប់ជា {counted} រៀល។"),
    ("one_wage", _INFO,
     "The registry holds one contributory wage; it is taken for every month counted.",
     "បញ្ជីមានប្រាក់ឈ្នួលជាប់ភាគទានតែមួយ វាត្រូវបានប្រើសម្រាប់គ្រប់ខែដែលបានរាប់។"),
    ("wages_counted", _INFO,
     "Wages of {months} paid months between {first} and {last}: {months} x {wage} riel.",
     "ប្រាក់ឈ្នួលនៃ {months} ខែដែលបានបង់ ចន្លោះ {first} និង {last}៖ {months} x {wage} រៀល។"),
    ("daily_wage", _INFO, "Average daily wage: {total} / {months} months / {days} days.",
     "ប្រាក់ឈ្នួលមធ្យមប្រចាំថ្ងៃ៖ {total} / {months} ខែ / {days} ថ្ងៃ។"),
    ("share_of_wage", _INFO, "{percent} % of the average daily wage for {days} days.",
     "{percent} % នៃប្រាក់ឈ្នួលមធ្យមប្រចាំថ្ងៃ សម្រាប់ {days} ថ្ងៃ។"),
    # birth
    ("weeks_too_few", _DENY,
     "{weeks} weeks of pregnancy: a delivery counts from {needed} weeks.",
     "មានផ្ទៃពោះ {weeks} សប្តាហ៍៖ ការសម្រាលកូនរាប់ចាប់ពី {needed} សប្តាហ៍។"),
    ("weeks_not_told", _WARN, "The weeks of pregnancy are not told; a delivery counts from {needed} weeks.",
     "មិនបានបញ្ជាក់ចំនួនសប្តាហ៍នៃការមានផ្ទៃពោះ ការសម្រាលកូនរាប់ចាប់ពី {needed} សប្តាហ៍។"),
    ("not_live", _DENY, "Paid for each child born alive; this child was stillborn.",
     "បង់សម្រាប់កូននីមួយៗដែលកើតរស់ កូននេះកើតស្លាប់។"),
    ("delivery_needed", _UNKNOWN, "The day of the delivery is not told.",
     "មិនបានបញ្ជាក់ថ្ងៃសម្រាលកូន។"),
    ("before_delivery", _DENY, "The event lies before the delivery on {day}.",
     "ព្រឹត្តិការណ៍ស្ថិតមុនថ្ងៃសម្រាលកូន {day}។"),
    ("child_too_old", _DENY, "Paid until the child is {years} years old, that is before {day}.",
     "បង់រហូតដល់កូនអាយុ {years} ឆ្នាំ គឺមុនថ្ងៃ {day}។"),
    ("instalments_used", _DENY, "All {most} payments of this event have been asked for.",
     "ការបង់ទាំង {most} លើកសម្រាប់ព្រឹត្តិការណ៍នេះ ត្រូវបានស្នើរួចហើយ។"),
    ("instalment", _INFO, "Payment {number} of {most} for this event.",
     "ការបង់លើកទី {number} ក្នុងចំណោម {most} សម្រាប់ព្រឹត្តិការណ៍នេះ។"),
    ("fixed_amount", _INFO, "Fixed amount for the event.", "ចំនួនថេរសម្រាប់ព្រឹត្តិការណ៍នេះ។"),
    ("per_child", _INFO, "Fixed amount for child {order} of {children}.",
     "ចំនួនថេរសម្រាប់កូនទី {order} ក្នុងចំណោម {children}។"),
    ("triplets", _INFO, "Additional amount for {children} children at one birth.",
     "ចំនួនបន្ថែមសម្រាប់កូន {children} នាក់ក្នុងការសម្រាលតែមួយ។"),
    ("triplets_not_known", _REVIEW,
     "Whether the additional amount for triplets still holds is not known: it is not counted.",
     "មិនដឹងថាចំនួនបន្ថែមសម្រាប់កូនភ្លោះបីនៅតែមានសុពលភាពឬទេ៖ មិនបានរាប់បញ្ចូល។"),
    ("child_by_child", _INFO,
     "Vaccinations of twins are counted child by child: no source says so.",
     "ការចាក់វ៉ាក់សាំងនៃកូនភ្លោះត្រូវបានរាប់តាមកូននីមួយៗ៖ គ្មានប្រភពណាបញ្ជាក់ទេ។"),
    ("registered", _INFO, "The pregnancy was registered on {day}.",
     "ការមានផ្ទៃពោះត្រូវបានចុះឈ្មោះនៅថ្ងៃ {day}។"),
    ("not_registered", _WARN,
     "The pregnancy was not registered before; the notice of the facility stands in for it.",
     "ការមានផ្ទៃពោះមិនបានចុះឈ្មោះជាមុន ការជូនដំណឹងរបស់មូលដ្ឋានសុខាភិបាលជំនួសវា។"),
    ("check_after_birth", _DENY,
     "Born outside a contracted facility: payable after a check at a contracted one.",
     "កើតក្រៅមូលដ្ឋានមានកិច្ចព្រមព្រៀង៖ អាចបង់បានក្រោយការពិនិត្យនៅមូលដ្ឋានមានកិច្ចព្រមព្រៀង។"),
    ("checked_after_birth", _INFO,
     "Born outside a contracted facility; a check at a contracted one is on record.",
     "កើតក្រៅមូលដ្ឋានមានកិច្ចព្រមព្រៀង មានកំណត់ត្រាពិនិត្យនៅមូលដ្ឋានមានកិច្ចព្រមព្រៀង។"),
    ("place_not_told", _REVIEW, "Where the child was born is not told.",
     "មិនបានបញ្ជាក់ទីកន្លែងកើតរបស់កូន។"),
    # sickness
    ("no_leave", _DENY, "The employer did not permit the leave.", "និយោជកមិនបានអនុញ្ញាតឱ្យឈប់សម្រាក។"),
    ("leave_not_shown", _REVIEW, "The employer's permission for the leave is not shown.",
     "មិនបានបង្ហាញការអនុញ្ញាតឈប់សម្រាករបស់និយោជក។"),
    ("days_counted", _INFO, "{days} days from {first} to {last}.",
     "{days} ថ្ងៃ ពីថ្ងៃ {first} ដល់ថ្ងៃ {last}។"),
    ("days_cut", _WARN, "{used} of {limit} days in {months} months are used: {left} can be paid.",
     "បានប្រើ {used} ក្នុងចំណោម {limit} ថ្ងៃ ក្នុង {months} ខែ៖ អាចបង់បាន {left} ថ្ងៃ។"),
    ("days_used_up", _DENY, "All {limit} days in {months} months are used.",
     "បានប្រើអស់ទាំង {limit} ថ្ងៃ ក្នុង {months} ខែ។"),
    ("leave_paid_twice", _REVIEW, "Another allowance pays {days} of the same days of leave.",
     "ប្រាក់ឧបត្ថម្ភផ្សេងទៀតបង់រួចហើយសម្រាប់ {days} ថ្ងៃនៃការឈប់សម្រាកដដែល។"),
    # death
    ("amount_not_set", _DENY,
     "The amount is not set yet: the allowance is recorded and not payable until NSSF sets it.",
     "មិនទាន់កំណត់ចំនួនទឹកប្រាក់៖ បានកត់ត្រា ហើយមិនអាចបង់បានរហូតដល់ ប.ស.ស. កំណត់។"),
    ("death_not_registered", _REVIEW, "The registry does not say that the person died: check the certificate.",
     "បញ្ជីមិនបានបញ្ជាក់ថាបុគ្គលនេះបានស្លាប់៖ សូមពិនិត្យសំបុត្រមរណភាព។"),
    ("death_other_day", _REVIEW, "The registry says that the person died on {day}.",
     "បញ្ជីបញ្ជាក់ថាបុគ្គលនេះបានស្លាប់នៅថ្ងៃ {day}។"),
    # refund
    ("not_emergency", _DENY, "Only emergency care is paid back.",
     "ទូទាត់សងវិញតែសេវាសង្គ្រោះបន្ទាន់ប៉ុណ្ណោះ។"),
    ("facility_contracted", _DENY,
     "The facility had an agreement with NSSF that day: it claims from NSSF and pays the cash back.",
     "មូលដ្ឋានមានកិច្ចព្រមព្រៀងជាមួយ ប.ស.ស. នៅថ្ងៃនោះ៖ មូលដ្ឋានត្រូវស្នើពី ប.ស.ស. និងសងប្រាក់វិញ។"),
    ("level_as_told", _REVIEW, "The facility is not in the registry: its level is as the member told it.",
     "មូលដ្ឋានមិនមានក្នុងបញ្ជី៖ កម្រិតរបស់វាតាមការប្រាប់របស់សមាជិក។"),
    ("care_adjudicated", _INFO, "What the rules for claims allow of the care.",
     "ចំនួនដែលវិធានសម្រាប់សំណើអនុញ្ញាតនៃការព្យាបាល។"),
    ("care_refused", _DENY, "The rules for claims allow nothing of the care.",
     "វិធានសម្រាប់សំណើមិនអនុញ្ញាតអ្វីទេនៃការព្យាបាលនេះ។"),
    ("paid_less", _WARN, "Not more is paid back than was paid: {paid} riel.",
     "មិនសងវិញលើសពីចំនួនដែលបានបង់៖ {paid} រៀល។"),
    # what NSSF's people say
    ("documents_missing", _REVIEW, "A document is missing or cannot be read.",
     "ខ្វះឯកសារ ឬអានមិនច្បាស់។"),
    ("payee_differs", _REVIEW, "The payee is not the member and nothing shows that the member agreed.",
     "អ្នកទទួលប្រាក់មិនមែនជាសមាជិក ហើយគ្មានអ្វីបង្ហាញថាសមាជិកយល់ព្រម។"),
    ("asked_twice", _REVIEW, "The event has been asked for already.", "ព្រឹត្តិការណ៍នេះត្រូវបានស្នើរួចហើយ។"),
    ("not_true", _REVIEW, "What was stated could not be confirmed.", "អ្វីដែលបានបញ្ជាក់មិនអាចផ្ទៀងផ្ទាត់បាន។"),
    ("computed_wrongly", _REVIEW, "The amount is corrected by hand.", "ចំនួនទឹកប្រាក់ត្រូវបានកែដោយដៃ។"),
)  # fmt: skip

PRIVATE = frozenset({"wage_bounded", "wages_counted", "daily_wage", "share_of_wage"})
CATALOGUE = {code: Said(code, weight, en, km, code in PRIVATE) for code, weight, en, km in _ROWS}
DECISIONS = ("documents_missing", "payee_differs", "asked_twice", "not_true", "computed_wrongly")
"""What a reviewer may always name; the steps of the computation come on top."""


def step(
    code: str, source: Source = PRODUCT_DEFAULT, *, riel: int | None = None, **values: object
) -> Step:
    """Return a catalogue entry as a step, its texts filled with the rule's numbers."""
    said = CATALOGUE[code]
    return Step(
        code=code,
        severity=said.severity,
        text_en=said.text_en.format(**values),
        text_km=said.text_km.format(**values),
        source=source,
        riel=riel,
        private=said.private,
    )
