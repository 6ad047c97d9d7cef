"""Jobs: Procrastinate's tables in our own database, filled inside the caller's transaction.

`defer()` writes the job beside the fact; the worker (`flask --app wsgi worker`) runs it at least
once, so every task is idempotent on its key. `@task` registers a function, `@periodic` a schedule.
A job whose worker was killed runs again within two minutes. Arguments are numbers, never names: they
stay in the queue's table and are named when a job fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from psycopg.types.json import Jsonb
from sqlalchemy import text

from config.db import db, driver, transaction
from config.json import dumps
from config.later import later
from config.logs import frames, log
from config.prepared import Prepared, Step
from config.settings import settings

if TYPE_CHECKING:
    import procrastinate
else:
    procrastinate = later("procrastinate")


ATTEMPTS = 5
RETRY_SECONDS = 10
# A worker says every ten seconds that it lives.
WORKER_LOST_SECONDS = 60

Work = Callable[..., None]
_tasks: dict[str, Work] = {}
_schedules: dict[str, str] = {}

# The literal names every field: the composite's order is part of Procrastinate's schema version.
DEFER = """
SELECT procrastinate_defer_jobs_v1(ARRAY[
    ROW('default', %(task)s, %(priority)s, %(lock)s, %(queueing_lock)s, %(args)s, NULL)
]::procrastinate_job_to_defer_v1[])
"""
_DEFER = Prepared("job_defer", DEFER)

LOST = text("""
SELECT j.id, j.task_name, j.attempts FROM procrastinate_jobs j
LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
WHERE j.status = 'doing'
  AND (w.id IS NULL OR w.last_heartbeat < now() - make_interval(secs => :seconds))
ORDER BY j.id FOR UPDATE OF j SKIP LOCKED
""")
AGAIN = text("SELECT procrastinate_retry_job_v2(:id, now(), NULL, NULL, NULL)")
GIVE_UP = text(
    "SELECT procrastinate_finish_job_v1(:id, CAST('failed' AS procrastinate_job_status), false)"
)


class JobFailed(Exception):
    """A job failed; says only with which kind of error, as the worker's log shows this text."""


def task(name: str) -> Callable[[Work], Work]:
    """Register a function as the task of this name."""

    def register(work: Work) -> Work:
        _tasks[name] = work
        return work

    return register


def periodic(name: str, cron: str) -> Callable[[Work], Work]:
    """Register a function as a task that runs on a cron schedule (UTC)."""

    def register(work: Work) -> Work:
        _schedules[name] = cron
        return task(name)(work)

    return register


def defer(
    name: str, *, lock: str | None = None, priority: int = 0, queueing_lock: str | None = None,
    **args: Any,
) -> None:  # fmt: skip
    """Queue a task in the open transaction: it exists exactly if the transaction commits."""
    if name not in _tasks:
        raise LookupError(f"no task is called {name}")
    with transaction() as session:
        driver(session).execute(
            DEFER,
            {
                "task": name, "priority": priority, "lock": lock,
                "queueing_lock": queueing_lock, "args": Jsonb(args),
            },
        )  # fmt: skip


def deferring(name: str, **args: Any) -> Step:
    """Return the statement that queues a task, to be sent in a transaction of `config.db.work`."""
    if name not in _tasks:
        raise LookupError(f"no task is called {name}")
    values = {"task": name, "priority": 0, "lock": None, "queueing_lock": None, "args": dumps(args)}
    return Step(_DEFER, values)


def run_now(name: str, **args: Any) -> None:
    """Run a task in this process, as the worker would; for tests and commands."""
    _tasks[name](**args)


def registered_tasks() -> dict[str, Work]:
    """Return every task by name."""
    return dict(_tasks)


def procrastinate_app(app: Flask) -> procrastinate.App:
    """Bind every registered task to this application's context and database."""
    with app.app_context():
        current = settings()
    # Only the worker's own notes, who runs what and what is done: a crash that loses the last of
    # them has a job run again, which every task bears. What a task writes is durable as ever.
    options = f"{current.connection_options} -c synchronous_commit=off".strip()
    connector = procrastinate.PsycopgConnector(
        conninfo=current.app_database_url, kwargs={"options": options}
    )
    jobs = procrastinate.App(connector=connector)
    for name, work in _tasks.items():
        bound = _bind(app, name, work)
        if name in _schedules:
            jobs.periodic(cron=_schedules[name])(jobs.task(name=name, queueing_lock=name)(bound))
        else:
            again = procrastinate.RetryStrategy(max_attempts=ATTEMPTS, wait=RETRY_SECONDS)
            jobs.task(name=name, retry=again)(bound)
    return jobs


def _bind(app: Flask, name: str, work: Work) -> Work:
    def run(**args: Any) -> None:
        # The schedule's moment is Procrastinate's; ours read the clock.
        args.pop("timestamp", None)
        with app.app_context():
            try:
                work(**args)
            except Exception as error:
                log.error("job.failed", task=name, error=type(error).__name__, frames=frames(error))
                # A driver's message may quote a row, so the original goes no further than this.
                raise JobFailed(type(error).__name__) from None
            finally:
                db.session.remove()

    return run


@periodic("config.revive_jobs", "* * * * *")
def revive_jobs() -> None:
    """Run what a killed worker left behind again; without this its lock would hold for ever."""
    with transaction() as session:
        for job, name, attempts in session.execute(LOST, {"seconds": WORKER_LOST_SECONDS}).all():
            # What runs by the clock comes again by itself.
            over = name in _schedules or attempts >= ATTEMPTS
            session.execute(GIVE_UP if over else AGAIN, {"id": job})
            log.warning("job.given_up" if over else "job.revived", task=name, job=job)


@click.command("worker")
@click.option("--concurrency", default=10, show_default=True, help="Jobs run at the same time.")
@click.option("--once", is_flag=True, help="Stop when the queue is empty.")
@with_appcontext
def worker_command(concurrency: int, once: bool) -> None:
    """Run queued and periodic jobs until stopped."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    procrastinate_app(app).run_worker(
        concurrency=concurrency,
        wait=not once,
        delete_jobs="successful",
        fetch_job_polling_interval=1.0,
        listen_notify=False,
        shutdown_graceful_timeout=10,
    )


def worker_alive(seconds: int = 60) -> bool:
    """Tell whether some worker sent its heartbeat lately."""
    return bool(
        db.session.scalar(
            text(
                "SELECT EXISTS (SELECT 1 FROM procrastinate_workers"
                " WHERE last_heartbeat > now() - make_interval(secs => :s))"
            ),
            {"s": seconds},
        )
    )


def init_jobs(app: Flask) -> None:
    """Add the worker command."""
    app.cli.add_command(worker_command)
