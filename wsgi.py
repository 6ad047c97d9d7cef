"""The application: settings, the platform, and the wiring of each package, in the order of the line.

The commands of the registry are built without doors and without the other packages: loading them
would take longer than the rest of their start, and often than their work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from config.starting import command, started  # first: what follows is a start

# isort: split
from config.bodies import BoundedRequest
from config.commands import init_commands
from config.db import init_db
from config.jobs import init_jobs
from config.json import OrjsonProvider
from config.keyfile import secret_file
from config.later import later
from config.logs import init_logs
from config.settings import SETTINGS_KEY, Settings, settings_from

api, health, i18n, idempotency, problems, web = (
    later(f"config.{name}") for name in ("api", "health", "i18n", "idempotency", "problems", "web")
)
PACKAGES = (later("auth.wiring"), later("gateway.wiring"), later("claims.wiring"))
commands = later("gateway.cli")


class _App(Flask):
    """Flask, without asking of every hook of every request whether it is a coroutine: none is."""

    request_class = BoundedRequest

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as it is."""
        return func


def create_app(settings: Settings | None = None, only: str | None = None) -> Flask:
    """Build the application from settings (default: the environment), or what one group of commands needs."""
    current = settings or settings_from()
    app = _App("wsgi", static_folder="config/static", template_folder="config/templates")
    app.extensions[SETTINGS_KEY] = current
    app.secret_key = secret_file(current.keys_dir, "session.secret")
    app.config.update(MAX_CONTENT_LENGTH=current.max_body_bytes, TESTING=current.testing)
    app.json = OrjsonProvider(app)
    init_logs(app)
    init_db(app, current)
    init_jobs(app)
    init_commands(app)
    if only == "registry":
        app.cli.add_command(commands.registry_group)
    else:
        _open_doors(app, current)
    return app


def _open_doors(app: Flask, current: Settings) -> None:
    if current.trusted_proxies:
        hops = current.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    problems.init_problems(app)
    health.init_health(app)
    i18n.init_i18n(app)
    web.init_web(app)
    idempotency.init_idempotency(app)
    # All are loaded before the first is wired, so that each finds what another registers on loading.
    for wire in [package.wire for package in PACKAGES]:
        wire(app)
    api.init_api(app)
    app.after_request(api.allow_of(app))


app = create_app(only=command())
started()
