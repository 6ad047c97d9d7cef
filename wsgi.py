"""The application: settings, the platform, and the wiring of each package, in the order of the line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from config.starting import started  # first: what follows is a start

# isort: split
import auth.wiring
import claims.wiring
import gateway.wiring
from config.api import allow_of, init_api
from config.commands import init_commands
from config.db import init_db
from config.health import init_health
from config.i18n import init_i18n
from config.idempotency import init_idempotency
from config.jobs import init_jobs
from config.json import OrjsonProvider
from config.keyfile import secret_file
from config.logs import init_logs
from config.problems import init_problems
from config.settings import SETTINGS_KEY, Settings, settings_from
from config.web import init_web

PACKAGES = (auth.wiring, gateway.wiring, claims.wiring)


class _App(Flask):
    """Flask, without asking of every hook of every request whether it is a coroutine: none is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as it is."""
        return func


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application from settings (default: the environment)."""
    current = settings or settings_from()
    app = _App("wsgi", static_folder="config/static", template_folder="config/templates")
    app.extensions[SETTINGS_KEY] = current
    app.secret_key = secret_file(current.keys_dir, "session.secret")
    app.config.update(MAX_CONTENT_LENGTH=current.max_body_bytes, TESTING=current.testing)
    app.json = OrjsonProvider(app)
    if current.trusted_proxies:
        hops = current.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    init_logs(app)
    init_db(app, current)
    init_problems(app)
    init_health(app)
    init_jobs(app)
    init_commands(app)
    init_i18n(app)
    init_web(app)
    init_idempotency(app)
    for package in PACKAGES:
        package.wire(app)
    init_api(app)
    app.after_request(allow_of(app))
    return app


app = create_app()
started()
