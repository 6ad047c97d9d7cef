"""Feed files as they are written: lines in blocks, hashed on the way, with a manifest at the end."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import IO

import orjson

BLOCK = 4096


class FeedFile:
    """One CSV file of the feed; `add` takes a finished line."""

    def __init__(self, folder: Path, kind: str, header: tuple[str, ...], *, packed: bool) -> None:
        self.path = folder / f"{kind}.csv{'.gz' if packed else ''}"
        self.rows = -1
        self._lines: list[str] = []
        self._file = self.path.open("wb")
        self._digest = hashlib.sha256()
        # The archive names no time and no file, so the same seed gives the same bytes.
        self._packed: IO[bytes] | None = None
        if packed:
            self._packed = gzip.GzipFile("", "wb", 6, fileobj=_Hashed(self), mtime=0)  # type: ignore[arg-type,assignment]
        self.add(",".join(header))

    def add(self, line: str) -> None:
        """Write one line."""
        self._lines.append(line)
        self.rows += 1
        if len(self._lines) >= BLOCK:
            self._flush()

    def put(self, data: bytes) -> int:
        """Write bytes to the disk and into the hash."""
        self._digest.update(data)
        return self._file.write(data)

    def close(self) -> None:
        """Finish the file and write its manifest."""
        self._flush()
        if self._packed is not None:
            self._packed.close()
        self._file.close()
        manifest = {"rows": self.rows, "sha256": self._digest.hexdigest()}
        self.path.with_name(self.path.name + ".manifest.json").write_bytes(orjson.dumps(manifest))

    def _flush(self) -> None:
        if not self._lines:
            return
        data = ("\n".join(self._lines) + "\n").encode()
        self._lines.clear()
        if self._packed is not None:
            self._packed.write(data)
        else:
            self.put(data)


class _Hashed:
    """What gzip writes into: the file behind, and its hash."""

    def __init__(self, file: FeedFile) -> None:
        self._file = file

    def write(self, data: bytes) -> int:
        """Pass packed bytes on."""
        return self._file.put(bytes(data))

    def flush(self) -> None:
        """Do nothing: the file flushes when it closes."""
