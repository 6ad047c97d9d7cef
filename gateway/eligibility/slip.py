"""The slip: what a decision proves on paper. A compact JWS (EdDSA, typ slip+jws), its QR, its check.

Pure but for the key it is given. It carries no name and no full card number; anybody verifies it
with the published keys alone, without asking this product.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import jwt
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from config.text import initials, mask_card

TYPE = "slip+jws"
ALGORITHM = "EdDSA"
NO_FACILITY = "nssf"
KIDS = "slip-"
"""What the ids of slips' keys begin with: the key set also holds those of access tokens."""


Keys = Mapping[str, Ed25519PublicKey]


class BadSlip(ValueError):
    """A slip that proves nothing; the message says why."""


@dataclass(frozen=True, slots=True)
class Slip:
    """What a genuine slip says."""

    claims: Mapping[str, Any]
    expired: bool


def to_claims(body: Mapping[str, Any], *, issuer: str) -> dict[str, Any]:
    """Make a slip's claims from a recorded decision about a person."""
    member = body["member"]
    born = date.fromisoformat(member["date_of_birth"]) if member["date_of_birth"] else None
    return {
        "iss": issuer,
        "aud": body["facility"] or NO_FACILITY,
        "jti": body["number"],
        "iat": _epoch(body["checked_at"]),
        "exp": _epoch(body["valid_until"]),
        "card": mask_card(member["card_number"]),
        "initials": initials(member["name_latin"] or member["name_km"] or ""),
        "birth_year": born.year if born else None,
        "verdict": body["verdict"],
        "promise": body["promise"],
        "service_date": body["service_date"],
        "benefits": [one["benefit"] for one in body["benefits"] if one["covered"]],
    }


def sign(claims: Mapping[str, Any], *, kid: str, key: Ed25519PrivateKey) -> str:
    """Sign a slip."""
    headers = {"kid": kid, "typ": TYPE}
    return jwt.encode(dict(claims), key, algorithm=ALGORITHM, headers=headers)


def read(token: str, keys: Keys, *, at: datetime) -> Slip:
    """Read a slip signed by one of the keys, or raise BadSlip; an expired one says so."""
    try:
        header = jwt.get_unverified_header(token)
        if header.get("typ") != TYPE:
            raise BadSlip(f"is not a slip: its type is {header.get('typ')!r}")
        kid = str(header.get("kid"))
        key = keys.get(kid)
        if key is None or not kid.startswith(KIDS):
            raise BadSlip("is signed with a key that is not published")
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            options={
                "verify_aud": False,
                "verify_exp": False,
                "verify_iat": False,
                "require": ["exp", "iat", "jti", "aud"],
            },
        )
    except jwt.InvalidTokenError as error:
        raise BadSlip(f"cannot be trusted: {error}") from None
    return Slip(claims, expired=int(claims["exp"]) < int(at.timestamp()))


def read_keys(text: str) -> Keys:
    """Read the Ed25519 keys of a key set (JWKS, RFC 7517) by their id; ValueError says why not."""
    try:
        found = jwt.PyJWKSet.from_json(text).keys
    except (jwt.PyJWTError, ValueError, AttributeError, TypeError) as error:
        raise ValueError(f"is not a key set: {error}") from None
    keys = {key.key_id: key.key for key in found if isinstance(key.key, Ed25519PublicKey)}
    if not keys or None in keys:
        raise ValueError("holds no Ed25519 public key with an id")
    return {str(kid): key for kid, key in keys.items()}


def to_svg(token: str) -> bytes:
    """Draw the slip as a QR code."""
    drawn = io.BytesIO()
    segno.make(token, error="m", micro=False).save(drawn, kind="svg", scale=4, border=4)
    return drawn.getvalue()


def _epoch(moment: str) -> int:
    return int(datetime.fromisoformat(moment).astimezone(UTC).timestamp())
