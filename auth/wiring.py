"""What the application takes from this package: doors, commands, tasks, and who is asking."""

from __future__ import annotations

from flask import Flask

from auth import admin, api, cli, desk, oauth, tasks
from auth.guard import bearer_may, signed_in
from auth.keys import ring, sign_seal, verify_seal
from auth.permissions import Permission
from config import health, seals
from config.settings import SettingsError
from config.web import identify_with

DOORS = (oauth.blueprint, desk.blueprint, admin.blueprint)
API_DOORS = (api.blueprint,)  # registered by config.api, once their modules are loaded
TASKS = (tasks.sweep_expired,)


def wire(app: Flask) -> None:
    """Register the doors and commands, make the keys, and tell the platform who is asking."""
    for door in DOORS:
        app.register_blueprint(door)
    for group in (cli.client_group, cli.user_group, cli.keys_group):
        app.cli.add_command(group)
    identify_with(app, signed_in)
    seals.sign_with(sign_seal, verify_seal)
    health.bearer_check.append(lambda: bearer_may(Permission.AUDIT_READ))
    _make_keys(app)


def _make_keys(app: Flask) -> None:
    with app.app_context():
        try:
            ring().signer("access")
        except OSError as error:
            reason = error.strerror or error
            raise SettingsError(f"KEYS_DIR cannot be used: {reason}") from None
