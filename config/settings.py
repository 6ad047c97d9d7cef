"""Settings: the environment read once into one frozen value, with a word on each default.

Read by `create_app()`; everybody else asks `settings()`. Refuses what would be unsafe, in one line.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from flask import current_app

from config import postgres

SETTINGS_KEY = "nssf.settings"
DEMO_PAYER = ("NSSF (demo payer)", "DEMO-000-000001", "DEMOKHPP")


class SettingsError(Exception):
    """A setting that cannot be used; the message is one line for the operator."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an operator may set; see docs/operations.md for the table."""

    data_dir: Path
    keys_dir: Path
    database_url: str
    app_database_url: str
    connection_options: str = ""
    demo: bool = False
    testing: bool = False
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = "http://127.0.0.1:8000"
    trusted_proxies: int = 0
    pool_size: int = 8
    rate_limit_per_second: int = 600
    token_requests_per_minute: int = 60
    unknown_cards_per_10_minutes: int = 50
    cards_per_hour_person: int = 300
    cards_per_hour_client: int = 30_000
    cards_per_hour_facility: int = 30_000
    unknown_share_percent: int = 50
    check_kept_years: int = 10
    promise_days: int = 3
    registry_change_percent: int = 2
    registry_upload_bytes: int = 2 * 1024**3
    claims_upload_bytes: int = 64 * 1024**2
    complaint_answer_days: int = 15
    complaint_facility_days: int = 7
    complaint_reopen_days: int = 30
    complaint_watched_claims: int = 50
    recovery_share_percent: int = 100
    payer_name: str = DEMO_PAYER[0]
    payer_account: str = DEMO_PAYER[1]
    payer_bank: str = DEMO_PAYER[2]
    max_body_bytes: int = 32 * 1024 * 1024

    @property
    def secure(self) -> bool:
        """Tell whether people reach the product over https, so cookies can be Secure."""
        return urlsplit(self.public_url).scheme == "https"

    @property
    def uploads_dir(self) -> Path:
        """Return the folder of files people upload and reports they download."""
        return self.data_dir / "uploads"


def _integer(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal():
        raise SettingsError(f"{name} must be a whole number, not {text!r}")
    return int(text)


def _databases(environ: Mapping[str, str], data_dir: Path) -> tuple[str, str, str]:
    """Return the owner's address, the application's, and options for the application's."""
    owner = environ.get("DATABASE_URL", "").strip()
    if owner:
        if _scheme(owner, "DATABASE_URL") not in ("postgresql", "postgres"):
            raise SettingsError("DATABASE_URL must start with postgresql://")
        app = environ.get("DATABASE_APP_URL", "").strip()
        # With one address only, the application gives up the owner's rights as it connects.
        return owner, app or owner, "" if app else "-c role=nssf_app"
    owner, app = _embedded(data_dir / "postgres" / "address")
    return owner, app, ""


def _embedded(path: Path) -> tuple[str, str]:
    """Return the embedded server's two addresses: its socket folder is named in one file."""
    try:
        folder = path.read_text(encoding="utf-8").strip()
    except OSError:
        folder = str(path.parent)
    return postgres.urls(Path(folder))


def _scheme(url: str, name: str) -> str:
    """Return an address's scheme; an address that cannot be read is named, never shown."""
    try:
        return urlsplit(url).scheme
    except ValueError:
        raise SettingsError(f"{name} is not an address that can be read") from None


def settings_from(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment; raise SettingsError naming the variable that cannot be used."""
    environ = os.environ if environ is None else environ
    data_dir = Path(environ.get("DATA_DIR") or "var").absolute()
    owner, app, options = _databases(environ, data_dir)
    host = environ.get("HOST") or "127.0.0.1"
    port = _integer(environ, "PORT", 8000)
    public_url = (environ.get("PUBLIC_URL") or f"http://{host}:{port}").rstrip("/")
    if _scheme(public_url, "PUBLIC_URL") not in ("http", "https"):
        raise SettingsError("PUBLIC_URL must start with http:// or https://")
    return Settings(
        data_dir=data_dir,
        keys_dir=Path(environ.get("KEYS_DIR") or data_dir / "keys").absolute(),
        database_url=owner,
        app_database_url=app,
        connection_options=options,
        demo=environ.get("DEMO", "1") != "0",
        host=host,
        port=port,
        public_url=public_url,
        trusted_proxies=_integer(environ, "TRUSTED_PROXIES", 0),
        rate_limit_per_second=_integer(environ, "RATE_LIMIT_PER_SECOND", 600),
        token_requests_per_minute=_integer(environ, "TOKEN_REQUESTS_PER_MINUTE", 60),
        unknown_cards_per_10_minutes=_integer(environ, "UNKNOWN_CARDS_PER_10_MINUTES", 50),
        cards_per_hour_person=_integer(environ, "CARDS_PER_HOUR_PERSON", 300),
        cards_per_hour_client=_integer(environ, "CARDS_PER_HOUR_CLIENT", 30_000),
        cards_per_hour_facility=_integer(environ, "CARDS_PER_HOUR_FACILITY", 30_000),
        unknown_share_percent=_integer(environ, "UNKNOWN_SHARE_PERCENT", 50),
        registry_upload_bytes=_integer(environ, "REGISTRY_UPLOAD_BYTES", 2 * 1024**3),
        claims_upload_bytes=_integer(environ, "CLAIMS_UPLOAD_BYTES", 64 * 1024**2),
        complaint_answer_days=_integer(environ, "COMPLAINT_ANSWER_DAYS", 15),
        complaint_facility_days=_integer(environ, "COMPLAINT_FACILITY_DAYS", 7),
        complaint_reopen_days=_integer(environ, "COMPLAINT_REOPEN_DAYS", 30),
        complaint_watched_claims=_integer(environ, "COMPLAINT_WATCHED_CLAIMS", 50),
        recovery_share_percent=_integer(environ, "RECOVERY_SHARE_PERCENT", 100),
        payer_name=environ.get("PAYER_NAME") or DEMO_PAYER[0],
        payer_account=environ.get("PAYER_ACCOUNT") or DEMO_PAYER[1],
        payer_bank=environ.get("PAYER_BANK") or DEMO_PAYER[2],
    )


def settings() -> Settings:
    """Return the settings of the current application."""
    value: Settings = current_app.extensions[SETTINGS_KEY]
    return value
