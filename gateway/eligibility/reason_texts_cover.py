"""The words of reasons about schemes, benefits and facilities: Khmer beside English. Data for reasons.

Each row: text en, text km, next step en, next step km, source, status, CARC.
"""

from gateway.eligibility.reason_texts_person import (
    ASK_1286_EN,
    ASK_1286_KM,
    FEED,
    PRODUCT,
    SD280,
    Row,
)

P109 = "Prakas 109/2016"

SCHEME: dict[str, Row] = {
    "no_cover": (
        "No scheme is recorded for this person",
        "គ្មានរបបណាមួយត្រូវបានកត់ត្រាសម្រាប់បុគ្គលនេះទេ",
        "Ask about the Health Equity Fund or another card; hotline 1286.",
        "សូមសួរអំពីមូលនិធិសមធម៌ ឬប័ណ្ណផ្សេង លេខ 1286។",
        FEED, "reported", "27",
    ),
    "cover_not_begun": (
        "The cover begins on {day}",
        "សិទ្ធិចាប់ផ្តើមនៅថ្ងៃ {day}",
        "The person is covered from that day on.",
        "បុគ្គលមានសិទ្ធិចាប់ពីថ្ងៃនោះ។",
        FEED, "reported", "26",
    ),
    "cover_ended": (
        "The cover ended; its last day was {day}",
        "សិទ្ធិបានបញ្ចប់ ថ្ងៃចុងក្រោយគឺ {day}",
        "Ask whether another card or the Health Equity Fund applies; hotline 1286.",
        "សូមសួរថាមានប័ណ្ណផ្សេង ឬមូលនិធិសមធម៌ឬទេ លេខ 1286។",
        FEED, "reported", "27",
    ),
    "pension_only": (
        "The person is a member of the pension scheme only, which gives no care",
        "បុគ្គលជាសមាជិករបបសោធនតែប៉ុណ្ណោះ ដែលមិនផ្តល់ការថែទាំសុខភាពទេ",
        "Ask about voluntary health care or the Health Equity Fund; hotline 1286.",
        "សូមសួរអំពីរបបថែទាំសុខភាពស្ម័គ្រចិត្ត ឬមូលនិធិសមធម៌ លេខ 1286។",
        "Law on Social Security Schemes 2002", "law", "96",
    ),
    "use_occupational_risk": (
        "Injuries at work or on the way belong to occupational risk, not to health care",
        "របួសពេលធ្វើការ ឬតាមផ្លូវទៅធ្វើការ ត្រូវប្រើរបបហានិភ័យការងារ មិនមែនរបបថែទាំសុខភាពទេ",
        "Report the accident to NSSF and claim under occupational risk; hotline 1286.",
        "សូមរាយការណ៍គ្រោះថ្នាក់ទៅ ប.ស.ស. ហើយស្នើតាមរបបហានិភ័យការងារ លេខ 1286។",
        "Law on Social Security Schemes 2002", "law", "19",
    ),
    "occupational_risk_only": (
        "Occupational risk pays only for injuries at work or on the way",
        "របបហានិភ័យការងារទូទាត់តែរបួសពេលធ្វើការ ឬតាមផ្លូវប៉ុណ្ណោះ",
        "If it happened at work, check again with that cause; else ask about health care.",
        "បើកើតឡើងពេលធ្វើការ សូមពិនិត្យម្តងទៀតដោយជ្រើសមូលហេតុនោះ។",
        "Law on Social Security Schemes 2002", "law", "96",
    ),
    "scheme_not_begun": (
        "No policy of this scheme was in force on the service day",
        "គ្មានគោលនយោបាយនៃរបបនេះមានសុពលភាពនៅថ្ងៃទទួលសេវាទេ",
        "Check the service day.",
        "សូមពិនិត្យថ្ងៃទទួលសេវា។",
        PRODUCT, "assumption", "26",
    ),
    "group_not_covered": (
        "The scheme did not cover this group of members on the service day",
        "របបនេះមិនទាន់គ្របដណ្តប់ក្រុមសមាជិកនេះនៅថ្ងៃទទួលសេវាទេ",
        "Check the service day; hotline 1286.",
        "សូមពិនិត្យថ្ងៃទទួលសេវា ឬទូរស័ព្ទលេខ 1286។",
        PRODUCT, "assumption", "26",
    ),
    "contributions_not_loaded": (
        "The contributions are not known to this system yet",
        "ប្រព័ន្ធនេះមិនទាន់មានទិន្នន័យភាគទានទេ",
        "Check by hand with NSSF, hotline 1286.",
        "សូមពិនិត្យដោយដៃជាមួយ ប.ស.ស. លេខ 1286។",
        FEED, "reported", "16",
    ),
    "contributions_short": (
        "{paid} of {needed} months paid ({condition}); missing: {missing}",
        "បានបង់ {paid} ក្នុងចំណោម {needed} ខែ ({condition_km}) ខ្វះ៖ {missing}",
        "The employer pays the missing months; hotline 1286.",
        "និយោជកត្រូវបង់ខែដែលខ្វះ លេខ 1286។",
        P109, "law", "27",
    ),
    "contributions_short_voluntary": (
        "{paid} of {needed} months paid ({condition}); missing: {missing}",
        "បានបង់ {paid} ក្នុងចំណោម {needed} ខែ ({condition_km}) ខ្វះ៖ {missing}",
        "Pay {riel} riel for each missing month; hotline 1286.",
        "សូមបង់ {riel} រៀលសម្រាប់ខែដែលខ្វះនីមួយៗ លេខ 1286។",
        SD280, "assumption", "27",
    ),
    "lapsed": (
        "Membership lapsed: {unpaid} due months unpaid, more than {months}",
        "សមាជិកភាពបានផុត៖ មិនបានបង់ {unpaid} ខែ លើសពី {months} ខែ",
        "The person asks NSSF how to come back; hotline 1286.",
        "បុគ្គលសូមសួរ ប.ស.ស. ពីរបៀបចូលវិញ លេខ 1286។",
        "CamboJA News on voluntary abandonment, 2025", "reported", "27",
    ),
}  # fmt: skip

BENEFIT: dict[str, Row] = {
    "facility_not_contracted": (
        "This facility has no contract with NSSF on that day: emergency care only",
        "មូលដ្ឋានសុខាភិបាលនេះគ្មានកិច្ចសន្យាជាមួយ ប.ស.ស. នៅថ្ងៃនោះ៖ តែសង្គ្រោះបន្ទាន់ប៉ុណ្ណោះ",
        "In an emergency treat the patient and tell NSSF promptly, 1286; else send the patient to"
        " a contracted facility.",
        "ករណីសង្គ្រោះបន្ទាន់ សូមព្យាបាល ហើយជូនដំណឹង ប.ស.ស. ជាបន្ទាន់ លេខ 1286 បើមិនដូច្នោះទេ"
        " សូមបញ្ជូនទៅមូលដ្ឋានដែលមានកិច្ចសន្យា។",
        P109, "law", "242",
    ),
    "facility_unknown": (
        "The registry does not describe this facility",
        "បញ្ជីមិនមានព័ត៌មានអំពីមូលដ្ឋានសុខាភិបាលនេះទេ",
        ASK_1286_EN, ASK_1286_KM,
        FEED, "reported", "16",
    ),
    "kind_not_allowed": (
        "This scheme pays at {kinds} facilities only",
        "របបនេះទូទាត់តែនៅមូលដ្ឋានសុខាភិបាល{kinds_km}ប៉ុណ្ណោះ",
        "Send the patient to a public facility.",
        "សូមបញ្ជូនអ្នកជំងឺទៅមូលដ្ឋានសុខាភិបាលសាធារណៈ។",
        PRODUCT, "reported", "242",
    ),
    "level_cannot": (
        "A facility of this level does not give this benefit",
        "មូលដ្ឋានសុខាភិបាលកម្រិតនេះមិនផ្តល់សេវានេះទេ",
        "Refer the patient to a facility that does.",
        "សូមបញ្ជូនអ្នកជំងឺទៅមូលដ្ឋានដែលផ្តល់សេវានេះ។",
        PRODUCT, "assumption", "171",
    ),
    "benefit_not_in_package": (
        "This scheme does not give this benefit",
        "របបនេះមិនផ្តល់សេវានេះទេ",
        ASK_1286_EN, ASK_1286_KM,
        PRODUCT, "assumption", "96",
    ),
    "limit_reached": (
        "The limit is used up: {used} of {limit} in {window} months",
        "បានប្រើអស់កម្រិត៖ {used} ក្នុងចំណោម {limit} ក្នុងរយៈពេល {window} ខែ",
        "Ask NSSF from which day care is covered again; hotline 1286.",
        "សូមសួរ ប.ស.ស. ថាមានសិទ្ធិវិញនៅថ្ងៃណា លេខ 1286។",
        P109, "reported", "119",
    ),
}  # fmt: skip

NOTES: dict[str, Row] = {
    "rule_assumed": (
        "Decided by rule {rule}, which is an assumption",
        "បានសម្រេចតាមវិធាន {rule} ដែលជាការសន្មត",
        "Nothing to do; NSSF may correct the rule.",
        "មិនចាំបាច់ធ្វើអ្វីទេ ប.ស.ស. អាចកែវិធាននេះ។",
        PRODUCT, "assumption", None,
    ),
    "recent_month_counted": (
        "A month paid after the last due month was counted in the person's favour",
        "ខែដែលបានបង់ក្រោយខែដល់កំណត់ចុងក្រោយត្រូវបានរាប់បញ្ចូលជាប្រយោជន៍ដល់បុគ្គល",
        "Nothing to do.",
        "មិនចាំបាច់ធ្វើអ្វីទេ។",
        P109, "assumption", None,
    ),
    "payer_assumed": (
        "More than one scheme covers this care; which of them pays first is an assumption",
        "មានរបបលើសពីមួយដែលគ្របដណ្តប់ការថែទាំនេះ របបណាត្រូវបង់មុនគឺជាការសន្មត",
        "Nothing to do; NSSF may set another order.",
        "មិនចាំបាច់ធ្វើអ្វីទេ ប.ស.ស. អាចកំណត់លំដាប់ផ្សេង។",
        PRODUCT, "assumption", None,
    ),
    "estimate": (
        "The day lies ahead: this is an estimate and promises nothing",
        "ថ្ងៃនេះមិនទាន់មកដល់៖ នេះជាការប៉ាន់ស្មាន មិនមែនជាការសន្យាទេ",
        "Check again on the day of the visit.",
        "សូមពិនិត្យម្តងទៀតនៅថ្ងៃមកពិនិត្យ។",
        PRODUCT, "assumption", None,
    ),
}  # fmt: skip

COVER_TEXTS: dict[str, Row] = SCHEME | BENEFIT | NOTES
