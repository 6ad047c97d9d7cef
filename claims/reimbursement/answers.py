"""How finance's doors answer: JSON nobody stores, and files under their own name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response

from auth.guard import current_actor
from claims.reimbursement.models import PaymentFile
from config.answers import download, private
from config.api import page_of
from config.cursors import row_key

FILE_TYPES = {"pain.001": ("application/xml", "xml"), "csv": ("text/csv; charset=utf-8", "csv")}


def page(
    list_rows: Callable[..., list[tuple[int, dict[str, Any]]]], query: dict[str, Any]
) -> Response:
    """Answer the page a query asks for, of the (key, item) rows a command lists for the caller."""
    limit, after = query.pop("limit"), row_key(query.pop("cursor"))
    rows = list_rows(by=current_actor(), limit=limit, after=after, **query)
    return private(page_of(rows, limit, key=lambda row: [row[0]], item=lambda row: row[1]))


def payment_file(kept: PaymentFile) -> Response:
    """Answer the bank's file, byte by byte as it was kept."""
    media_type, ending = FILE_TYPES[kept.format]
    return download(kept.content, media_type, f"{kept.msg_id}.{ending}")
