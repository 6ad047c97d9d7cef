"""What the API and the desk answer alike: the upload's limit, templates, the result as a file."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator
from functools import wraps
from typing import IO, Any

import orjson
from flask import Response, request

from auth.permissions import Actor
from claims.imports import service as imports
from claims.imports.rules import COLUMNS
from config.errors import BadRequest, Invalid
from config.settings import settings
from config.sheets import csv_bytes, csv_rows, xlsx_bytes
from config.words import N_

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RAW = frozenset(
    {"text/csv", "application/x-ndjson", "application/ndjson", "application/jsonl", XLSX}
)
_BYTES = {"type": "string", "format": "binary"}
CONTENT: dict[str, Any] = {
    "multipart/form-data": {
        "schema": {"type": "object", "required": ["file"], "properties": {"file": _BYTES}}
    },
    **{kind: {"schema": _BYTES} for kind in ("text/csv", "application/x-ndjson", XLSX)},
}
TEMPLATES: dict[str, Any] = {kind: {"schema": _BYTES} for kind in ("text/csv", XLSX)}
RESULTS: dict[str, Any] = {
    kind: {"schema": _BYTES} for kind in ("text/csv", "application/x-ndjson")
}
# Around the file a form has its boundaries and its token.
AROUND = 100_000
LINES_A_PIECE = 200
IN_MEMORY, PIECE = 1024**2, 64 * 1024


def takes_claims_file(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let a body be as large as an import; only for callers already let in."""

    @wraps(view)
    def wider(*args: Any, **kwargs: Any) -> Any:
        take_whole_files()
        return view(*args, **kwargs)

    return wider


def take_whole_files() -> None:
    """Let this request's body be as large as an import."""
    request.max_content_length = settings().claims_upload_bytes + AROUND


def sent_file() -> tuple[IO[bytes], str]:
    """Return the file of a request: the form's, or the whole body under its own type."""
    if request.mimetype in RAW:
        # With an Idempotency-Key the body was read before the view, to be compared.
        read = "Idempotency-Key" in request.headers
        return io.BytesIO(request.get_data()) if read else request.stream, ""
    if request.mimetype != "multipart/form-data":
        raise BadRequest(
            "unsupported_media_type", detail=N_("Send a form with a file, or the file itself.")
        )
    file = request.files.get("file")
    if file is None:
        raise Invalid(errors=[{"pointer": "/file", "message": "Missing data for required field."}])
    return file.stream, file.filename or ""


def template(form: str) -> Response:
    """Answer an empty sheet with every column."""
    columns = list(COLUMNS)
    content = csv_bytes(columns, []) if form == "csv" else xlsx_bytes(columns, [], sheet="Claims")
    answer = Response(content, content_type=_type_of(form))
    answer.headers.set("Content-Disposition", "attachment", filename=f"claims-template.{form}")
    return answer


def result_file(number: str, form: str, *, by: Actor) -> Response:
    """Answer what became of each row."""
    rows = imports.list_results(number, by=by)
    if form == "csv":
        pieces = csv_rows(imports.RESULT_COLUMNS, imports.result_table(rows))
    else:
        pieces = _ndjson(rows)
    answer = Response(_set_down(pieces), content_type=_type_of(form))
    answer.headers.set("Content-Disposition", "attachment", filename=f"{number}-result.{form}")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _set_down(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Set a result down first: who reads it slowly keeps no connection to the database meanwhile."""
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed when sent
    for piece in pieces:
        file.write(piece)
    file.seek(0)
    return _sent(file)


def _sent(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


def _ndjson(rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    piece: list[bytes] = []
    for row in rows:
        piece.append(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        if len(piece) == LINES_A_PIECE:
            yield b"".join(piece)
            piece = []
    yield b"".join(piece)


def _type_of(form: str) -> str:
    return {"csv": "text/csv; charset=utf-8", "xlsx": XLSX, "ndjson": "application/x-ndjson"}[form]
