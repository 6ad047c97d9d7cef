"""The catalogue: complete in both languages, and every placeholder filled the same in both."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import gateway.eligibility
from gateway.coverage.policy import Source
from gateway.eligibility.reasons import CATALOGUE, reason

KHMER = re.compile(r"[\u1780-\u17b3]")
SOURCES = "\n".join(
    path.read_text(encoding="utf-8") for path in Path(gateway.eligibility.__path__[0]).rglob("*.py")
)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", CATALOGUE)
def test_a_reason_speaks_both_languages_and_says_what_to_do(code: str) -> None:
    entry = CATALOGUE[code]

    assert KHMER.search(entry.text_km)
    assert KHMER.search(entry.next_step_km)
    assert entry.text_en
    assert entry.next_step_en
    assert not KHMER.search(entry.text_en + entry.next_step_en)
    assert entry.source
    assert entry.status in ("law", "reported", "assumption")


@pytest.mark.parametrize("code", CATALOGUE)
def test_only_what_cites_a_law_is_called_law(code: str) -> None:
    entry = CATALOGUE[code]

    cites = re.search(r"\b(Law|Royal Kret|Sub-Decree|Prakas)\b", entry.source)

    assert entry.status != "law" or cites


@pytest.mark.parametrize("code", CATALOGUE)
def test_both_languages_carry_the_same_facts(code: str) -> None:
    entry = CATALOGUE[code]
    translated = {name.removesuffix("_km") for name in placeholders(entry.text_km)}

    assert placeholders(entry.text_en) == translated
    assert placeholders(entry.next_step_en) == placeholders(entry.next_step_km)


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_reason_is_used_by_some_rule(code: str) -> None:
    assert len(re.findall(rf'"{code}"', SOURCES)) >= 2


def test_a_rule_that_decides_puts_its_own_source_in_place_of_the_catalogues() -> None:
    own = reason("no_cover").as_dict()
    ruled = reason("no_cover", Source("Sub-Decree 280/2023", "law", "H")).as_dict()

    assert (own["source"], own["status"]) == ("NSSF registry", "reported")
    assert (ruled["source"], ruled["status"]) == ("Sub-Decree 280/2023", "law")
    assert reason("deceased", day="2026-01-01").text_en.endswith("2026-01-01")
