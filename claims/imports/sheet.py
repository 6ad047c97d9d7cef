"""Unfolds a workbook in the confined child: each row of its first sheet as one line of JSON.

Every part is unfolded once and counted before it is read, for what a file says of its own sizes may
be untrue. The reader knows no entities of its own making and follows nothing outside the file.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from collections.abc import Iterator
from encodings import cp437
from typing import IO, Any

from python_calamine import CalamineWorkbook

from config.confined import serve

PIECE = 1024**2
PARTS = 2_000
# Needed for the names of parts; a process that opens no file cannot load it later.
LOADED = (cp437,)


def look(given: IO[bytes], answer: IO[bytes], words: list[str]) -> None:
    """Answer how far a workbook says it unfolds, or one line with a code and then its rows."""
    data = given.read()
    if words[0] == "size":
        return _say(answer, told_size(data))
    return unfold(data, answer, *map(int, words[1:]))


def told_size(data: bytes) -> int:
    """Return to how many bytes the parts say they unfold; nothing is unfolded yet."""
    with zipfile.ZipFile(io.BytesIO(data)) as folded:
        return sum(part.file_size for part in folded.infolist())


def unfold(
    data: bytes, answer: IO[bytes], most_bytes: int, most_rows: int, most_columns: int
) -> None:
    """Answer one line with a code, and the rows if it is null."""
    if unfolded_size(data, most=most_bytes) > most_bytes:
        return _say(answer, {"code": "unfolds"})
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
    if sheet.total_height > most_rows or sheet.total_width > most_columns:
        return _say(answer, {"code": "rows"})
    _say(answer, {"code": None})
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        _say(answer, [number, [as_text(cell) for cell in cells]])
    return None


def unfolded_size(data: bytes, *, most: int) -> int:
    """Return to how many bytes the parts really unfold, counting no further than the limit."""
    size = 0
    with zipfile.ZipFile(io.BytesIO(data)) as folded:
        parts = folded.infolist()
        if len(parts) > PARTS or len({part.filename for part in parts}) < len(parts):
            return most + 1
        for piece in _pieces(folded):
            size += piece
            if size > most:
                break
    return size


def _pieces(folded: zipfile.ZipFile) -> Iterator[int]:
    for part in folded.infolist():
        with folded.open(part) as opened:
            while piece := opened.read(PIECE):
                yield len(piece)


def as_text(cell: Any) -> str:
    """Return a cell as the text a CSV file would have: whole numbers whole, days as ISO days."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat()
    return cell.isoformat() if isinstance(cell, dt.date) else str(cell)


def _say(answer: IO[bytes], said: Any) -> None:
    answer.write(json.dumps(said).encode() + b"\n")


def main() -> None:
    """Serve one workbook."""
    serve(look)
