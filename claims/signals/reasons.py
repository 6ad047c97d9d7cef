"""What a signal says, in one sentence with its numbers, in both languages; read by NSSF only."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "patient_paid": (
        "The patient is said to have paid {riel} riel.",
        "អ្នកជំងឺត្រូវបានរាយការណ៍ថាបានបង់ {riel} រៀល។",
    ),
    "patient_reported_paying": (
        "The patient says money was paid: {how}.",
        "អ្នកជំងឺប្រាប់ថាបានបង់ប្រាក់៖ {how}។",
    ),
    "refunded": (
        "The member asked for {riel} riel back that were paid for care on {day} ({allowance}).",
        "សមាជិកបានស្នើសុំប្រាក់ {riel} រៀលមកវិញ ដែលបានបង់សម្រាប់សេវានៅថ្ងៃ {day} ({allowance})។",
    ),
    "caesarean_share": (
        "{value} % of this facility's {sample} deliveries are caesareans; the median of its {peers}"
        " peers is {median} %.",
        "{value} % នៃការសម្រាល {sample} របស់មូលដ្ឋាននេះជាការវះកាត់ មធ្យមនៃមូលដ្ឋានប្រភេទដូចគ្នា {peers}"
        " គឺ {median} %។",
    ),
    "average_claim": (
        "This facility's average {visit} claim is {value} riel over {sample} claims; the median of"
        " its {peers} peers is {median} riel, and this claim is {riel} riel.",
        "សំណើ {visit} មធ្យមរបស់មូលដ្ឋាននេះគឺ {value} រៀលលើ {sample} សំណើ មធ្យមនៃមូលដ្ឋានប្រភេទដូចគ្នា"
        " {peers} គឺ {median} រៀល ហើយសំណើនេះគឺ {riel} រៀល។",
    ),
    "weekend_share": (
        "{value} % of this facility's {sample} outpatient claims fall on weekends; the median of"
        " its {peers} peers is {median} %, and this one is of {day}.",
        "{value} % នៃសំណើពិគ្រោះក្រៅ {sample} របស់មូលដ្ឋាននេះស្ថិតនៅចុងសប្តាហ៍ មធ្យមនៃមូលដ្ឋានប្រភេទដូចគ្នា"
        " {peers} គឺ {median} % ហើយសំណើនេះគឺនៅថ្ងៃ {day}។",
    ),
    "night_share": (
        "{value} % of this facility's {sample} outpatients were received at night; the median of"
        " its {peers} peers is {median} %, and this one came after {hour}:00.",
        "{value} % នៃអ្នកជំងឺពិគ្រោះក្រៅ {sample} របស់មូលដ្ឋាននេះត្រូវបានទទួលនៅពេលយប់ មធ្យមនៃមូលដ្ឋាន"
        "ប្រភេទដូចគ្នា {peers} គឺ {median} % ហើយម្នាក់នេះមកក្រោយម៉ោង {hour}:00។",
    ),
    "many_claims": (
        "This is claim number {claims} of this patient for {day}; more than {limit} are looked at.",
        "នេះជាសំណើទី {claims} របស់អ្នកជំងឺនេះសម្រាប់ថ្ងៃ {day} លើសពី {limit} ត្រូវពិនិត្យ។",
    ),
    "round_prices": (
        "All {lines} prices that differ from the price list are multiples of {multiple} riel.",
        "តម្លៃទាំង {lines} ដែលខុសពីតារាងតម្លៃជាពហុគុណនៃ {multiple} រៀល។",
    ),
    "large_amount": (
        "{riel} riel are claimed; amounts above {limit} riel are looked at.",
        "បានស្នើ {riel} រៀល ចំនួនលើសពី {limit} រៀលត្រូវពិនិត្យ។",
    ),
    "facility_watch": (
        "The facility is being watched: {why}.",
        "មូលដ្ឋានសុខាភិបាលនេះកំពុងត្រូវបានតាមដាន៖ {why}។",
    ),
    "sample": (
        "Nothing was found; the claim is one of the {per_mille} in 1,000 that are read all the same.",
        "រកមិនឃើញអ្វីទេ សំណើនេះស្ថិតក្នុងចំណោម {per_mille} ក្នុង ១.០០០ ដែលត្រូវអានទោះយ៉ាងណា។",
    ),
}

VISITS_KM = {"outpatient": "ពិគ្រោះក្រៅ", "inpatient": "សម្រាកពេទ្យ", "emergency": "សង្គ្រោះបន្ទាន់"}
