"""Why is the answer what it is? Reason codes with texts in both languages, next step and source.

Pure. A rule that decides replaces the catalogue's source and status by its own, so that an answer
built on an assumption says so. The catalogue is shown by GET /codes/reasons.
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from config.values import dataclass
from gateway.coverage.policy import Source
from gateway.eligibility.reason_texts_cover import COVER_TEXTS
from gateway.eligibility.reason_texts_person import PERSON_TEXTS


@dataclass(frozen=True, slots=True)
class Entry:
    """One code of the catalogue; texts may hold {placeholders} filled by the rule."""

    code: str
    text_en: str
    text_km: str
    next_step_en: str
    next_step_km: str
    source: str
    status: str
    carc: str | None

    def as_dict(self) -> dict[str, Any]:
        """Show the entry as the code list does."""
        return {
            "code": self.code,
            "text_en": self.text_en,
            "text_km": self.text_km,
            "next_step_en": self.next_step_en,
            "next_step_km": self.next_step_km,
            "source": self.source,
            "status": self.status,
            "carc": self.carc,
        }


CATALOGUE: Mapping[str, Entry] = MappingProxyType(
    {code: Entry(code, *texts) for code, texts in (PERSON_TEXTS | COVER_TEXTS).items()}
)


@dataclass(frozen=True, slots=True)
class Reason:
    """A code with what it says in this case."""

    code: str
    params: tuple[tuple[str, str], ...] = ()
    source: str = ""
    status: str = ""

    @property
    def text_en(self) -> str:
        """Say the reason in English."""
        return CATALOGUE[self.code].text_en.format(**dict(self.params))

    @property
    def text_km(self) -> str:
        """Say the reason in Khmer."""
        return CATALOGUE[self.code].text_km.format(**dict(self.params))

    @property
    def carc(self) -> str | None:
        """Give the X12 claim adjustment code nearest to the reason."""
        return CATALOGUE[self.code].carc

    def as_dict(self) -> dict[str, str]:
        """Show the reason as answers carry it."""
        return dict(_shown(self))


@lru_cache(maxsize=2_000)
def _shown(of: Reason) -> dict[str, str]:
    """Fill the texts in once: an answer gives the same reason for many benefits."""
    entry, params = CATALOGUE[of.code], dict(of.params)
    return {
        "code": of.code,
        "text_en": entry.text_en.format(**params),
        "text_km": entry.text_km.format(**params),
        "next_step_en": entry.next_step_en.format(**params),
        "next_step_km": entry.next_step_km.format(**params),
        "source": of.source,
        "status": of.status,
    }


def reason(code: str, by: Source | None = None, **params: object) -> Reason:
    """Make a reason; `by` is the rule that decided, else the catalogue's own source stands."""
    entry = CATALOGUE[code]
    return Reason(
        code,
        tuple((name, str(value)) for name, value in params.items()),
        by.text if by is not None else entry.source,
        by.status if by is not None else entry.status,
    )
