"""The second factor: time-based one-time codes (RFC 6238), their secrets encrypted at rest.

AES-SIV with a key that lives in KEYS_DIR; the person's username is bound in, so that one person's
secret cannot be copied to another's row.
"""

from __future__ import annotations

import time

import pyotp
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from config.keyfile import secret_file
from config.settings import settings

ISSUER = "NSSF Gateway"
STEP_SECONDS = 30
WINDOW = 1
KEY_BYTES = 64


def new_secret() -> str:
    """Return a fresh shared secret in base 32."""
    return pyotp.random_base32()


def seal_secret(secret: str, *, username: str) -> bytes:
    """Return the secret as it is stored."""
    return _cipher().encrypt(secret.encode(), [_bound_to(username)])


def open_secret(stored: bytes, *, username: str) -> str:
    """Return a stored secret."""
    return _cipher().decrypt(stored, [_bound_to(username)]).decode()


def enrolment_uri(secret: str, *, username: str) -> str:
    """Return what the person's telephone scans."""
    return str(pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER))


def step_of(code: str, *, secret: str, after: int) -> int | None:
    """Return the time step a code belongs to, None when it is wrong or not newer than `after`."""
    digits = "".join(code.split())
    now = int(time.time()) // STEP_SECONDS
    totp = pyotp.TOTP(secret)
    for step in range(now - WINDOW, now + WINDOW + 1):
        if step > after and pyotp.utils.strings_equal(totp.at(step * STEP_SECONDS), digits):
            return step
    return None


def _cipher() -> AESSIV:
    return AESSIV(secret_file(settings().keys_dir, "second_factor.secret", size=KEY_BYTES))


def _bound_to(username: str) -> bytes:
    return f"staff_users.totp_secret:{username}".encode()
