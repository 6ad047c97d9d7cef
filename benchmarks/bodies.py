"""What the load sends: checks of random cards, claims of five lines, a list of fifty."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from random import Random

from benchmarks.load import get, post
from config import clock

CHECK_PATH, CLAIM_PATH = "/api/v1/eligibility-checks", "/api/v1/claims"
HOST = "bench"
LINES = (
    ("OPD-CONSULTATION", 24_000), ("MINOR-SURGERY", 60_000), ("EMERGENCY", 64_000),
    ("REHABILITATION-SESSION", 20_000), ("PATIENT-TRANSPORT", 60_000),
)  # fmt: skip
DIAGNOSES = ("J18.9", "I10", "E11.9", "A09.9", "N39.0", "K29.7")
DAYS_BACK = 25

Request = Callable[[int], bytes]


@dataclass(slots=True)
class Sender:
    """Makes the requests of one facility's machine."""

    token: str
    cards: list[str]
    chance: Random = field(default_factory=lambda: Random(7))
    serial: count[int] = field(default_factory=lambda: count(1))

    @property
    def headers(self) -> dict[str, str]:
        """Return what goes with every request."""
        return {"Authorization": f"Bearer {self.token}"}

    def check(self, _: int = 0) -> bytes:
        """Ask about a random card."""
        body = {"card_number": self.chance.choice(self.cards)}
        return post(HOST, CHECK_PATH, json.dumps(body).encode(), self.headers)

    def claim(self, _: int = 0) -> bytes:
        """File a claim of five lines for one of a thousand people who come again and again."""
        day = (clock.today() - timedelta(days=self.chance.randrange(DAYS_BACK))).isoformat()
        codes = self.chance.sample(DIAGNOSES, 2)
        body = {
            "facility_reference": f"INV-{next(self.serial):07}",
            "type": "treatment",
            "card_number": self.chance.choice(self.cards[:1000]),
            "visit_type": "outpatient",
            "service_from": day,
            "service_to": day,
            "diagnoses": [
                {"code": codes[0], "role": "primary"},
                {"code": codes[1], "role": "secondary"},
            ],
            "lines": [
                {"service": service, "service_date": day, "quantity": 1, "unit_price_riel": price}
                for service, price in LINES
            ],
        }
        return post(HOST, CLAIM_PATH, json.dumps(body).encode(), self.headers)

    def listing(self, _: int = 0) -> bytes:
        """Ask for the newest fifty claims."""
        return get(HOST, f"{CLAIM_PATH}?limit=50", self.headers)
