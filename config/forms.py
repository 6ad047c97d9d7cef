"""Forms: what a browser sends, loaded through the same schemas as the JSON API.

Names spell the path of a value (`lines-0-service`); an empty field is one that was left out. Every
fault comes back under the name of its field, in the person's language.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import marshmallow as ma
from flask_babel import gettext
from marshmallow import fields

from config.errors import Invalid, Problem
from config.i18n import language
from config.problems import pointers
from config.words import N_

SEPARATOR = "-"
NOT_ACCEPTED = N_("This value is not accepted.")
MOVED_CODE = "invalid_transition"
MOVED = N_("Somebody may have changed it meanwhile: open it again to see what can be done now.")
# More digits than any field takes; Python itself refuses to read thousands of them.
LONGEST_NUMBER = 18
GROUPING = str.maketrans("", "", ", \u00a0\u202f")

# What the form library and the shared fields say, listed so that the catalogue has them.
MESSAGES = (
    N_("Missing data for required field."),
    N_("Field may not be null."),
    N_("Not a valid date."),
    N_("Not a valid integer."),
    N_("Not a valid string."),
    N_("Not a valid boolean."),
    N_("Shorter than minimum length 1."),
)


def load_form(
    schema: ma.Schema, form: Mapping[str, str], *, also: Mapping[str, Any] | None = None
) -> tuple[Any, dict[str, str]]:
    """Load a form; return what the schema makes of it and no errors, or None and the errors."""
    raw = {**read_form(schema, form), **(also or {})}
    try:
        return schema.load(raw), {}
    except ma.ValidationError as error:
        return None, _by_name(pointers(error.messages))


def read_form(schema: ma.Schema, form: Mapping[str, str]) -> dict[str, Any]:
    """Return what a form says in the types the schema takes, without loading it."""
    paths = {tuple(name.split(SEPARATOR)): value.strip() for name, value in form.items()}
    return _record(schema, {path: value for path, value in paths.items() if value})


def errors_of(problem: Problem) -> dict[str, str]:
    """Return the faults a service named, under the names of their fields."""
    if isinstance(problem, Invalid) and problem.extra.get("errors"):
        return _by_name(problem.extra["errors"])
    return {"": sentence(problem)}


def sentence(problem: Problem) -> str:
    """Say in the person's language why a request could not be carried out."""
    title: str = gettext(problem.title)
    told = gettext(problem.detail) if problem.detail else None
    detail = detail_of({"code": problem.code, "detail": told})
    return f"{title}. {detail}" if detail else title


def detail_of(body: Mapping[str, Any]) -> str | None:
    """Return what a problem adds to its title; English alone is no help to who reads Khmer."""
    if body["code"] == MOVED_CODE:
        return str(gettext(MOVED))
    detail = body.get("detail")
    return None if language() == "km" and detail and detail.isascii() else detail


def say(message: str, *, otherwise: str = NOT_ACCEPTED) -> str:
    """Translate a message; one without Khmer is not shown to who reads Khmer."""
    said: str = gettext(message)
    if said != message or language() == "en":
        return said
    return str(gettext(otherwise)) if otherwise else ""


def _by_name(found: Iterable[Mapping[str, str]]) -> dict[str, str]:
    named: dict[str, str] = {}
    for one in found:
        name = one["pointer"].strip("/").replace("/", SEPARATOR)
        named.setdefault(name, say(one["message"]))
    return named


def _record(schema: ma.Schema, paths: Mapping[tuple[str, ...], str]) -> dict[str, Any]:
    found = {}
    for name, field in schema.load_fields.items():
        value = _value(field, _below(paths, name))
        if value is not None:
            found[name] = value
    return found


def _below(paths: Mapping[tuple[str, ...], str], name: str) -> dict[tuple[str, ...], str]:
    return {path[1:]: value for path, value in paths.items() if path[0] == name}


def _value(field: Any, paths: dict[tuple[str, ...], str]) -> Any:
    """Return one field's value out of what lies below its name; None when nothing does."""
    if not paths:
        return None
    if isinstance(field, fields.Nested):
        return _record(field.schema, {path: value for path, value in paths.items() if path})
    if isinstance(field, fields.List):
        return _items(field.inner, paths)
    text = paths.get(())
    return None if text is None else _typed(field, text)


def _items(inner: Any, paths: dict[tuple[str, ...], str]) -> list[Any]:
    """Return the rows of a list in the order of their numbers; empty rows are left out."""
    if () in paths:
        return [part for part in (_typed(inner, p) for p in paths[()].split()) if part]
    named = {path[0] for path in paths if path[0].isdecimal() and len(path[0]) <= LONGEST_NUMBER}
    numbers = sorted(named, key=int)
    rows = (_value(inner, _below(paths, number)) for number in numbers)
    return [row for row in rows if row]


def _typed(field: Any, text: str) -> Any:
    if isinstance(field, fields.Integer):
        plain = text.translate(GROUPING)
        digits = plain.removeprefix("-")
        return int(plain) if digits.isdecimal() and len(digits) <= LONGEST_NUMBER else text
    if isinstance(field, fields.Boolean):
        return text not in ("0", "false")
    return text


def write_form(data: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return the fields a form would send for a value: the other way round of `read_form`."""
    found: dict[str, str] = {}
    for name, value in data.items():
        found |= _written(prefix + name, value)
    return found


def _written(name: str, value: Any) -> dict[str, str]:
    if isinstance(value, Mapping):
        return write_form(value, name + SEPARATOR)
    if isinstance(value, list):
        return write_form({str(n): item for n, item in enumerate(value)}, name + SEPARATOR)
    if value is None or value is False:
        return {}
    return {name: "1" if value is True else str(value)}
