"""How finance's doors answer: JSON nobody stores, and files under their own name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response

from claims.reimbursement.models import PaymentFile
from config.answers import download, private
from config.api import page_of

FILE_TYPES = {"pain.001": ("application/xml", "xml"), "csv": ("text/csv; charset=utf-8", "csv")}


def page(rows: Sequence[tuple[int, dict[str, Any]]], limit: int) -> Response:
    """Answer a page of (key, item) rows."""
    return private(page_of(rows, limit, key=lambda row: [row[0]], item=lambda row: row[1]))


def payment_file(kept: PaymentFile) -> Response:
    """Answer the bank's file, byte by byte as it was kept."""
    media_type, ending = FILE_TYPES[kept.format]
    return download(kept.content, media_type, f"{kept.msg_id}.{ending}")
