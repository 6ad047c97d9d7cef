"""Takes a stranger's file in: measures it, sees what it is, has it looked into, puts it on disk.

Nothing of this touches the database, so no row stays locked while a file is being looked into.
"""

from __future__ import annotations

import io
import os
import threading
from dataclasses import dataclass
from typing import IO

import orjson

from claims.attachments import rules, store
from config.confined import TooCostly, Unreadable, run_confined
from config.errors import Invalid, Problem, TooLarge, Unavailable
from config.words import N_

SECONDS, MEMORY_MB, OUTPUT_MB = 10, 768, 64
# At most so many files are looked into at a time in one process; the others wait their turn.
AT_ONCE, WAIT_SECONDS = 2, 20
_turns = threading.BoundedSemaphore(AT_ONCE)

EMPTY = N_("The file is empty.")
FOREIGN = N_("Only PDF, JPEG and PNG files are taken.")
SAID = {
    "file_unreadable": N_("The file is damaged or not what it looks like."),
    "file_too_complex": N_("The file takes too much time or memory to look into."),
    "hidden_file": N_("Another file is hidden behind this one."),
    "image_too_large": N_("A picture has too many pixels."),
    "image_moves": N_("Moving pictures are not taken."),
    "too_many_pages": N_("The PDF has too many pages."),
    "pdf_encrypted": N_("The PDF is encrypted: save it without a password."),
    "pdf_active_content": N_("The PDF runs scripts, launches something or carries other files."),
}
TOO_LARGE = N_("A file may have at most 10 MB.")


@dataclass(frozen=True, slots=True)
class Received:
    """A file that is on disk and found fine, not yet anybody's."""

    media_type: str
    filename: str
    sha256: str
    received_sha256: str
    bytes: int
    pages: int | None


def receive(file: bytes | IO[bytes], filename: str) -> Received:
    """Take a file in, or refuse it with a code that says why."""
    source = io.BytesIO(file) if isinstance(file, bytes) else file
    with store.scratch() as original:
        try:
            digest, length = store.copy_in(source, original, most=rules.MAX_BYTES)
        except store.Longer:
            raise too_large() from None
        media = _media(original, length)
        with store.scratch() as answer:
            pages = _looked_into(original, answer, media)
            # An image is kept as the child wrote it anew, a PDF as it came.
            kept = original if media == rules.PDF else answer
            if media == rules.PDF:
                original.seek(0)
            sha, size = store.place(kept)
    return Received(media, rules.tidy_name(filename, media), sha, digest, size, pages)


def too_large() -> Problem:
    """Return the refusal of a file that is too long: it names the limit."""
    return TooLarge(detail=TOO_LARGE, limit_bytes=rules.MAX_BYTES)


def _media(original: IO[bytes], length: int) -> str:
    if length == 0:
        raise refused("file_empty", EMPTY)
    original.seek(0)
    media = rules.media_type(original.read(16))
    if media is None:
        raise refused("unsupported_file", FOREIGN)
    original.seek(max(0, length - rules.TAIL), os.SEEK_SET)
    if rules.hides_another_file(media, original.read()):
        raise refused("hidden_file", SAID["hidden_file"])
    original.seek(0)
    return media


def _looked_into(original: IO[bytes], answer: IO[bytes], media: str) -> int | None:
    """Let the confined child look; leave `answer` behind its line of JSON."""
    if media == rules.PDF:
        module, words = "claims.attachments.pdf", [str(rules.MAX_PAGES), str(rules.MAX_PIXELS)]
    else:
        module, words = "claims.attachments.image", [media, str(rules.MAX_PIXELS)]
    if not _turns.acquire(timeout=WAIT_SECONDS):
        raise Unavailable("busy", detail=N_("Too many files at once: send it again in a moment."))
    try:
        run_confined(
            module, *words, given=original, answer=answer,
            seconds=SECONDS, memory_mb=MEMORY_MB, output_mb=OUTPUT_MB,
        )  # fmt: skip
        said = orjson.loads(answer.readline())
    except (Unreadable, orjson.JSONDecodeError):
        raise refused("file_unreadable", SAID["file_unreadable"]) from None
    except TooCostly:
        raise refused("file_too_complex", SAID["file_too_complex"]) from None
    finally:
        _turns.release()
    if said["code"] is not None:
        raise refused(said["code"], SAID[said["code"]])
    pages: int | None = said.get("pages")
    return pages


def refused(code: str, message: str) -> Invalid:
    """Return the refusal of a file, standing at its field."""
    return Invalid(code, detail=message, errors=[{"pointer": "/file", "message": message}])
