"""The tree of problems: requests that cannot be carried out. Rendered in config/problems.py only.

    Problem
    ├── Unauthorized 401      ├── Forbidden 403        ├── NotFound 404
    ├── Conflict 409          ├── Precondition 412/428 ├── TooLarge 413
    ├── Invalid 422           ├── TooMany 429          └── Unavailable 503

A decision ("not covered", "over the limit") is a value, never one of these.
"""

from __future__ import annotations

from typing import Any, ClassVar

from config.words import N_


class Problem(Exception):
    """A request that cannot be carried out; `code` is stable, `extra` is safe to show."""

    status: ClassVar[int] = 400
    code: str = "bad_request"
    title: str = N_("The request cannot be carried out")

    def __init__(
        self,
        code: str | None = None,
        *,
        detail: str | None = None,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        self.code = code or self.code
        self.detail = detail
        self.headers = headers or {}
        self.extra = extra
        super().__init__(detail or self.code)


class BadRequest(Problem):
    """The request could not be read."""


class Unauthorized(Problem):
    """Nobody known is calling."""

    status = 401
    code = "unauthorized"
    title = N_("Sign in or send a valid token")


class Forbidden(Problem):
    """The caller is known and may not do this."""

    status = 403
    code = "forbidden"
    title = N_("You may not do this")


class NotFound(Problem):
    """There is no such thing, or the caller may not know of it."""

    status = 404
    code = "not_found"
    title = N_("There is no such record")


class NotAcceptable(Problem):
    """The asked format does not exist; `detail` names those that do."""

    status = 406
    code = "not_acceptable"
    title = N_("This format is not offered")


class Conflict(Problem):
    """The state of the record does not allow this."""

    status = 409
    code = "conflict"
    title = N_("The state of the record does not allow this")


class Precondition(Problem):
    """The record changed since it was read, or If-Match is missing (428)."""

    status = 412
    code = "stale"
    title = N_("The record has changed since you read it")


class PreconditionRequired(Precondition):
    """If-Match is missing."""

    status = 428
    code = "precondition_required"
    title = N_("Send If-Match with the version you read")


class TooLarge(Problem):
    """The body is larger than the limit named in `limit_bytes`."""

    status = 413
    code = "too_large"
    title = N_("The request is too large")


class Invalid(Problem):
    """Fields are wrong; `errors` names every one of them with its pointer."""

    status = 422
    code = "invalid"
    title = N_("Some fields are wrong")

    def __init__(
        self,
        code: str | None = None,
        *,
        errors: list[dict[str, str]] | None = None,
        detail: str | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(code, detail=detail, errors=errors or [], **extra)


class TooMany(Problem):
    """Too many requests; try again after `retry_after` seconds."""

    status = 429
    code = "too_many_requests"
    title = N_("Too many requests")

    def __init__(
        self, code: str | None = None, *, retry_after: int, detail: str | None = None
    ) -> None:
        super().__init__(code, detail=detail, headers={"Retry-After": str(retry_after)})


class Unavailable(Problem):
    """A part of the product is not there right now."""

    status = 503
    code = "unavailable"
    title = N_("The service is not available right now")

    def __init__(self, code: str | None = None, *, detail: str | None = None) -> None:
        super().__init__(code, detail=detail, headers={"Retry-After": "5"})
