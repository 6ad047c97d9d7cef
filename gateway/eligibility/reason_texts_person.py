"""The words of reasons about a card, a person or a family: Khmer beside English. Data for reasons.

Each row: text en, text km, next step en, next step km, source, status, CARC.
"""

from config.words import N_

SD280 = "Sub-Decree 280/2023"
FEED = N_("NSSF registry")
PRODUCT = N_("product rule")

ASK_1286_EN = "Call NSSF, hotline 1286."
ASK_1286_KM = "សូមទូរស័ព្ទទៅ ប.ស.ស. លេខ 1286។"

Row = tuple[str, str, str, str, str, str, str | None]

CARD: dict[str, Row] = {
    "card_not_found": (
        "No person with this card is in the NSSF registry",
        "រកមិនឃើញលេខប័ណ្ណនេះក្នុងបញ្ជី ប.ស.ស. ទេ",
        "Check the number on the card, or look for the person by national ID; hotline 1286.",
        "សូមពិនិត្យលេខលើប័ណ្ណម្តងទៀត ឬស្វែងរកតាមអត្តសញ្ញាណប័ណ្ណ ឬទូរស័ព្ទលេខ 1286។",
        FEED, "reported", "31",
    ),
    "person_not_found": (
        "No person in the NSSF registry matches what was asked",
        "រកមិនឃើញបុគ្គលដែលត្រូវនឹងព័ត៌មាននេះក្នុងបញ្ជី ប.ស.ស. ទេ",
        "Ask for the card, or try the national ID; hotline 1286.",
        "សូមសុំមើលប័ណ្ណ ឬសាកអត្តសញ្ញាណប័ណ្ណ ឬទូរស័ព្ទលេខ 1286។",
        FEED, "reported", "31",
    ),
    "card_format": (
        "The number does not look like an NSSF card number (7-7-1)",
        "លេខនេះមិនមានទម្រង់ជាលេខប័ណ្ណ ប.ស.ស. (7-7-1) ទេ",
        "Read the number from the card again.",
        "សូមអានលេខពីប័ណ្ណម្តងទៀត។",
        "form of cards seen in 2026", "reported", "31",
    ),
    "card_lost": (
        "This card was reported lost",
        "ប័ណ្ណនេះត្រូវបានរាយការណ៍ថាបាត់",
        "Check who the person is by the national ID, and look for their new card; hotline 1286.",
        "សូមពិនិត្យអត្តសញ្ញាណតាមអត្តសញ្ញាណប័ណ្ណ ហើយរកប័ណ្ណថ្មី ឬទូរស័ព្ទលេខ 1286។",
        FEED, "reported", "31",
    ),
    "card_replaced": (
        "This card was replaced by a newer one",
        "ប័ណ្ណនេះត្រូវបានជំនួសដោយប័ណ្ណថ្មី",
        "Use the number of the newest card.",
        "សូមប្រើលេខប័ណ្ណថ្មីបំផុត។",
        FEED, "reported", "31",
    ),
    "two_active_cards": (
        "Two active cards carry this person's national ID",
        "មានប័ណ្ណសកម្មពីរដែលមានលេខអត្តសញ្ញាណប័ណ្ណតែមួយ",
        "Check by hand which card is right; NSSF corrects it, hotline 1286.",
        "សូមពិនិត្យដោយដៃថាប័ណ្ណណាត្រឹមត្រូវ ប.ស.ស. នឹងកែតម្រូវ លេខ 1286។",
        FEED, "reported", "16",
    ),
    "choose_person": (
        "Several people match; choose the right one",
        "មានមនុស្សច្រើននាក់ត្រូវគ្នា សូមជ្រើសរើសបុគ្គលត្រឹមត្រូវ",
        "Compare birth year and card, then choose the person.",
        "សូមប្រៀបធៀបឆ្នាំកំណើត និងប័ណ្ណ រួចជ្រើសរើសបុគ្គល។",
        PRODUCT, "assumption", "16",
    ),
    "too_many_people": (
        "More than ten people match",
        "មានមនុស្សលើសពីដប់នាក់ត្រូវគ្នា",
        "Ask for the card number or the national ID.",
        "សូមសុំលេខប័ណ្ណ ឬលេខអត្តសញ្ញាណប័ណ្ណ។",
        PRODUCT, "assumption", "16",
    ),
    "scan_link": (
        "The code is a link to an official page; links are not opened",
        "កូដនេះជាតំណទៅទំព័រផ្លូវការ ប្រព័ន្ធមិនបើកតំណទេ",
        "Type the number printed on the card.",
        "សូមវាយលេខដែលបានបោះពុម្ពលើប័ណ្ណ។",
        PRODUCT, "assumption", "16",
    ),
    "scan_unreadable": (
        "The scanned code holds no card number",
        "កូដដែលបានស្កេនមិនមានលេខប័ណ្ណទេ",
        "Type the number printed on the card.",
        "សូមវាយលេខដែលបានបោះពុម្ពលើប័ណ្ណ។",
        PRODUCT, "assumption", "16",
    ),
}  # fmt: skip

PERSON: dict[str, Row] = {
    "deceased": (
        "The registry records this person's death on {day}",
        "បញ្ជីបានកត់ត្រាថាបុគ្គលនេះបានស្លាប់នៅថ្ងៃ {day}",
        "Check the card and the person; if the record is wrong, call 1286.",
        "សូមពិនិត្យប័ណ្ណ និងបុគ្គល បើកំណត់ត្រាខុស សូមទូរស័ព្ទលេខ 1286។",
        FEED, "reported", "27",
    ),
    "suspended": (
        "The membership is suspended since {day}",
        "សមាជិកភាពត្រូវបានផ្អាកតាំងពីថ្ងៃ {day}",
        ASK_1286_EN, ASK_1286_KM,
        FEED, "reported", "27",
    ),
    "membership_ended": (
        "The membership ended; {day} was the first day without it",
        "សមាជិកភាពបានបញ្ចប់ ថ្ងៃ {day} ជាថ្ងៃដំបូងដែលគ្មានសិទ្ធិ",
        "Ask whether the person has joined again or holds another card; hotline 1286.",
        "សូមសួរថាបុគ្គលបានចូលជាសមាជិកវិញ ឬមានប័ណ្ណផ្សេងឬទេ លេខ 1286។",
        FEED, "reported", "27",
    ),
    "status_unknown": (
        "The registry does not say since when or whether the membership is in force",
        "បញ្ជីមិនបញ្ជាក់ពីស្ថានភាពសមាជិកភាពគ្រប់គ្រាន់ទេ",
        "Check by hand with NSSF, hotline 1286.",
        "សូមពិនិត្យដោយដៃជាមួយ ប.ស.ស. លេខ 1286។",
        FEED, "reported", "16",
    ),
    "category_missing": (
        "The registry does not say which group of members the person belongs to",
        "បញ្ជីមិនបញ្ជាក់ថាបុគ្គលស្ថិតក្នុងក្រុមសមាជិកណាទេ",
        "Check by hand with NSSF, hotline 1286.",
        "សូមពិនិត្យដោយដៃជាមួយ ប.ស.ស. លេខ 1286។",
        FEED, "reported", "16",
    ),
    "birth_date_missing": (
        "The registry has no birth date, so the age cannot be judged",
        "បញ្ជីគ្មានថ្ងៃខែឆ្នាំកំណើត ដូច្នេះមិនអាចកំណត់អាយុបានទេ",
        "Check the birth certificate by hand and tell NSSF, hotline 1286.",
        "សូមពិនិត្យសំបុត្រកំណើតដោយដៃ ហើយជូនដំណឹង ប.ស.ស. លេខ 1286។",
        FEED, "reported", "16",
    ),
    "before_birth": (
        "The service day is before the recorded birth date {day}",
        "ថ្ងៃទទួលសេវាមុនថ្ងៃកំណើត {day} ក្នុងបញ្ជី",
        "Check the service day and the birth date.",
        "សូមពិនិត្យថ្ងៃទទួលសេវា និងថ្ងៃកំណើត។",
        FEED, "reported", "14",
    ),
    "newborn_covered": (
        "Newborn under the mother's card until {day}",
        "ទារកទើបកើតស្ថិតក្រោមប័ណ្ណម្តាយរហូតដល់ថ្ងៃ {day}",
        "Register the child with NSSF before that day.",
        "សូមចុះឈ្មោះកូនជាមួយ ប.ស.ស. មុនថ្ងៃនោះ។",
        "product setting", "assumption", None,
    ),
    "newborn_too_old": (
        "The child is older than {days} days and needs a registration of its own",
        "កូនមានអាយុលើសពី {days} ថ្ងៃ ត្រូវចុះឈ្មោះដោយខ្លួនឯង",
        "Register the child with NSSF; hotline 1286.",
        "សូមចុះឈ្មោះកូនជាមួយ ប.ស.ស. លេខ 1286។",
        "product setting", "assumption", "27",
    ),
    "newborn_not_born": (
        "The service day is before the newborn's birth",
        "ថ្ងៃទទួលសេវាមុនថ្ងៃកំណើតរបស់ទារក",
        "Check the service day and the birth date.",
        "សូមពិនិត្យថ្ងៃទទួលសេវា និងថ្ងៃកំណើត។",
        PRODUCT, "assumption", "14",
    ),
    "newborn_not_mother": (
        "A newborn is covered under the mother's card; this card is not a woman's",
        "ទារកទើបកើតមានសិទ្ធិក្រោមប័ណ្ណម្តាយ ប័ណ្ណនេះមិនមែនរបស់ស្ត្រីទេ",
        "Use the mother's card.",
        "សូមប្រើប័ណ្ណម្តាយ។",
        "product setting", "assumption", "31",
    ),
}  # fmt: skip

FAMILY: dict[str, Row] = {
    "dependent_not_begun": (
        "The registration as a dependent begins on {day}",
        "ការចុះឈ្មោះជាអ្នកនៅក្នុងបន្ទុកចាប់ផ្តើមនៅថ្ងៃ {day}",
        "The person is covered from that day on.",
        "បុគ្គលមានសិទ្ធិចាប់ពីថ្ងៃនោះ។",
        SD280, "law", "26",
    ),
    "dependent_ended": (
        "The registration as a dependent ended; its last day was {day}",
        "ការចុះឈ្មោះជាអ្នកនៅក្នុងបន្ទុកបានបញ្ចប់ ថ្ងៃចុងក្រោយគឺ {day}",
        "The member asks NSSF to renew it; hotline 1286.",
        "សមាជិកសូមស្នើ ប.ស.ស. បន្តឡើងវិញ លេខ 1286។",
        SD280, "law", "27",
    ),
    "child_over_age": (
        "Children are covered until {under}; this one is {age} on the service day",
        "កូនមានសិទ្ធិរហូតដល់អាយុ {under} ឆ្នាំ នៅថ្ងៃទទួលសេវាមានអាយុ {age} ឆ្នាំ",
        "The person may join as a worker or voluntary member; no age limit applies to disability"
        " or chronic illness recorded by NSSF.",
        "បុគ្គលអាចចូលជាកម្មករនិយោជិត ឬសមាជិកស្ម័គ្រចិត្ត មិនកំណត់អាយុចំពោះពិការភាព"
        " ឬជំងឺរ៉ាំរ៉ៃដែល ប.ស.ស. បានកត់ត្រា។",
        SD280, "law", "32",
    ),
    "spouse_over_age": (
        "The press reports an age limit of {under} for spouses; this one is {age}",
        "សារព័ត៌មានរាយការណ៍ថាសហព័ទ្ធត្រូវមានអាយុក្រោម {under} ឆ្នាំ បុគ្គលនេះមានអាយុ {age} ឆ្នាំ",
        "The person is treated as covered; NSSF may confirm, hotline 1286.",
        "បុគ្គលត្រូវបានចាត់ទុកថាមានសិទ្ធិ ប.ស.ស. អាចបញ្ជាក់ លេខ 1286។",
        "Phnom Penh Post, January 2024", "reported", None,
    ),
    "principal_missing": (
        "The member this dependent belongs to is not in the registry",
        "រកមិនឃើញសមាជិកដែលអ្នកនៅក្នុងបន្ទុកនេះពឹងផ្អែកក្នុងបញ្ជីទេ",
        "Check by hand with NSSF, hotline 1286.",
        "សូមពិនិត្យដោយដៃជាមួយ ប.ស.ស. លេខ 1286។",
        FEED, "reported", "16",
    ),
    "principal_not_covered": (
        "The member this dependent belongs to has no health care cover on that day",
        "សមាជិកដែលអ្នកនៅក្នុងបន្ទុកនេះពឹងផ្អែកគ្មានសិទ្ធិថែទាំសុខភាពនៅថ្ងៃនោះទេ",
        "The member settles the membership with NSSF; hotline 1286.",
        "សមាជិកសូមដោះស្រាយសមាជិកភាពជាមួយ ប.ស.ស. លេខ 1286។",
        SD280, "assumption", "27",
    ),
    "principal_lapsed": (
        "The member this dependent belongs to has lapsed: {unpaid} months unpaid",
        "សមាជិកដែលអ្នកនៅក្នុងបន្ទុកនេះពឹងផ្អែកបានបោះបង់សមាជិកភាព មិនបានបង់ {unpaid} ខែ",
        "The member asks NSSF how to come back; hotline 1286.",
        "សមាជិកសូមសួរ ប.ស.ស. ពីរបៀបចូលវិញ លេខ 1286។",
        "CamboJA News on voluntary abandonment, 2025", "reported", "27",
    ),
}  # fmt: skip

PERSON_TEXTS: dict[str, Row] = CARD | PERSON | FAMILY
