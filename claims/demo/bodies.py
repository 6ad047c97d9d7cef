"""What a case is and the claim a facility would write for it. Pure, but for the tariffs it is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from claims.adjudication.rules.tariffs import Price, Tariffs
from claims.demo.people import Patient


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of case: what is done, for what, where, and how long it takes."""

    name: str
    share: int
    visit_type: str
    benefit: str
    services: tuple[tuple[str, int], ...]
    diagnoses: tuple[str, ...]
    places: tuple[str, ...]
    nights: tuple[int, int] = (0, 0)
    event: str | None = None
    mode: str | None = None
    ward: str = "OPD"


EVERYWHERE = ("hospital", "private", "national", "district", "centre")
BIG, WARDED = ("hospital", "national"), ("hospital", "private", "national", "district")
OPD_DIAGNOSES = ("J06.9", "J18.9", "I10", "E11.9", "A09.9", "M54.5", "N39.0", "R50.9", "K29.7")
MOTHERS = ("hospital", "national", "district", "centre")

# Shares per hundred: mostly outpatient; more births than there are, so that each kind is seen.
KINDS = (
    Kind("opd", 82, "outpatient", "outpatient", (("OPD-CONSULTATION", 1),), OPD_DIAGNOSES,
         EVERYWHERE),
    Kind("minor", 3, "outpatient", "outpatient", (("OPD-CONSULTATION", 1), ("MINOR-SURGERY", 1)),
         ("L02.4", "S61.0"), WARDED, ward="Surgery"),
    Kind("ipd", 6, "inpatient", "inpatient", (("IPD-CASE", 1),), ("J18.9", "A01.0", "N39.0"),
         WARDED, nights=(2, 5), ward="Medicine"),
    Kind("emergency", 3, "emergency", "emergency", (("EMERGENCY", 1),), ("S52.5", "R10.0", "T78.2"),
         EVERYWHERE, ward="Emergency"),
    Kind("anc", 2, "outpatient", "antenatal", (("ANC-VISIT", 1),), ("Z34.9",), MOTHERS,
         event="antenatal", ward="Maternity"),
    Kind("pnc", 1, "outpatient", "postnatal", (("PNC-VISIT", 1),), ("Z39.2",), MOTHERS,
         event="postnatal", ward="Maternity"),
    Kind("delivery", 2, "inpatient", "delivery", (("DELIVERY-NORMAL", 1),), ("O80.0",), MOTHERS,
         nights=(1, 2), event="delivery", mode="normal", ward="Maternity"),
    Kind("caesarean", 1, "inpatient", "delivery", (("DELIVERY-CAESAREAN", 1),), ("O82.0",), BIG,
         nights=(3, 4), event="delivery", mode="caesarean", ward="Maternity"),
)  # fmt: skip
# Worth more than one person may approve alone.
SURGERY = Kind(
    "surgery", 0, "inpatient", "inpatient", (("MAJOR-SURGERY", 2), ("IPD-CASE", 1)),
    ("K35.8", "S72.0"), BIG, nights=(4, 6), ward="Surgery",
)  # fmt: skip
BY_SHARE = tuple(kind for kind in KINDS for _ in range(kind.share))
UNPRICED_RIEL = 10_000


@dataclass(frozen=True, slots=True)
class Case:
    """One patient's visit or stay at one place, as it will be claimed."""

    reference: str
    kind: Kind
    place: str
    first: date
    nights: int
    filed: date
    fate: str
    comes_by_visit: bool

    @property
    def last(self) -> date:
        """Return the last day of care."""
        return self.first + timedelta(days=self.nights)

    @property
    def cause(self) -> str:
        """Return the cause a check asks for."""
        return "maternity" if self.kind.event else "illness"

    def suits(self, person: Patient) -> bool:
        """Tell whether this could happen to a person here: the equity fund pays public care only."""
        if person.payer == "hef" and self.place == "private":
            return False
        return self.kind.event is None or person.may_be_mother(self.first)


def claim_body(
    case: Case, person: Patient, *, level: str, tariffs: Tariffs, rng: Random
) -> dict[str, Any]:
    """Return the claim as the facility's system would send it."""
    body: dict[str, Any] = {
        "facility_reference": case.reference,
        "type": "maternity" if case.kind.event else "treatment",
        "card_number": person.card_number,
        "visit_type": case.kind.visit_type,
        "admission": "walk_in",
        "cause": case.cause,
        "emergency": case.kind.visit_type == "emergency",
        "service_from": case.first.isoformat(),
        "service_to": case.last.isoformat(),
        "discharge": "authorised" if case.nights else None,
        "diagnoses": [{"code": rng.choice(case.kind.diagnoses), "role": "primary"}],
        "facility_patient_number": f"P{rng.randrange(10**6):06d}",
        "lines": [
            {
                "service": service,
                "quantity": quantity,
                "unit_price_riel": _price(
                    tariffs.find(service, level, person.payer, case.first), rng
                ),
                "service_date": case.first.isoformat(),
            }
            for service, quantity in case.kind.services
        ],
        "submit": case.fate != "draft",
    }
    if case.kind.event:
        body["maternity"] = _maternity(case, rng)
        if case.kind.event == "delivery":
            body["diagnoses"].append({"code": "Z37.0", "role": "secondary"})
    return body


def _price(price: Price | None, rng: Random) -> int:
    riel = price.price_riel if price else UNPRICED_RIEL
    # Now and then a facility asks for more than was agreed.
    return riel * 5 // 4 if rng.random() < 0.08 else riel


def _maternity(case: Case, rng: Random) -> dict[str, Any]:
    delivery = case.kind.event == "delivery"
    weeks = {"antenatal": rng.randrange(12, 38), "delivery": rng.randrange(37, 42)}
    born = {"outcome": "live", "sex": rng.choice("FM"), "weight_g": rng.randrange(2500, 3900, 50)}
    return {
        "event": case.kind.event,
        "delivery_mode": case.kind.mode,
        "gestation_weeks": weeks.get(case.kind.event or ""),
        "births": [born] if delivery else [],
    }
