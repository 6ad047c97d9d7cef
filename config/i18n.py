"""Languages: Khmer and English, chosen per person; dates, moments and riel as Cambodia writes them.

A person's own choice (the `lang` cookie set by POST /language) comes first, then the browser's
Accept-Language, then Khmer. Money keeps ASCII digits, so that it can be copied and compared.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, has_request_context, redirect, request
from flask_babel import Babel, get_locale
from jinja2 import Undefined

from config.clock import PHNOM_PENH
from config.money import format_riel
from config.settings import settings

LANGUAGES = {"km": "ខ្មែរ", "en": "English"}
DEFAULT_LANGUAGE = "km"
COOKIE = "lang"
YEAR_SECONDS = 365 * 24 * 3600
TRANSLATIONS = Path(__file__).parent / "translations"
NOT_STATED = "–"


def language() -> str:
    """Return the language of this answer: `km` or `en`."""
    return str(get_locale() or DEFAULT_LANGUAGE)


def choose_language() -> str:
    """Choose from the cookie, then Accept-Language, then Khmer."""
    if not has_request_context():
        return DEFAULT_LANGUAGE
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return chosen
    return request.accept_languages.best_match(list(LANGUAGES), DEFAULT_LANGUAGE)


def local_path(target: str | None) -> str:
    """Return a path on this site to go to, `/` for anything that leads elsewhere."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    if any(ord(character) < 32 or character == "\\" for character in target):
        return "/"
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else "/"


def here() -> str:
    """Return the address that shows this page again, in another language; `/` if none does."""
    if request.method == "GET":
        return request.full_path.removesuffix("?")
    known = current_app.create_url_adapter(request)
    return request.path if known is not None and known.test(request.path, "GET") else "/"


def set_language() -> Response:
    """Remember the language a person chose and go back to the page they were on."""
    response = redirect(local_path(request.form.get("next")), code=303)
    chosen = request.form.get("lang", "")
    if chosen in LANGUAGES:
        response.set_cookie(
            COOKIE,
            chosen,
            max_age=YEAR_SECONDS,
            httponly=True,
            samesite="Lax",
            secure=settings().secure,
        )
    assert isinstance(response, Response)  # noqa: S101 - narrows werkzeug's type for the checker
    return response


def in_language(en: object, km: object) -> str:
    """Return the one of two texts that fits the person's language, the other when it is empty."""
    first, second = (km, en) if language() == "km" else (en, km)
    return str(first or second or "")


def riel(value: int | Undefined | None) -> str:
    """Write an amount in riel; a dash where there is none."""
    return (
        NOT_STATED
        if value is None or isinstance(value, Undefined)
        else format_riel(value, language())
    )


def day(value: date | str | None) -> str:
    """Write a day as DD/MM/YYYY."""
    if not value:
        return NOT_STATED
    if isinstance(value, str):
        value = date.fromisoformat(value[:10])
    return f"{value:%d/%m/%Y}"


def moment(value: datetime | str | None) -> str:
    """Write a moment in Phnom Penh time, to the minute."""
    if not value:
        return NOT_STATED
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return f"{value.astimezone(PHNOM_PENH):%d/%m/%Y %H:%M}"


def clock_time(value: datetime | str | None) -> str:
    """Write only the time of day of a moment, in Phnom Penh."""
    return NOT_STATED if not value else moment(value)[-5:]


def init_i18n(app: Flask) -> None:
    """Set up the catalogues and what templates need to speak both languages."""
    Babel(
        app,
        default_locale=DEFAULT_LANGUAGE,
        default_timezone="Asia/Phnom_Penh",
        default_translation_directories=str(TRANSLATIONS),
        locale_selector=choose_language,
    )
    filters = {"riel": riel, "day": day, "moment": moment, "clock_time": clock_time}
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(
        language=language, languages=LANGUAGES, in_language=in_language, not_stated=NOT_STATED
    )
