"""Where a list goes on: keys as signed text, and the one refusal of a cursor that is not the list's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

from config.errors import Invalid
from config.words import N_


def read_cursor(cursor: str | None) -> list[Any] | None:
    """Return the key a cursor stands for; a cursor nobody made is a bad field."""
    if not cursor:
        return None
    try:
        key = _cursors().loads(cursor)
    except (BadData, ValueError):
        key = None
    if not isinstance(key, list):
        raise foreign_cursor()
    return key


def row_key(cursor: str | None) -> int | None:
    """Return the row a list in order of rows goes on after; another list's cursor is a bad field."""
    key = read_cursor(cursor)
    if key is None:
        return None
    if [type(part) for part in key] != [int] or not 0 < key[0] < 2**63:
        raise foreign_cursor()
    return int(key[0])


def foreign_cursor() -> Invalid:
    """Return the refusal of a cursor that is none of the list it is sent to."""
    return Invalid(errors=[{"pointer": "/cursor", "message": N_("not a cursor of this list")}])


def make_cursor(key: Sequence[Any]) -> str:
    """Return the text that stands for a key."""
    made: str = _cursors().dumps(list(key))
    return made


def _cursors() -> URLSafeSerializer:
    """Return what signs cursors: only keys that a list of ours gave out ever reach a query."""
    return URLSafeSerializer(current_app.secret_key or "", salt="nssf.cursor")
