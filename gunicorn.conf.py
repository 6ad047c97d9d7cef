"""gunicorn: two processes of four threads by default, told by the same settings as the rest."""

from __future__ import annotations

import gc
import logging
import os
import signal
from pathlib import Path
from typing import Any

from prometheus_client import multiprocess

from config import ahead, patience, processes, starting

_host, _port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"
bind = f"[{_host}]:{_port}" if ":" in _host else f"{_host}:{_port}"
worker_class = "config.fair_worker.FairWorker"
workers = int(os.environ.get("WEB_WORKERS") or 2)
threads = int(os.environ.get("WEB_THREADS") or 4)
# The application opens its connections at first use, so it may be built once before the fork.
preload_app = True
timeout = 60
graceful_timeout = 20
keepalive = 5
# Heartbeats of the processes belong in memory: a slow disk is no reason to end one.
_memory = Path("/dev/shm")  # noqa: S108 - gunicorn makes its own private files there
worker_tmp_dir = str(_memory) if _memory.is_dir() else None
control_socket_disable = True
# X-Forwarded-* is read by the application alone, as far as TRUSTED_PROXIES says.
forwarded_allow_ips = ""
# Requests are logged by the application, by route and never by path.
accesslog = None
errorlog = "-"
loglevel = "warning"


def when_ready(server: Any) -> None:
    """Do once what every web process would do, and set it all aside from collections."""
    logging.getLogger("gunicorn.error").addFilter(patience.is_worth_logging)
    for listener in server.LISTENERS:
        patience.hang_up_on_silence(listener.sock)
    ahead.prepare_ahead(server.app.wsgi())
    gc.collect()
    starting.started()


def post_fork(_server: Any, _worker: Any) -> None:
    """Let a web process die with its master, even when that is killed and cannot say so."""
    processes.end_with_parent(signal.SIGKILL)
    processes.share_memory_among_threads()
    # A request makes some thousands of objects and leaves no cycles: looking less often is enough.
    gc.set_threshold(50_000, 20, 20)


def child_exit(_server: Any, worker: Any) -> None:
    """Take a finished process out of the live figures."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(worker.pid)
