"""A claim's own arithmetic, pure: its canonical body and hash, its facts, its package."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import Any

import orjson

from claims.adjudication.rules.facts import Birth, Diagnosis, Line, Maternity
from config.text import fold_card

# A package names at most so many services: beyond that no two claims are alike.
MAX_PACKAGE = 6


@dataclass(frozen=True)
class Body:
    """What a facility sent, in one canonical form: `data` is JSON, `submit` is apart."""

    data: dict[str, Any]
    submit: bool
    digest: str

    @cached_property
    def card_key(self) -> str:
        """Return the key under which the registry knows the card."""
        return fold_card(self.data["card_number"])

    @property
    def birth_order(self) -> int:
        """Return 0 for the card's holder, else which newborn it is."""
        patient = self.data["patient"]
        return int(patient["birth_order"]) if patient else 0

    @cached_property
    def service_from(self) -> date:
        """Return the first service day."""
        return date.fromisoformat(self.data["service_from"])

    @cached_property
    def service_to(self) -> date:
        """Return the last service day."""
        return date.fromisoformat(self.data["service_to"])

    @property
    def cause(self) -> str:
        """Return the cause, which a maternity claim need not spell out."""
        return str(self.data["cause"] or ("maternity" if self.is_maternity else "illness"))

    @property
    def is_maternity(self) -> bool:
        """Tell whether this is a maternity claim."""
        return bool(self.data["type"] == "maternity")

    @property
    def claimed_riel(self) -> int:
        """Return what the facility asks for in all."""
        return sum(line.claimed_riel for line in self.lines())

    def lines(self) -> tuple[Line, ...]:
        """Return the lines, numbered from 1."""
        return self._lines

    @cached_property
    def _lines(self) -> tuple[Line, ...]:
        return tuple(
            Line(
                line=number,
                service=line["service"],
                service_date=date.fromisoformat(line["service_date"]),
                quantity=line["quantity"],
                unit_price_riel=line["unit_price_riel"],
            )
            for number, line in enumerate(self.data["lines"], start=1)
        )

    def diagnoses(self, classify: Callable[[str], Diagnosis]) -> tuple[Diagnosis, ...]:
        """Return the diagnoses as ICD-10 knows them."""
        return tuple(classify(diagnosis["code"]) for diagnosis in self.data["diagnoses"])

    def maternity(self) -> Maternity | None:
        """Return what the claim says of the pregnancy."""
        told = self.data["maternity"]
        if told is None:
            return None
        births = tuple(Birth(birth["outcome"], birth["sex"]) for birth in told["births"])
        return Maternity(told["event"], told["delivery_mode"], told["gestation_weeks"], births)


def canonical(loaded: Mapping[str, Any]) -> Body:
    """Turn what a door loaded into the form that is stored and compared.

    Two bodies are the same when they mean the same: a left-out field equals its default.
    """
    values = dict(loaded)
    submit = bool(values.pop("submit"))
    first_day = values["service_from"]
    values["diagnoses"] = [
        diagnosis | {"code": diagnosis["code"].upper()} for diagnosis in values["diagnoses"]
    ]
    values["lines"] = [
        line
        | {
            "service": line["service"].upper(),
            "service_date": line["service_date"] or first_day,
        }
        for line in values["lines"]
    ]
    text = orjson.dumps(values, option=orjson.OPT_SORT_KEYS)
    digest = sha256(text + (b"1" if submit else b"0")).hexdigest()
    return Body(orjson.loads(text), submit, digest)


def package_of(outcome: Mapping[str, Any], services: Iterable[str]) -> str | None:
    """Name the services of a claim with which the rules found nothing amiss; None of any other.

    Clean is: every line payable whole, at an agreed price, and nothing found beyond a remark.
    """
    names = sorted(set(services))
    clean = all(one["severity"] == "info" for one in outcome["findings"]) and all(
        line["decision"] == "payable" and line["tariff_riel"] is not None
        for line in outcome["lines"]
    )
    return "+".join(names) if clean and len(names) <= MAX_PACKAGE else None
