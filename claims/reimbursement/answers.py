"""How finance's doors answer: JSON nobody stores, and files under their own name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, jsonify

from claims.reimbursement.models import PaymentFile
from config.api import page_of

FILE_TYPES = {"pain.001": ("application/xml", "xml"), "csv": ("text/csv; charset=utf-8", "csv")}


def answer(body: dict[str, Any], *, status: int = 200) -> Response:
    """Answer JSON that no cache keeps."""
    response = jsonify(body)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response


def page(rows: Sequence[tuple[int, dict[str, Any]]], limit: int) -> Response:
    """Answer a page of (key, item) rows."""
    return answer(page_of(rows, limit, key=lambda row: [row[0]], item=lambda row: row[1]))


def payment_file(kept: PaymentFile) -> Response:
    """Answer the bank's file, byte by byte as it was kept."""
    media_type, ending = FILE_TYPES[kept.format]
    return download(kept.content, media_type, f"{kept.msg_id}.{ending}")


def download(content: bytes, media_type: str, name: str) -> Response:
    """Answer a file to be saved."""
    response = Response(content, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
