"""What an attachment may be, pure: kinds, limits, the type its first bytes show, a name fit to keep."""

from __future__ import annotations

from pathlib import PurePosixPath

from config.text import clean

KINDS = (
    "invoice", "prescription", "referral", "scan", "discharge_summary", "consent", "other",
)  # fmt: skip
MAX_BYTES = 10 * 1000**2
MAX_PER_SUBJECT = 20
MAX_PIXELS = 50_000_000
MAX_PAGES = 200
MAX_NAME = 100

PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
ENDINGS = {PDF: ".pdf", JPEG: ".jpg", PNG: ".png"}
_SAME = {".jpeg": ".jpg"}
_STARTS = {b"%PDF-": PDF, b"\xff\xd8\xff": JPEG, b"\x89PNG\r\n\x1a\n": PNG}
_ZIP_END, _ZIP_END_BYTES, _PDF_END = b"PK\x05\x06", 22, b"%%EOF"
# Longest tail looked at: what a ZIP's closing record and its comment may take.
TAIL = 66_000


def media_type(start: bytes) -> str | None:
    """Return the type the first bytes show; what the sender calls it does not count."""
    return next((kind for mark, kind in _STARTS.items() if start.startswith(mark)), None)


def hides_another_file(media: str, tail: bytes) -> bool:
    """Tell whether a PDF ends as something else, such as an archive appended to it.

    Images need no such look: they are written anew, and what was behind them is gone.
    """
    if media != PDF:
        return False
    end = tail.rfind(_PDF_END)
    rest = tail[end + len(_PDF_END) :].strip(b"\x00\t\n\x0c\r ") if end >= 0 else b"?"
    return bool(rest) or _ends_as_zip(tail)


def _ends_as_zip(tail: bytes) -> bool:
    """Tell whether a ZIP's closing record, with its comment, reaches exactly to the end."""
    at = tail.find(_ZIP_END)
    while at >= 0:
        comment = int.from_bytes(tail[at + 20 : at + _ZIP_END_BYTES], "little")
        if at + _ZIP_END_BYTES + comment == len(tail):
            return True
        at = tail.find(_ZIP_END, at + 1)
    return False


def tidy_name(given: str, media: str) -> str:
    """Return a file name fit to keep: no folders, no controls, ending as its content demands."""
    last = given.replace("\\", "/").rsplit("/", 1)[-1]
    try:
        name = clean(last, max_length=MAX_NAME)
    except ValueError:
        name = ""
    name = "".join(c if c.isprintable() and c not in '<>:"|?*%;' else "_" for c in name).strip(". ")
    path = PurePosixPath(name or "file")
    ending = path.suffix.lower()
    stem = path.stem if _SAME.get(ending, ending) == ENDINGS[media] else path.name
    return (stem or "file") + ENDINGS[media]
