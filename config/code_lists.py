"""What every code list of the JSON API shares: its query arguments, paging in memory, an ETag.

Called by the doors of facilities, eligibility and adjudication. A list short enough for one page
comes whole when no limit is asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import marshmallow as ma
import orjson
from flask import Response
from marshmallow import fields

from config.api import MAX_PAGE, PageArgs, Text, cached_answer, page_of
from config.cursors import foreign_cursor, read_cursor

Row = TypeVar("Row")


class CodeArgs(PageArgs):
    """The query arguments every code list takes."""

    limit = fields.Integer(
        load_default=MAX_PAGE, validate=ma.validate.Range(min=1, max=MAX_PAGE),
        metadata={"description": "At most this many items"},
    )  # fmt: skip
    q = Text(max_length=80, load_default=None)
    on = fields.Date(
        load_default=None, metadata={"description": "Only what is in force on a day, where it ends"}
    )


def cached_page(
    rows: Sequence[Row],
    args: dict[str, Any],
    *,
    key: Callable[[Row], list[str]],
    item: Callable[[Row], dict[str, Any]],
) -> Response:
    """Answer a page of a list that lies in memory, in the order of its keys, with an ETag."""
    rows = sorted(rows, key=key)
    if rows and (after := read_key(args["cursor"], len(key(rows[0])))):
        rows = [row for row in rows if list(key(row)) > after]
    return coded(page_of(rows[: args["limit"] + 1], args["limit"], key=key, item=item))


def coded(page: dict[str, Any]) -> Response:
    """Answer a page with the ETag of what it says."""
    return cached_answer(page, hashlib.sha256(orjson.dumps(page)).hexdigest()[:32])


def read_key(cursor: str | None, length: int) -> list[str] | None:
    """Return a cursor's key of so many texts; another list's cursor is a bad field."""
    key = read_cursor(cursor)
    if key is not None and (len(key) != length or not all(isinstance(part, str) for part in key)):
        raise foreign_cursor()
    return key
