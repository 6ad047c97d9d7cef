"""A person at a desk, for tests: signed in, sending forms with their token, reading pages.

Importing this compiles the catalogues when `make` has not, before any page is rendered.
"""

from __future__ import annotations

import os
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.factories import csrf_token, make_user, sign_in

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "config/translations/km/LC_MESSAGES/messages.po"
HTMX = {"HX-Request": "true"}


def compile_catalogue() -> None:
    """Write the compiled catalogue if it is missing or older, in one step for parallel runs."""
    compiled = CATALOGUE.with_suffix(".mo")
    if compiled.exists() and compiled.stat().st_mtime >= CATALOGUE.stat().st_mtime:
        return
    scratch = compiled.with_suffix(f".{os.getpid()}")
    with CATALOGUE.open("rb") as source, scratch.open("wb") as target:
        write_mo(target, read_po(source, locale="km"))
    scratch.replace(compiled)


compile_catalogue()


class Desk:
    """One person with one browser."""

    def __init__(
        self, client: FlaskClient, *roles: str, lang: str = "en", facility: str | None = None
    ) -> None:
        self.http = client.application.test_client()
        self.http.set_cookie("lang", lang)
        places = None if facility is None else [facility]
        sign_in(self.http, make_user(roles=roles, facilities=places))

    def get(self, path: str, status: int = 200, **kw: Any) -> str:
        """Open a page; return its text."""
        answer = self.http.get(path, **kw)
        assert answer.status_code == status, (answer.status_code, visible(answer.text))
        return answer.text

    def send(self, path: str, **form: Any) -> TestResponse:
        """Send a form with its token; names take `__` for the `-` of nested fields."""
        data = {name.replace("__", "-"): value for name, value in form.items()}
        return self.http.post(path, data=data | {"csrf_token": csrf_token(self.http)})

    def post(self, path: str, status: int = 303, **form: Any) -> str:
        """Send a form; return where the browser goes, or the page when it stays."""
        answer = self.send(path, **form)
        assert answer.status_code == status, (answer.status_code, visible(answer.text))
        return answer.headers["Location"] if status == 303 else answer.text


class _Reader(HTMLParser):
    """Collects what people read of a page: texts, and attributes that are shown or spoken."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.fields: dict[str, list[str]] = {}

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if named.get("name") and "value" in named:
            self.fields.setdefault(str(named["name"]), []).append(named["value"] or "")
        shown = ("aria-label", "placeholder", "title", "alt", "data-confirm")
        self.texts += [value for name, value in attrs if name in shown and value]

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(" ".join(data.split()))


def texts(page: str) -> list[str]:
    """Return the pieces of text of a page in their order."""
    reader = _Reader()
    reader.feed(page)
    return reader.texts


def fields(page: str, name: str) -> list[str]:
    """Return the values of a page's fields and buttons of one name."""
    reader = _Reader()
    reader.feed(page)
    return reader.fields.get(name, [])


def visible(page: str) -> str:
    """Return a page's text in one line."""
    return " ".join(texts(page))
