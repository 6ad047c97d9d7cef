"""Flask's signed session, which holds the forms' secret: for desks alone, machines have none."""

from __future__ import annotations

from typing import Any

from flask import Flask, Request
from flask.sessions import SecureCookieSessionInterface


class DeskSessions(SecureCookieSessionInterface):
    """The session of a person's browser; nothing is read from or set for a machine."""

    def open_session(self, app: Flask, request: Request) -> Any:
        """Open a session for a desk."""
        if request.path.startswith("/api/"):
            return self.make_null_session(app)
        return super().open_session(app, request)
