"""Requests whose body is read in one go where that is safe."""

from __future__ import annotations

from typing import IO

from flask import Request
from werkzeug.utils import cached_property


class BoundedRequest(Request):
    """A request: a body that says how long it is, and may be that long, is read as the server gives it.

    Flask counts every body as it is read, because one that does not say its length could be endless.
    """

    @cached_property
    def stream(self) -> IO[bytes]:
        """Return the body's stream, which ends where the body does."""
        length, most = self.content_length, self.max_content_length
        ends = "wsgi.input_terminated" in self.environ
        if ends and length is not None and (most is None or length <= most):
            body: IO[bytes] = self.environ["wsgi.input"]
            return body
        return super().stream
