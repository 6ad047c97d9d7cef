"""Loads bodies that have nothing wrong with them, at a fifth of marshmallow's cost; no others.

A reader is made once from a schema's own fields. What it is not sure about it refuses by `NotPlain`,
and the schema looks at it again, so that every error is the schema's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from config.api import Text
from config.text import clean

Reader = Callable[[Any], Any]
ISO_DAY = 10

_day = lru_cache(maxsize=20_000)(date.fromisoformat)


class NotPlain(Exception):
    """The body is to be loaded by the schema: something is unusual, or wrong."""


def quick(schema: ma.Schema) -> Reader:
    """Return a reader of plain bodies; what looks at a whole body (hooks) is not among it."""
    parts = [(name, _or_none(field)) for name, field in schema.load_fields.items()]
    left_out = [(name, _default(field)) for name, field in schema.load_fields.items()]
    known = frozenset(schema.load_fields)

    def read(data: Any) -> dict[str, Any]:
        if type(data) is not dict or not known.issuperset(data):
            raise NotPlain
        found = {name: part(data[name]) for name, part in parts if name in data}
        if len(found) < len(parts):
            for name, default in left_out:
                if name not in found:
                    found[name] = default()
        return found

    return read


def _default(field: Any) -> Callable[[], Any]:
    """Return what makes the value of a field that was left out."""
    default = field.load_default
    if field.required or default is ma.missing:
        return _refuse
    return default if callable(default) else lambda: default


def _refuse() -> Any:
    raise NotPlain


def _or_none(field: Any) -> Reader:
    read = _reader(field)
    if field.allow_none:
        return lambda value: None if value is None else read(value)
    return read


def _reader(field: Any) -> Reader:
    """Return what reads one field's value and asks its validators."""
    return _checked(_plain(field), list(map(_check, field.validators)))


def _checked(read: Reader, checks: Iterable[Callable[[Any], bool]]) -> Reader:
    if not checks:
        return read

    def read_and_check(value: Any) -> Any:
        found = read(value)
        for check in checks:
            if not check(found):
                raise NotPlain
        return found

    return read_and_check


def _plain(field: Any) -> Reader:
    """Return what reads a value by the kind of its field; the field itself where that is special."""
    for kind, exact, make in _KINDS:
        if type(field) is kind or (not exact and isinstance(field, kind)):
            return make(field)
    return _by_field(field)


def _only(kind: type) -> Reader:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise NotPlain
        return value

    return read


def _text(field: Any) -> Reader:
    def read(value: Any) -> str:
        try:
            return clean(value, max_length=field.max_length, multiline=field.multiline)
        except ValueError:
            raise NotPlain from None

    return read


def _nested(field: Any) -> Reader:
    plain = not field.many and not any(field.schema._hooks.values())
    return quick(field.schema) if plain else _by_field(field)


def _read_day(value: Any) -> date:
    if type(value) is not str or len(value) != ISO_DAY:
        raise NotPlain
    try:
        return _day(value)
    except ValueError:
        raise NotPlain from None


def _list(field: Any) -> Reader:
    read = _reader(field.inner)

    def read_all(value: Any) -> list[Any]:
        if type(value) is not list or None in value:
            raise NotPlain
        return [read(one) for one in value]

    return read_all


def _by_field(field: Any) -> Reader:
    def read(value: Any) -> Any:
        try:
            return field.deserialize(value)
        except ma.ValidationError:
            raise NotPlain from None

    return read


# A kind of field, whether one made from it is another matter, and what makes its reader.
_KINDS: tuple[tuple[type, bool, Callable[[Any], Reader]], ...] = (
    (Text, True, _text),
    (fields.String, True, lambda _: _only(str)),
    (fields.Boolean, False, lambda _: _only(bool)),
    (fields.Integer, False, lambda _: _only(int)),
    (fields.Date, False, lambda _: _read_day),
    (fields.List, True, _list),
    (fields.Nested, True, _nested),
)


def _check(validator: Any) -> Callable[[Any], bool]:
    """Return what tells whether a validator would take a value."""
    if type(validator) is validate.OneOf and all(type(one) is str for one in validator.choices):
        return frozenset(validator.choices).__contains__
    if type(validator) is validate.Range and validator.min_inclusive and validator.max_inclusive:
        return _between(validator.min, validator.max)

    def ask(value: Any) -> bool:
        try:
            validator(value)
        except ma.ValidationError:
            return False
        return True

    return ask


def _between(least: Any, most: Any) -> Callable[[Any], bool]:
    return lambda value: (least is None or value >= least) and (most is None or value <= most)
