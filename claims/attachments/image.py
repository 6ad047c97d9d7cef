"""Looks at an image in the confined child, and writes it anew: no metadata, nothing behind it.

A photograph of an invoice tells where and with which telephone it was taken; that is nobody's
business here. The picture itself is kept at the quality it came in, turned upright by its own mark.
"""

from __future__ import annotations

import io
import json
from typing import IO

from PIL import Image, MpoImagePlugin, TiffImagePlugin

from config.confined import serve

FORMATS = {"image/jpeg": ("JPEG", "MPO"), "image/png": ("PNG",)}
# The library loads its parts when first needed, which a process that opens no file cannot do.
LOADED = (MpoImagePlugin, TiffImagePlugin)
Image.preinit()
TURNED = 0x0112
KEPT_MODES = {"JPEG": {"L", "RGB", "CMYK"}, "PNG": {"1", "L", "LA", "P", "RGB", "RGBA", "I;16"}}


def look(given: IO[bytes], answer: IO[bytes], words: list[str]) -> None:
    """Answer one line of JSON; if the image is fine, the image written anew follows."""
    media, most = words[0], int(words[1])
    Image.MAX_IMAGE_PIXELS = None  # the size is judged here, before a pixel is decoded
    image = Image.open(io.BytesIO(given.read()), formats=list(FORMATS[media]))
    width, height = image.size
    if width * height > most:
        return _say(answer, code="image_too_large", width=width, height=height)
    if media == "image/png" and getattr(image, "n_frames", 1) > 1:
        return _say(answer, code="image_moves")
    image.load()
    _say(answer, code=None, width=width, height=height)
    _write(image, media, answer)
    return None


def _write(image: Image.Image, media: str, answer: IO[bytes]) -> None:
    kind = "JPEG" if media == "image/jpeg" else "PNG"
    exif = Image.Exif()
    turned = image.getexif().get(TURNED)
    if turned in range(2, 9):
        exif[TURNED] = turned
    rest: dict[str, object] = {"exif": exif.tobytes()} if turned in range(2, 9) else {}
    keeps_tables = kind == "JPEG" and image.format == "JPEG" and image.mode in KEPT_MODES[kind]
    if kind == "JPEG":
        rest |= {"quality": "keep"} if keeps_tables else {"quality": 92}
    shown = image if image.mode in KEPT_MODES[kind] else image.convert("RGB")
    shown.info = {
        k: v for k, v in image.info.items() if k in ("icc_profile", "transparency", "dpi")
    }
    out = io.BytesIO()
    shown.save(out, kind, icc_profile=shown.info.get("icc_profile"), **rest)
    answer.write(out.getbuffer())


def _say(answer: IO[bytes], **said: object) -> None:
    answer.write(json.dumps(said).encode() + b"\n")


def main() -> None:
    """Serve one image."""
    serve(look)
