"""Files as facilities send them, and as they should not: made here, none is kept in the tree."""

from __future__ import annotations

import io
import zlib

from PIL import Image
from pypdf import PdfWriter


def picture(
    kind: str = "JPEG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **rest: object
) -> bytes:
    """Return an image."""
    out = io.BytesIO()
    Image.new(mode, size, 1).save(out, kind, **rest)
    return out.getvalue()


def photo_with_place() -> bytes:
    """Return a JPEG as a telephone makes it: where it was taken, turned on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "SECRET-TELEPHONE"
    exif.get_ifd(0x8825)[1] = "N"
    return picture(exif=exif)


def paper(pages: int = 1) -> bytes:
    """Return a PDF of blank pages."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(100, 100)
    return _written(writer)


def locked_paper() -> bytes:
    """Return an encrypted PDF."""
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret", algorithm="AES-256")
    return _written(writer)


def carrying_paper() -> bytes:
    """Return a PDF with a file embedded in it."""
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_attachment("inside.exe", b"MZ")
    return _written(writer)


def plain_paper(catalog: str = "", page: str = "", objects: dict[int, str] | None = None) -> bytes:
    """Return a small PDF written by hand, with more in its catalog, page or objects."""
    parts = {
        1: f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
        2: "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] {page} >>",
    } | (objects or {})
    out, places = bytearray(b"%PDF-1.7\n"), {}
    for number, text in parts.items():
        places[number] = len(out)
        out += f"{number} 0 obj\n{text}\nendobj\n".encode()
    start = len(out)
    out += f"xref\n0 {len(parts) + 1}\n0000000000 65535 f \n".encode()
    for number in sorted(parts):
        out += f"{places[number]:010d} 00000 n \n".encode()
    out += f"trailer\n<< /Size {len(parts) + 1} /Root 1 0 R >>\n".encode()
    out += f"startxref\n{start}\n%%EOF\n".encode()
    return bytes(out)


def packed_paper(hidden: str) -> bytes:
    """Return a PDF whose catalog's opening action lies in a compressed object stream."""
    packed = zlib.compress(f"4 0 {hidden}".encode())
    parts = {
        1: b"<< /Type /Catalog /Pages 2 0 R /OpenAction 4 0 R >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>",
        5: _stream("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", packed),
    }
    out, rows = bytearray(b"%PDF-1.7\n"), {0: (0, 0, 65535), 4: (2, 5, 0)}
    for number, body in parts.items():
        rows[number] = (1, len(out), 0)
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    rows[6] = (1, len(out), 0)
    table = b"".join(
        kind.to_bytes(1, "big") + place.to_bytes(4, "big") + rest.to_bytes(2, "big")
        for _, (kind, place, rest) in sorted(rows.items())
    )
    start = len(out)
    out += b"6 0 obj\n" + _stream("/Type /XRef /Size 7 /W [1 4 2] /Root 1 0 R", table)
    out += f"\nendobj\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)


def _stream(words: str, data: bytes) -> bytes:
    return f"<< {words} /Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream"


def _written(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
