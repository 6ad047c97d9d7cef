"""What every door of attachments shares: the form, its limit, the shape shown, the download.

The doors themselves belong to the subjects: claims in `submission`, allowances in `allowances`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any
from urllib.parse import quote

from flask import Response, request
from flask_smorest.fields import Upload
from marshmallow import fields, validate

from claims.attachments import rules
from claims.attachments.service import too_large
from config.api import Schema

# Around the file a form has its boundaries, its other fields and its token.
FORM_BYTES = rules.MAX_BYTES + 100_000
DOWNLOADS: dict[str, Any] = {
    media: {"schema": {"type": "string", "format": "binary"}} for media in rules.ENDINGS
}
SANDBOX = "sandbox; default-src 'none'"


class AttachmentForm(Schema):
    """What a file is."""

    kind = fields.String(required=True, validate=validate.OneOf(rules.KINDS))


class AttachmentFiles(Schema):
    """The file itself: PDF, JPEG or PNG."""

    file = Upload(required=True)


class AttachmentItem(Schema):
    """A file as it is shown."""

    id = fields.String(metadata={"description": "The attachment's number"})
    kind = fields.String(validate=validate.OneOf(rules.KINDS))
    media_type = fields.String(validate=validate.OneOf(tuple(rules.ENDINGS)))
    filename = fields.String()
    bytes = fields.Integer()
    pages = fields.Integer(allow_none=True)
    sha256 = fields.String()
    added_at = fields.AwareDateTime()


class AttachmentList(Schema):
    """Every file of a subject, oldest first."""

    items = fields.List(fields.Nested(AttachmentItem))


def takes_attachment(view: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse a body longer than one file before it is read; only for callers already let in."""

    @wraps(view)
    def limited(*args: Any, **kwargs: Any) -> Any:
        if request.content_length is not None and request.content_length > FORM_BYTES:
            raise too_large()
        request.max_content_length = FORM_BYTES
        return view(*args, **kwargs)

    return limited


def to_download(content: Iterator[bytes], meta: dict[str, Any]) -> Response:
    """Answer a file as a download that no browser opens as a page of ours."""
    answer = Response(content, content_type=meta["media_type"])
    answer.content_length = meta["bytes"]
    answer.headers.set("Content-Disposition", "attachment", **_named(meta))
    answer.headers["Content-Security-Policy"] = SANDBOX
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _named(meta: dict[str, Any]) -> dict[str, str]:
    """Return a file's name as headers carry it (RFC 6266): plain, and as it is for who reads it."""
    name: str = meta["filename"]
    if name.isascii():
        return {"filename": name}
    plain = meta["id"] + rules.ENDINGS[meta["media_type"]]
    return {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='')}"}
