"""The file itself: its hash, its manifest, its header, its bytes; whole or refused by name."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import orjson

from gateway.registry.feed import Feed, header_faults
from gateway.registry.loading.terms import Progress, Refused

CHUNK = 1024 * 1024
MAX_LINE = 1024 * 1024
_GZIP = b"\x1f\x8b"
_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_SHA256 = re.compile(r"[0-9a-f]{64}", re.I)


def digest_of(path: Path) -> tuple[str, int]:
    """Return the SHA-256 and the size of the file as it was delivered."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return digest, file.tell()
    except OSError as error:
        raise Refused("unreadable", f"{path.name} cannot be read: {error.strerror}.") from None


def manifest_rows(path: Path, digest: str) -> int | None:
    """Return the rows the file's manifest promises, None without one; refuse another hash."""
    manifest = path.with_name(path.name + ".manifest.json")
    if not manifest.exists():
        return None
    try:
        body = orjson.loads(manifest.read_bytes())
        rows, promised = body["rows"], body["sha256"]
        sound = type(rows) is int and rows >= 0 and bool(_SHA256.fullmatch(promised))
    except (ValueError, KeyError, TypeError):
        sound = False
    if not sound:
        raise Refused("bad_manifest", f"{manifest.name} must hold rows and sha256.")
    if promised.lower() != digest:
        raise Refused(
            "manifest_hash", f"{path.name} is not the file its manifest describes (sha256)."
        )
    return int(rows)


@contextmanager
def opened(path: Path, progress: Progress) -> Iterator[IO[bytes]]:
    """Open the file, unpacked if it is gzip; a broken archive is refused by name."""
    with path.open("rb") as raw:
        magic = raw.read(2)
        raw.seek(0)
        progress.stage("read", path.stat().st_size)
        counted = io.BufferedReader(_Counted(raw, progress), CHUNK)  # type: ignore[type-var]
        try:
            if magic == _GZIP:
                with gzip.GzipFile(fileobj=counted) as unpacked:
                    yield io.BufferedReader(unpacked, CHUNK)  # type: ignore[arg-type]
            else:
                yield counted
        except EOFError:
            raise Refused("truncated_gzip", f"{path.name} is a truncated gzip file.") from None
        except (gzip.BadGzipFile, zlib.error):
            raise Refused("broken_gzip", f"{path.name} is a broken gzip file.") from None


class _Counted(io.RawIOBase):
    """Tells the progress how much of the file was read, before any unpacking."""

    def __init__(self, raw: IO[bytes], progress: Progress) -> None:
        self._raw = raw
        self._progress = progress

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        self._progress.advance(len(data))
        return len(data)


def read_header(stream: IO[bytes], feed: Feed, name: str) -> list[str]:
    """Read the header row of a CSV file, or refuse it naming every wrong column."""
    line = stream.readline(MAX_LINE)
    if not line:
        raise Refused("empty_file", f"{name} is empty.")
    if line.startswith(_UTF16) or b"\x00" in line:
        raise Refused("wrong_encoding", f"{name} is not UTF-8: it looks like UTF-16.")
    try:
        text = line.removeprefix(_UTF8_BOM).decode()
    except UnicodeDecodeError:
        raise Refused(
            "wrong_encoding", f"{name} is not UTF-8: its header cannot be read."
        ) from None
    header = [cell.strip() for cell in next(csv.reader([text]), [])]
    faults = header_faults(feed, header)
    if faults:
        raise Refused("bad_header", f"{name}: " + "; ".join(faults[:20]) + ".")
    return header
