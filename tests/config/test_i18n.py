"""Languages: every text has Khmer, the person's choice is followed, numbers are written one way."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale

from config.i18n import choose_language, clock_time, day, in_language, local_path, moment, riel
from config.words import N_
from tests.desks import CATALOGUE, ROOT, Desk, texts
from tests.factories import HOSPITAL, WOMAN
from tests.journeys.conftest import Machine, hospital, treatment, world  # noqa: F401

KHMER = re.compile("[\u1780-\u17ff]")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}")


def catalogue() -> Catalog:
    """Read the Khmer catalogue."""
    with CATALOGUE.open("rb") as source:
        return read_po(source, locale="km")


def extracted(folder: Path) -> Catalog:
    """Find every text of the product that people read."""
    target = folder / "messages.pot"
    folders = [str(ROOT / name) for name in ("auth", "claims", "config", "gateway")]
    command = ["pybabel", "-q", "extract", "-F", str(ROOT / "pyproject.toml"), "-o", str(target)]
    CommandLineInterface().run([*command, *folders])
    with target.open("rb") as source:
        return read_po(source)


def as_list(text: str | tuple[str, ...]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def test_every_text_of_the_product_has_khmer_and_no_khmer_is_left_unused(tmp_path: Path) -> None:
    read = catalogue()
    used = {message.id for message in extracted(tmp_path) if message.id}
    known = {message.id for message in read if message.id and all(as_list(message.string))}

    assert sorted(used - known, key=str) == []
    assert sorted({message.id for message in read if message.id} - used, key=str) == []


def test_every_translation_is_khmer_and_keeps_its_placeholders() -> None:
    for message in catalogue():
        for said in as_list(message.string) if message.id else []:
            english = as_list(message.id)[-1]
            assert KHMER.search(said), english
            assert sorted(PLACEHOLDER.findall(said)) == sorted(PLACEHOLDER.findall(english)), said
            assert not message.fuzzy


def test_marking_a_text_changes_nothing() -> None:
    assert N_("Patient") == "Patient"


PAGES = {
    "reception": ("/reception", "/reception/check-in", "/reception/line", "/account"),
    "billing": ("/billing", "/billing/visits", "/billing/claims/new", "/remittances"),
    "approver": ("/review", "/review?awaiting=second_approval"),
    "finance": ("/finance", "/finance/batches", "/finance/runs"),
    "administrator": ("/admin", "/benefits"),
    "auditor": ("/audit",),
}


@pytest.mark.parametrize(("role", "paths"), PAGES.items())
@pytest.mark.usefixtures("world")
def test_no_page_in_khmer_holds_an_english_text(
    client: FlaskClient, role: str, paths: tuple[str, ...]
) -> None:
    facility = HOSPITAL if role in ("reception", "billing") else None
    desk = Desk(client, role, lang="km", facility=facility)
    english = {text for message in catalogue() if message.id for text in as_list(message.id)}

    for path in paths:
        assert [text for text in texts(desk.get(path)) if text in english] == [], path


def test_an_answered_check_and_a_reviewed_claim_hold_no_english_text(
    client: FlaskClient,
    hospital: Machine,  # noqa: F811
) -> None:
    number = hospital.post("/claims", treatment("INV-1"), 201)["number"]
    english = {text for message in catalogue() if message.id for text in as_list(message.id)}
    reception = Desk(client, "reception", lang="km", facility=HOSPITAL)
    billing = Desk(client, "billing", lang="km", facility=HOSPITAL)
    approver = Desk(client, "approver", lang="km")
    approver.post("/review/next")

    pages = (
        reception.get(reception.post("/reception/check", card=WOMAN)),
        billing.get(f"/billing/claims/{number}"),
        approver.get(f"/review/claims/{number}"),
    )

    for page in pages:
        assert [text for text in texts(page) if text in english] == []


def test_the_choice_comes_before_the_browser_and_khmer_before_anything_unknown(
    client: FlaskClient,
) -> None:
    def shown(**kw: dict[str, str]) -> str:
        return client.get("/login", **kw).text.split('lang="')[1][:2]

    assert shown() == "km"
    assert shown(headers={"Accept-Language": "fr"}) == "km"
    assert shown(headers={"Accept-Language": "en-GB,en;q=0.8"}) == "en"
    client.set_cookie("lang", "km")
    assert shown(headers={"Accept-Language": "en"}) == "km"
    client.set_cookie("lang", "xx")
    assert shown(headers={"Accept-Language": "en"}) == "en"


def test_without_a_request_the_product_speaks_khmer() -> None:
    assert choose_language() == "km"


@pytest.mark.usefixtures("app")
def test_days_moments_and_riel_are_written_as_people_write_them() -> None:
    with force_locale("en"):
        assert riel(1_250_000) == "1,250,000 riel"
        assert in_language("yes", "បាទ") == "yes"
        assert in_language("yes", None) == "yes"
    with force_locale("km"):
        assert riel(6000) == "6,000 ៛"
        assert riel(None) == "–"
        assert in_language("yes", "") == "yes"
    assert day(date(2026, 11, 2)) == day("2026-11-02") == "02/11/2026"
    assert moment(datetime(2026, 11, 2, 18, 30, tzinfo=UTC)) == "03/11/2026 01:30"
    assert moment("2026-11-02T18:30:00Z") == "03/11/2026 01:30"
    assert clock_time("2026-11-02T18:30:00Z") == "01:30"
    assert day(None) == moment("") == clock_time(None) == "–"


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/reception?x=1", "/reception?x=1"), ("//evil.example", "/"), ("/\\evil.example", "/"),
        ("https://evil.example", "/"), ("javascript:alert(1)", "/"), ("/a\\b", "/"),
        ("/a\nb", "/"), ("", "/"), (None, "/"),
    ],
)  # fmt: skip
def test_a_way_back_stays_on_this_site(target: str | None, path: str) -> None:
    assert local_path(target) == path


def test_pages_never_ask_for_a_catalogue_that_is_not_there() -> None:
    folders = {path.name for path in Path(ROOT, "config/translations").iterdir() if path.is_dir()}

    assert folders == {"km"}


def test_a_source_without_a_khmer_name_is_marked_as_the_english_it_is(app: Flask) -> None:
    ui: Any = app.jinja_env.globals["ui"]

    with app.test_request_context(), force_locale("km"):
        assert '<cite lang="en">70 % of WHO ICD-10</cite>' in ui.source("70 % of WHO ICD-10")
        assert "<cite" not in ui.source("NSSF registry")
        assert KHMER.search(ui.source("NSSF registry"))
