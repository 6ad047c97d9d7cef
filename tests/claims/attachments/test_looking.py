"""Looking into PDFs and images: what may be kept, what is refused and why."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from PIL import Image

from claims.attachments import image
from claims.attachments.pdf import judge
from claims.attachments.rules import JPEG, MAX_PAGES, MAX_PIXELS, PNG
from tests.claims.attachments import papers

BIG_IMAGE = (
    "<< /Type /XObject /Subtype /Image /Width 90000 /Height 90000 /ColorSpace /DeviceGray"
    " /BitsPerComponent 1 /Length 0 >>\nstream\n\nendstream"
)


def verdict(data: bytes, *, most_pages: int = MAX_PAGES) -> dict[str, Any]:
    return judge(data, most_pages=most_pages, most_pixels=MAX_PIXELS)


def test_an_ordinary_pdf_may_be_kept_and_its_pages_are_counted() -> None:
    assert verdict(papers.paper(3)) == {"code": None, "pages": 3}
    assert verdict(papers.plain_paper()) == {"code": None, "pages": 1}


@pytest.mark.parametrize(
    "harmless",
    [
        {"catalog": "/OpenAction [3 0 R /Fit]"},
        {"catalog": "/OpenAction << /S /GoTo /D [3 0 R /Fit] >>"},
        {"page": "/Annots [<< /Type /Annot /Subtype /Link /A << /S /URI /URI (https://x) >> >>]"},
        {"catalog": "/Title (about JavaScript and Launch)"},
    ],
)
def test_a_link_or_a_first_page_harms_nobody(harmless: dict[str, str]) -> None:
    assert verdict(papers.plain_paper(**harmless))["code"] is None


@pytest.mark.parametrize(
    "active",
    [
        {"catalog": "/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"},
        {"catalog": "/OpenAction << /S /Launch /F (cmd.exe) >>"},
        {"catalog": "/OpenAction << /S /URI /URI (https://x) >>"},
        {"catalog": "/OpenAction << /#53 /J#61vaScript /J#53 (x) >>"},
        {"catalog": "/Names << /JavaScript 4 0 R >>", "objects": {4: "<< /Names [] >>"}},
        {"catalog": "/AA << /WC 4 0 R >>", "objects": {4: "<< /S /Named /N /Print >>"}},
        {"page": "/AA << /O << /S /Named /N /Print >> >>"},
        {"catalog": "/AcroForm << /XFA 4 0 R /Fields [] >>", "objects": {4: "<< >>"}},
        {"catalog": "/Collection << >>"},
        {"page": "/Annots [<< /Type /Annot /Subtype /FileAttachment /FS 4 0 R >>]",
         "objects": {4: "<< /Type /Filespec /F (a) >>"}},
        {"page": "/Annots [<< /Type /Annot /Subtype /RichMedia >>]"},
        {"page": "/Annots [<< /Subtype /Link /A << /S /SubmitForm /F (https://x) >> >>]"},
        {"page": "/Annots [<< /Subtype /Link /A << /S 4 0 R /F (x) >> >>]", "objects": {4: "/Launch"}},
        {"objects": {4: "<< /Unused << /Deep [ [ << /S /JavaScript >> ] ] >> >>"}},
    ],
)  # fmt: skip
def test_a_pdf_that_does_or_carries_something_is_refused(active: dict[str, Any]) -> None:
    assert verdict(papers.plain_paper(**active))["code"] == "pdf_active_content"


def test_a_script_packed_into_an_object_stream_is_found() -> None:
    assert verdict(papers.packed_paper("<< /S /GoTo /D [3 0 R /Fit] >>"))["code"] is None

    hidden = verdict(papers.packed_paper("<< /S /J#61vaScript /JS (app.alert(1)) >>"))
    assert hidden["code"] == "pdf_active_content"


def test_a_script_that_no_table_lists_is_found_as_well() -> None:
    whole = papers.plain_paper()
    end = whole.rindex(b"startxref")
    loose = whole[:end] + b"9 0 obj\n<< /S /JavaScript >>\nendobj\n" + whole[end:]

    assert verdict(loose)["code"] == "pdf_active_content"


def test_embedded_files_encryption_and_bombs_are_refused() -> None:
    assert verdict(papers.carrying_paper())["code"] == "pdf_active_content"
    assert verdict(papers.locked_paper())["code"] == "pdf_encrypted"
    assert verdict(papers.paper(3), most_pages=3)["code"] is None
    assert verdict(papers.paper(4), most_pages=3)["code"] == "too_many_pages"
    assert verdict(papers.plain_paper(objects={4: BIG_IMAGE}))["code"] == "image_too_large"


def looked(data: bytes, media: str, most: int = MAX_PIXELS) -> tuple[dict[str, Any], bytes]:
    answer = io.BytesIO()
    image.look(io.BytesIO(data), answer, [media, str(most)])
    said, _, kept = answer.getvalue().partition(b"\n")
    return json.loads(said), kept


@pytest.mark.parametrize(
    ("data", "media"),
    [
        (papers.picture(), JPEG),
        (papers.picture(mode="CMYK"), JPEG),
        (papers.picture(mode="L"), JPEG),
        (papers.picture("PNG"), PNG),
        (papers.picture("PNG", mode="1"), PNG),
        (papers.picture("PNG", mode="RGBA"), PNG),
        (papers.picture("PNG", mode="P", transparency=0), PNG),
        (papers.picture("PNG", mode="I;16"), PNG),
    ],
)
def test_an_image_is_written_anew_and_looks_the_same(data: bytes, media: str) -> None:
    said, kept = looked(data, media)

    before, after = Image.open(io.BytesIO(data)), Image.open(io.BytesIO(kept))
    assert said == {"code": None, "width": 40, "height": 30}
    assert (after.format, after.size, after.mode) == (before.format, before.size, before.mode)
    assert after.tobytes() == before.tobytes()


def test_a_photo_forgets_where_it_was_taken_but_not_how_it_is_held() -> None:
    data = papers.photo_with_place()
    assert b"SECRET-TELEPHONE" in data

    _, kept = looked(data + b"<script>alert(1)</script>", JPEG)

    exif = Image.open(io.BytesIO(kept)).getexif()
    assert dict(exif) == {0x0112: 6}
    assert exif.get_ifd(0x8825) == {}
    assert b"SECRET-TELEPHONE" not in kept
    assert b"<script>" not in kept


def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    assert looked(papers.picture("PNG", (101, 100)), PNG, most=10_000)[0]["code"] == (
        "image_too_large"
    )
    assert looked(papers.picture("PNG", (100, 100)), PNG, most=10_000)[0]["code"] is None


def test_a_moving_picture_is_refused() -> None:
    frame = Image.new("RGB", (4, 4), 2)
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, "PNG", save_all=True, append_images=[frame])

    assert looked(out.getvalue(), PNG)[0]["code"] == "image_moves"
