"""The words of a slip, Khmer and English side by side: on its paper and on the page that verifies it.

Both languages always stand together, so nothing here goes through the catalogue.
"""

from collections.abc import Mapping

Words = Mapping[str, tuple[str, str]]

VERDICT: Words = {
    "eligible": ("មានសិទ្ធិទទួលសេវា", "Eligible"),
    "emergency_only": ("តែក្នុងករណីសង្គ្រោះបន្ទាន់", "Emergency care only"),
    "not_eligible": ("គ្មានសិទ្ធិទទួលសេវា", "Not eligible"),
    "unknown": ("មិនទាន់ច្បាស់ សូមពិនិត្យដោយដៃ", "Not clear yet: check by hand"),
}
BENEFIT: Words = {
    "outpatient": ("ពិគ្រោះក្រៅ", "Outpatient care"),
    "inpatient": ("សម្រាកពេទ្យ", "Inpatient care"),
    "emergency": ("សង្គ្រោះបន្ទាន់", "Emergency care"),
    "antenatal": ("ពិនិត្យផ្ទៃពោះ", "Antenatal checks"),
    "delivery": ("សម្រាលកូន", "Delivery"),
    "postnatal": ("ថែទាំក្រោយសម្រាល", "Postnatal care"),
    "rehabilitation": ("ស្តារនីតិសម្បទា", "Rehabilitation"),
    "transport": ("ការដឹកជញ្ជូនអ្នកជំងឺ", "Patient transport"),
}
FIELD: Words = {
    "verdict": ("លទ្ធផល", "Verdict"),
    "jti": ("លេខ", "Number"),
    "card": ("លេខប័ណ្ណ", "Card number"),
    "initials": ("អក្សរកាត់ឈ្មោះ", "Initials"),
    "birth_year": ("ឆ្នាំកំណើត", "Year of birth"),
    "aud": ("មូលដ្ឋានសុខាភិបាល", "Facility"),
    "service_date": ("ថ្ងៃទទួលសេវា", "Day of service"),
    "benefits": ("សេវា", "Benefits"),
    "exp": ("មានសុពលភាពដល់", "Valid until"),
}
OUTCOME: Words = {
    "valid": ("ប័ណ្ណនេះពិត ហើយនៅមានសុពលភាព", "Genuine and valid"),
    "expired": (
        "ប័ណ្ណនេះពិត ប៉ុន្តែហួសសុពលភាព សូមពិនិត្យសិទ្ធិម្តងទៀត",
        "Genuine, but no longer valid: check again",
    ),
    "invalid": (
        "មិនអាចជឿទុកចិត្តបានទេ៖ ប័ណ្ណនេះមិនពិត ឬត្រូវបានកែប្រែ",
        "Not genuine, or changed: do not trust it",
    ),
    "not_slip": ("នេះមិនមែនជាប័ណ្ណបញ្ជាក់សិទ្ធិទេ", "This is not an eligibility slip"),
    "no_key": ("មិនមានសោសាធារណៈសម្រាប់ប័ណ្ណនេះទេ", "The public key of this slip is missing here"),
    "bad_key": ("សោសាធារណៈមិនអាចអានបានទេ", "The public key cannot be read"),
    "unsupported": (
        "កម្មវិធីរុករកនេះចាស់ពេក មិនអាចផ្ទៀងផ្ទាត់បានទេ",
        "This browser is too old to verify; use a newer one",
    ),
}
TITLE = ("ប័ណ្ណបញ្ជាក់សិទ្ធិ", "Eligibility slip")
NONE = ("គ្មាន", "None")
