"""The product's signing keys: Ed25519 files in KEYS_DIR, two live ones for each purpose in rotation.

`access` signs tokens, `slip` eligibility slips, `seal` the append-only tables. The folder is the only
state: every reader looks at it again when it has changed, so what a command did holds from the next
request. The newest key signs; the one before it still verifies.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from config.settings import settings

PURPOSES = ("access", "slip", "seal")
PUBLISHED = ("access", "slip")
LIVE_KEYS = 2
# A folder changed this lately may change again without its time stamp moving.
SETTLED_NS = 100_000_000
READ_ATTEMPTS = 10

_FILE = re.compile(
    r"(?P<purpose>access|slip|seal)-(?P<order>\d{6})-(?P<print>[0-9a-f]{16})\.(?P<kind>pem|pub)"
)


@dataclass(frozen=True, slots=True)
class _Key:
    purpose: str
    order: int
    kid: str
    path: Path
    public: Ed25519PublicKey
    private: Ed25519PrivateKey | None


class KeyRing:
    """The keys of one folder, shared by every process that opens it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: tuple[int, int] | None = None
        self._keys: tuple[_Key, ...] = ()
        self._public: dict[str, dict[str, Ed25519PublicKey]] = {}
        self._looked = -1.0

    def signer(self, purpose: str) -> tuple[str, Ed25519PrivateKey]:
        """Return the id and private key that sign for a purpose now."""
        for key in reversed(self._current()):
            if key.purpose == purpose and key.private is not None:
                return key.kid, key.private
        raise LookupError(f"no key signs for {purpose}")

    def public_keys(self, purpose: str, *, within: float = 0.0) -> dict[str, Ed25519PublicKey]:
        """Return every key that verifies for a purpose, by id, as of so many seconds ago."""
        if time.monotonic() - self._looked >= within:
            self._current()
        return self._public[purpose]

    def list_keys(self) -> list[tuple[str, str, bool]]:
        """Return purpose, id and whether it signs now, oldest first."""
        keys = self._current()
        signing = {self.signer(purpose)[0] for purpose in PURPOSES}
        return [(key.purpose, key.kid, key.kid in signing) for key in keys]

    def rotate(self, purpose: str) -> str:
        """Make a new signing key; the one before stays live, older ones are retired."""
        with self._locked():
            keys = self._read()
            kid = self._make(purpose, keys)
            live = [key for key in keys if key.purpose == purpose and key.private is not None]
            for key in live[: -(LIVE_KEYS - 1)]:
                self._retire(key)
            self._looked = -1.0
            return kid

    def revoke(self, kid: str) -> str:
        """End a key at once and return its purpose; LookupError when no live key has this id.

        A seal key stops signing and stays as public key, because what it sealed must stay verifiable;
        the seals after it vouch for the ones before.
        """
        with self._locked():
            keys = self._read()
            for key in keys:
                if key.kid == kid and key.private is not None:
                    self._retire(key)
                    self._make_missing()
                    self._looked = -1.0
                    return key.purpose
        raise LookupError(f"no live key is called {kid}")

    def _current(self) -> tuple[_Key, ...]:
        begun = time.monotonic()
        try:
            stamp = self._folder.stat()
        except FileNotFoundError:
            self._create()
            stamp = self._folder.stat()
        seen = (stamp.st_mtime_ns, stamp.st_ino)
        if seen != self._seen:
            self._load()
            settled = time.time_ns() - stamp.st_mtime_ns > SETTLED_NS
            self._seen = seen if settled else None
        self._looked = begun
        return self._keys

    def _load(self) -> None:
        keys = self._read()
        if {key.purpose for key in keys if key.private is not None} != set(PURPOSES):
            self._create()
            keys = self._read()
        public: dict[str, dict[str, Ed25519PublicKey]] = {purpose: {} for purpose in PURPOSES}
        for key in keys:
            public[key.purpose][key.kid] = key.public
        self._keys, self._public = keys, public

    def _create(self) -> None:
        with self._locked():
            self._make_missing()

    def _make_missing(self) -> None:
        keys = self._read()
        for purpose in PURPOSES:
            if not any(key.purpose == purpose and key.private is not None for key in keys):
                self._make(purpose, keys)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process or thread at a time change the folder."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _read(self) -> tuple[_Key, ...]:
        for _ in range(READ_ATTEMPTS):
            try:
                matches = (_FILE.fullmatch(name) for name in os.listdir(self._folder))
                keys = [_from_file(self._folder, match) for match in matches if match]
            except FileNotFoundError:
                continue  # retired between the listing and the reading
            return tuple(sorted(keys, key=lambda key: (key.purpose, key.order)))
        raise OSError(f"the keys in {self._folder} change faster than they can be read")

    def _make(self, purpose: str, keys: tuple[_Key, ...]) -> str:
        private = Ed25519PrivateKey.generate()
        order = 1 + max((key.order for key in keys if key.purpose == purpose), default=0)
        print_ = hashlib.sha256(_raw(private.public_key())).hexdigest()[:16]
        pem = private.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption())
        self._write(f"{purpose}-{order:06d}-{print_}.pem", pem)
        return f"{purpose}-{print_}"

    def _retire(self, key: _Key) -> None:
        if key.purpose == "seal":
            pem = key.public.public_bytes(ser.Encoding.PEM, ser.PublicFormat.SubjectPublicKeyInfo)
            self._write(key.path.with_suffix(".pub").name, pem)
        key.path.unlink()

    def _write(self, name: str, content: bytes) -> None:
        draft = self._folder / f".{name}.{secrets.token_hex(4)}"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(self._folder / name)


def _from_file(folder: Path, match: re.Match[str]) -> _Key:
    path = folder / match.string
    content = path.read_bytes()
    private: Any = None
    if match["kind"] == "pem":
        private = ser.load_pem_private_key(content, password=None)
        public: Any = private.public_key()
    else:
        public = ser.load_pem_public_key(content)
    kid = f"{match['purpose']}-{match['print']}"
    return _Key(match["purpose"], int(match["order"]), kid, path, public, private)


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(ser.Encoding.Raw, ser.PublicFormat.Raw)


_rings: dict[Path, KeyRing] = {}


def ring() -> KeyRing:
    """Return the keys of the current application."""
    folder = settings().keys_dir
    found = _rings.get(folder)
    return found or _rings.setdefault(folder, KeyRing(folder))


def signer(purpose: str) -> tuple[str, Ed25519PrivateKey]:
    """Return the id and private key that sign for a purpose (access, slip, seal) now."""
    return ring().signer(purpose)


def public_keys(purpose: str, *, within: float = 0.0) -> dict[str, Ed25519PublicKey]:
    """Return every key that verifies for a purpose, by id, as of so many seconds ago."""
    return ring().public_keys(purpose, within=within)


def jwks() -> dict[str, list[dict[str, str]]]:
    """Return the public keys of tokens and slips as a JSON Web Key Set (RFC 7517, RFC 8037)."""
    return {
        "keys": [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "alg": "EdDSA",
                "use": "sig",
                "kid": kid,
                "x": base64.urlsafe_b64encode(_raw(key)).rstrip(b"=").decode(),
            }
            for purpose in PUBLISHED
            for kid, key in public_keys(purpose).items()
        ]
    }


def sign_seal(statement: bytes) -> tuple[str, bytes]:
    """Sign what config/seals.py wants sealed; return key id and signature."""
    kid, key = signer("seal")
    return kid, key.sign(statement)


def verify_seal(kid: str, statement: bytes, signature: bytes) -> bool:
    """Tell whether a seal's signature holds under a key of this product."""
    key = public_keys("seal").get(kid)
    if key is None:
        return False
    try:
        key.verify(signature, statement)
    except InvalidSignature:
        return False
    return True
