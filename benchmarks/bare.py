"""The floor: a Flask route that answers constant JSON, under the same gunicorn as the product."""

from __future__ import annotations

from flask import Flask, Response

app = Flask(__name__)
BODY = b'{"verdict": "eligible", "number": "E26K000000000"}'


@app.post("/api/v1/eligibility-checks")
def check() -> Response:
    """Answer at once."""
    return Response(BODY, content_type="application/json")
