"""Whether the product is alive and ready, its version, and its figures for Prometheus."""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client import REGISTRY as DEFAULT_REGISTRY
from prometheus_client.core import GaugeMetricFamily
from psycopg import Error as DriverError
from psycopg_pool import PoolTimeout
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from config.db import db
from config.errors import Forbidden, Unauthorized
from config.jobs import worker_alive
from config.json import dumps
from config.logs import log
from config.settings import settings
from config.web import public

GAUGES = "nssf.gauges"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
MIGRATIONS = Path(__file__).with_name("migrations")
REQUESTS = Counter(
    "nssf_requests", "Requests by route, method and status", ["route", "method", "status"]
)
SECONDS = Histogram(
    "nssf_request_seconds", "Time to answer, by route", ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 10),
)  # fmt: skip

blueprint = Blueprint("health", __name__)
bearer_check: list[Any] = []


def product_version() -> str:
    """Return the version people quote in a report."""
    try:
        return version("nssf-gateway")
    except PackageNotFoundError:
        project = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
        return project.split('version = "', 1)[1].split('"', 1)[0]


def head_revision() -> str | None:
    """Return the newest migration in the code: files are numbered and named as what they hold."""
    return max((path.stem for path in (MIGRATIONS / "versions").glob("0*.py")), default=None)


VERSION = product_version()
HEAD = head_revision()


def _json(body: dict[str, Any]) -> Response:
    return Response(dumps(body), content_type="application/json")


@blueprint.get("/health/live")
@public
def live() -> Response:
    """Answer that the process serves requests."""
    return _json({"status": "ok"})


@blueprint.get("/health/ready")
@public
def ready() -> Response:
    """Answer whether database, migrations and worker are there; 503 names what is not."""
    checks = {"database": False, "migrations": False, "worker": False}
    try:
        found = db.session.scalar(text("SELECT version_num FROM alembic_version"))
        checks["database"] = True
        checks["migrations"] = found == HEAD
        checks["worker"] = worker_alive()
    except SQLAlchemyError as error:
        log.error("database.unavailable", error=type(error).__name__)
    good = all(checks.values())
    answer = _json({"status": "ok" if good else "not_ready", "checks": checks})
    if not good:
        answer.status_code = 503
        answer.headers["Retry-After"] = "5"
    return answer


@blueprint.get("/version")
@public
def product() -> Response:
    """Answer the version of the product and of its database."""
    return _json({"version": VERSION, "migration": HEAD})


@blueprint.get("/metrics")
@public
def metrics() -> Response:
    """Answer Prometheus figures, to this machine or to a bearer with audit rights."""
    if not _from_this_machine() and not (bearer_check and bearer_check[-1]()):
        if "Authorization" in request.headers:
            raise Forbidden
        raise Unauthorized(headers={"WWW-Authenticate": 'Bearer realm="nssf"'})
    registry: CollectorRegistry = DEFAULT_REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry) + _gauges(), content_type=CONTENT_TYPE_LATEST)


class Gauge:
    """One figure read from the store at every scrape: a number for each value of a label."""

    def __init__(
        self, name: str, about: str, label: str, read: Callable[[], Mapping[str, int]]
    ) -> None:
        self.name, self.about, self.label, self.read = name, about, label, read

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the figure as Prometheus takes it."""
        family = GaugeMetricFamily(self.name, self.about, labels=[self.label])
        for value, number in self.read().items():
            family.add_metric([value], number)
        yield family


def add_gauge(app: Flask, gauge: Gauge) -> None:
    """Have a figure of a package told beside the product's own."""
    app.extensions.setdefault(GAUGES, []).append(gauge)


def _gauges() -> bytes:
    registry = CollectorRegistry()
    for gauge in current_app.extensions.get(GAUGES, ()):
        registry.register(gauge)
    try:
        return generate_latest(registry)
    except (SQLAlchemyError, DriverError, PoolTimeout) as error:
        # Without a database the rest is still told, and readiness says why.
        log.error("database.unavailable", error=type(error).__name__)
        return b""


def _from_this_machine() -> bool:
    """Tell whether the caller is on this machine: what a proxy passes on is not.

    Both the connection and what trusted proxies say of it have to be local, so that neither a
    forged X-Forwarded-For nor a proxy beside us that nobody told us of opens the door.
    """
    if "X-Forwarded-For" in request.headers and not settings().trusted_proxies:
        return False
    before = request.environ.get("werkzeug.proxy_fix.orig", {}).get("REMOTE_ADDR")
    return all(map(_is_loopback, (request.remote_addr, before or request.remote_addr)))


def _is_loopback(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def _count(response: Response) -> Response:
    rule, method = request.url_rule, request.method
    route = rule.rule if rule else "(no route)"
    # A caller may invent methods; the figures keep a line for each one seen for ever.
    method = method if method in METHODS else "(other)"
    requests, seconds = _figures(route, method, response.status_code)
    requests.inc()
    now = time.perf_counter()
    seconds.observe(now - g.get("started", now))
    return response


@cache
def _figures(route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    """Return the two figures of a kind of answer: finding them by their labels is dear."""
    return REQUESTS.labels(route, method, status), SECONDS.labels(route)


def init_health(app: Flask) -> None:
    """Register the health, version and metrics addresses, and count every request."""
    app.register_blueprint(blueprint)
    app.after_request(_count)
