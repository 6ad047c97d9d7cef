"""The security headers of every answer, and how long browsers may keep it. Called by config/web.py."""

from __future__ import annotations

from flask import Response, g, request

from config.settings import settings

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
}
# A browser asks these of pages only, never of data.
OF_PAGES = {"Referrer-Policy", "Cross-Origin-Opener-Policy", "Permissions-Policy"}
BY_KEY = tuple((name.lower(), name, value) for name, value in HEADERS.items())
OF_DATA = tuple(row for row in BY_KEY if row[1] not in OF_PAGES)
DATA = frozenset({"application/json", "application/problem+json"})
TRANSPORT_SECURITY = "max-age=31536000; includeSubDomains"
KEPT_FOR_GOOD = "public, max-age=31536000, immutable"


def set_headers(response: Response) -> Response:
    """Set what a view did not set itself: a view may only be stricter by saying so."""
    current = settings()
    # Looking each one up costs more than all the rest of this hook.
    own = {name.lower() for name, _ in response.headers}
    kind = response.mimetype
    for key, name, value in OF_DATA if kind in DATA else BY_KEY:
        if key not in own:
            response.headers.add(name, value)
    if current.secure:
        response.headers.setdefault("Strict-Transport-Security", TRANSPORT_SECURITY)
    if current.demo:
        response.headers["X-Test-Data"] = "true"
    if request.endpoint == "static":
        response.headers["Cache-Control"] = KEPT_FOR_GOOD if "v" in request.args else "no-cache"
    elif kind == "text/html":
        response.headers.setdefault("Cache-Control", "no-store")
        response.vary.update(("Accept-Language", "Cookie"))
    else:
        response.headers.setdefault("Cache-Control", "no-store")
    if g.get("varies_by_htmx"):
        response.vary.add("HX-Request")
    return response
