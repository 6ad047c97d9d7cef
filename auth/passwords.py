"""Passwords and one-time codes: how they are hashed, compared and judged."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from config.numbers import CROCKFORD
from config.words import N_

SHORTEST, LONGEST = 8, 200
CODE_LENGTH = 12
WEAK = {
    "password", "password1", "password123", "passw0rd", "12345678", "123456789", "1234567890",
    "87654321", "qwertyui", "qwertyuiop", "qwerty123", "1q2w3e4r", "abcd1234", "abc12345",
    "iloveyou", "cambodia", "cambodia123", "phnompenh", "nssf1234", "administrator",
    "welcome1", "changeme", "letmein1",
}  # fmt: skip

# m=19456 KiB, t=2, p=1: OWASP's choice, about 0.1 s here.
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


def hash_password(password: str) -> str:
    """Return the argon2id hash to store."""
    return _hasher.hash(_composed(password))


def matches(stored: str | None, password: str) -> bool:
    """Tell whether a password fits a stored hash; without one it takes the same time and fails."""
    try:
        return _hasher.verify(stored or _nobodys_hash(), _composed(password)) and stored is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


def password_problem(password: str, *, username: str) -> str | None:
    """Say why a password is not accepted; None when it is (NIST SP 800-63B: length and a list)."""
    folded = password.casefold()
    if not SHORTEST <= len(password) <= LONGEST:
        return N_("A password has 8 to 200 characters.")
    if folded in WEAK or len(set(folded)) < 4 or folded == username:
        return N_("This password is too easy to guess.")
    return None


def new_code() -> str:
    """Return a one-time code that can be read out: three groups of four."""
    drawn = "".join(secrets.choice(CROCKFORD) for _ in range(CODE_LENGTH))
    return "-".join(drawn[at : at + 4] for at in range(0, CODE_LENGTH, 4))


def code_hash(code: str) -> bytes:
    """Return the hash of a one-time code, however it was typed (Crockford: O is 0, I and L are 1)."""
    letters = "".join(code.split()).replace("-", "").upper()
    return hashlib.sha256(letters.translate(str.maketrans("OIL", "011")).encode()).digest()


def new_token() -> str:
    """Return a fresh secret of 256 bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Return the hash under which a random secret is stored."""
    return hashlib.sha256(token.encode()).digest()


def _composed(password: str) -> str:
    # Keyboards differ in how they compose Khmer; what is typed alike must compare alike.
    return unicodedata.normalize("NFC", password[:LONGEST])


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))
