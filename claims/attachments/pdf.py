"""Looks into a PDF in the confined child: no script, no launching, nothing embedded, no bombs.

Every object is looked at, also those packed into object streams and those of earlier revisions that
are still listed. A PDF is kept as it came: rewriting would break a signature on it.
"""

from __future__ import annotations

import io
import json
import logging
import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from typing import IO, Any

import pypdf
from pypdf import PdfReader
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    StreamObject,
)

from config.confined import serve

# The library loads its parts when first needed, which a process that opens no file cannot do.
# Of its ways to decrypt it takes the one that is installed.
for part in pkgutil.walk_packages(pypdf.__path__, "pypdf."):
    if "_crypt_providers" not in part.name:
        import_module(part.name)

MAX_OBJECTS = 200_000
# A key that makes something happen or carries something, whatever stands behind it.
KEYS = {
    "/JS", "/JavaScript", "/AA", "/Launch", "/EmbeddedFile", "/EmbeddedFiles", "/EF", "/XFA",
    "/RichMedia", "/RichMediaContent", "/RichMediaSettings", "/Collection",
}  # fmt: skip
ACTIONS = {
    "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/Rendition", "/Movie", "/Sound",
    "/GoToE", "/GoToR", "/GoTo3DView", "/RichMediaExecute", "/ResetForm", "/Hide",
}  # fmt: skip
SUBTYPES = {
    "/FileAttachment", "/RichMedia", "/Movie", "/Sound", "/Screen", "/3D", "/EmbeddedFile",
}  # fmt: skip
TYPES = {"/EmbeddedFile", "/Rendition"}
# Long enough never to stand in packed bytes by chance; found also where no table points.
LOUD = re.compile(rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia|XFA)(?![A-Za-z0-9])")
ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")


def look(given: IO[bytes], answer: IO[bytes], words: list[str]) -> None:
    """Answer one line of JSON: `code` is null when the PDF may be kept."""
    logging.disable(logging.CRITICAL)
    said = judge(given.read(), most_pages=int(words[0]), most_pixels=int(words[1]))
    answer.write(json.dumps(said).encode() + b"\n")


def judge(data: bytes, *, most_pages: int, most_pixels: int) -> dict[str, Any]:
    """Return the code of the first thing that is wrong with a PDF, or how many pages it has."""
    reader = PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted:
        return {"code": "pdf_encrypted"}
    if found := loud_name(data):
        return {"code": "pdf_active_content", "found": found}
    pages = 0
    for seen, item in enumerate(dictionaries(reader)):
        if found := active_name(item) or packed_name(item):
            return {"code": "pdf_active_content", "found": found}
        pages += _name(item, "/Type") == "/Page"
        if seen > MAX_OBJECTS or pages > most_pages:
            return {"code": "file_too_complex" if seen > MAX_OBJECTS else "too_many_pages"}
        if pixels(item) > most_pixels:
            return {"code": "image_too_large"}
    return {"code": None, "pages": pages} if pages else {"code": "file_unreadable"}


def dictionaries(reader: PdfReader) -> Iterator[DictionaryObject]:
    """Yield every dictionary of every object the file lists, the trailer's first."""
    waiting: list[Any] = [reader.trailer]
    listed = {(number, gen) for gen, table in reader.xref.items() for number in table}
    listed |= {(number, 0) for number in reader.xref_objStm}
    places = iter(sorted(listed))
    while True:
        while waiting:
            item = waiting.pop()
            if isinstance(item, DictionaryObject):
                yield item
                waiting.extend(item.raw_get(key) for key in item)
            elif isinstance(item, ArrayObject):
                waiting.extend(list.__iter__(item))
        place = next(places, None)
        if place is None:
            return
        waiting.append(reader.get_object(IndirectObject(*place, reader)))


def active_name(item: DictionaryObject) -> str | None:
    """Return the name by which a dictionary does or carries something, if it does."""
    for key in item:
        if key in KEYS:
            return str(key)
    action, subtype, kind = (_name(item, key) for key in ("/S", "/Subtype", "/Type"))
    if action in ACTIONS:
        return action
    if subtype in SUBTYPES:
        return subtype
    if kind in TYPES:
        return kind
    return _opening(item)


def _opening(item: DictionaryObject) -> str | None:
    """An opening action may go to a page of the file, nothing else."""
    opening = _value(item, "/OpenAction")
    if isinstance(opening, DictionaryObject) and _name(opening, "/S") != "/GoTo":
        return "/OpenAction"
    return None


def packed_name(item: DictionaryObject) -> str | None:
    """Look into an object stream as bytes too: readers differ in which of its objects they see."""
    if isinstance(item, StreamObject) and _name(item, "/Type") == "/ObjStm":
        return loud_name(item.get_data())
    return None


def loud_name(data: bytes) -> str | None:
    """Return the first unmistakable name of something active in these bytes."""
    plain = ESCAPED.sub(lambda m: bytes([int(m[1], 16)]), data) if b"#" in data else data
    found = LOUD.search(plain) or LOUD.search(data)
    return "/" + found[1].decode() if found else None


def pixels(item: DictionaryObject) -> int:
    """Return how many pixels an image object would unfold to."""
    if _name(item, "/Subtype") != "/Image":
        return 0
    sides = [_value(item, key) for key in ("/Width", "/Height")]
    return int(sides[0]) * int(sides[1]) if all(isinstance(side, int) for side in sides) else 0


def _name(item: DictionaryObject, key: str) -> str | None:
    value = _value(item, key)
    return str(value) if isinstance(value, NameObject) else None


def _value(item: DictionaryObject, key: str) -> Any:
    """Return what stands behind a key, also where it is a reference to another object."""
    try:
        return item[key]
    except KeyError:
        return None


def main() -> None:
    """Serve one PDF."""
    serve(look)
