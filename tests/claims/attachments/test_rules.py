"""What an attachment may be: by its first bytes, its end, and a name fit to keep."""

from __future__ import annotations

import io
import zipfile

import pytest

from claims.attachments.rules import (
    JPEG,
    MAX_NAME,
    PDF,
    PNG,
    hides_another_file,
    media_type,
    tidy_name,
)
from tests.claims.attachments.papers import paper, picture


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"%PDF-1.7\n", PDF),
        (b"\xff\xd8\xff\xe0", JPEG),
        (b"\x89PNG\r\n\x1a\n", PNG),
        (b"\n%PDF-1.7", None),
        (b"GIF89a%PDF-", None),
        (b"<svg><script>", None),
        (b"MZ\x90", None),
        (b"PK\x03\x04", None),
        (b"", None),
    ],
)
def test_a_file_is_what_its_first_bytes_show(start: bytes, kind: str | None) -> None:
    assert media_type(start) == kind


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("a.class", b"\xca\xfe\xba\xbe")
        made.comment = b"%%EOF"
    return out.getvalue()


@pytest.mark.parametrize(
    ("end", "hides"),
    [
        (b"", False),
        (b"\n", False),
        (b"\x00\x00 \r\n", False),
        (b"<script>alert(1)</script>", True),
        (archive(), True),
    ],
)
def test_nothing_may_stand_behind_the_end_of_a_pdf(end: bytes, hides: bool) -> None:
    assert hides_another_file(PDF, paper() + end) is hides


def test_a_pdf_without_its_end_is_not_taken_for_whole() -> None:
    assert hides_another_file(PDF, b"%PDF-1.7\nhello")


def test_what_stands_behind_an_image_is_cut_off_later_not_refused() -> None:
    assert not hides_another_file(JPEG, picture() + archive())


@pytest.mark.parametrize(
    ("given", "media", "kept"),
    [
        ("invoice.pdf", PDF, "invoice.pdf"),
        ("Invoice.PDF", PDF, "Invoice.pdf"),
        ("photo.jpeg", JPEG, "photo.jpg"),
        ("scan.jpg.exe", JPEG, "scan.jpg.exe.jpg"),
        ("invoice.html", PDF, "invoice.html.pdf"),
        ("../../etc/passwd", PNG, "passwd.png"),
        (r"C:\scans\a.png", PNG, "a.png"),
        ("វិក្កយបត្រ ១.pdf", PDF, "វិក្កយបត្រ ១.pdf"),
        ('a"; filename=b.exe', PDF, "a__ filename=b.exe.pdf"),
        ("a\r\nSet-Cookie: x.pdf", PDF, "file.pdf"),
        ("\u202egnp.exe", PNG, "gnp.exe.png"),
        ("", JPEG, "file.jpg"),
        ("...", JPEG, "file.jpg"),
        (".pdf", PDF, "pdf.pdf"),
        ("x" * 500 + ".pdf", PDF, "file.pdf"),
    ],
)
def test_a_name_is_kept_without_folders_controls_and_false_endings(
    given: str, media: str, kept: str
) -> None:
    assert tidy_name(given, media) == kept
    assert len(tidy_name(given, media)) <= MAX_NAME + 4
