"""Secrets that live in files of KEYS_DIR: made once, by whichever process comes first."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def secret_file(folder: Path, name: str, *, size: int = 32) -> bytes:
    """Return the secret of this name, making it (0600, folder 0700) if there is none yet."""
    path = folder / name
    try:
        return path.read_bytes()
    except FileNotFoundError:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(size))
    try:
        # A link fails when the name exists: the first process wins, the others read its secret.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_bytes()
