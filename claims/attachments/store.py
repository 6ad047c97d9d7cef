"""Contents on disk under DATA_DIR/attachments, named by their hash; private to the product's account.

A file is whole or absent: it is written beside its place, forced to disk and renamed into it.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO

from config.settings import settings

PIECE = 256 * 1024
PRIVATE = 0o700


class Longer(Exception):
    """What is being received is longer than it may be."""


@contextmanager
def scratch() -> Iterator[IO[bytes]]:
    """Lend a private file that is gone afterwards."""
    with tempfile.TemporaryFile(dir=_folder("incoming")) as file:
        yield file


def copy_in(source: IO[bytes], target: IO[bytes], *, most: int) -> tuple[str, int]:
    """Copy piece by piece; return the hash and the length, or refuse what is longer."""
    digest, length = sha256(), 0
    while piece := source.read(PIECE):
        length += len(piece)
        if length > most:
            raise Longer
        digest.update(piece)
        target.write(piece)
    target.flush()
    return digest.hexdigest(), length


def place(content: IO[bytes]) -> tuple[str, int]:
    """Put a content, from where it is read now to its end, in its place; return hash and length."""
    incoming = _folder("incoming")
    descriptor, name = tempfile.mkstemp(dir=incoming)
    try:
        with os.fdopen(descriptor, "wb") as file:
            digest, length = copy_in(content, file, most=2**40)
            os.fsync(file.fileno())
        folder = _folder(digest[:2])
        Path(name).replace(folder / digest)
        _sync(folder)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return digest, length


def read_content(digest: str) -> Iterator[bytes]:
    """Return a content piece by piece; FileNotFoundError when it is not there."""
    path = path_of(digest)
    if not path.exists():
        raise FileNotFoundError
    return _pieces(path)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def path_of(digest: str) -> Path:
    """Return where a content lies, or would lie."""
    return _root() / digest[:2] / digest


def remove(digest: str, *, older_than: float) -> bool:
    """Remove a content that nobody wrote again for so many seconds; tell whether it was removed."""
    path = path_of(digest)
    with contextlib.suppress(FileNotFoundError):
        if time.time() - path.stat().st_mtime > older_than:
            path.unlink()
            return True
    return False


def contents() -> Iterator[set[str]]:
    """Yield the hashes of every content on disk, folder by folder."""
    for folder in sorted(_root().glob("[0-9a-f][0-9a-f]")):
        yield {path.name for path in folder.iterdir()}


def clear_incoming(*, older_than: float) -> None:
    """Remove what a killed process left half written."""
    for path in _folder("incoming").iterdir():
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > older_than:
                path.unlink()


def _root() -> Path:
    return settings().data_dir / "attachments"


def _folder(name: str) -> Path:
    root = _root()
    root.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
    folder = root / name
    folder.mkdir(exist_ok=True, mode=PRIVATE)
    return folder


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
