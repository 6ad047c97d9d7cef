"""A PostgreSQL as a first start leaves it, made once a run: a copy is ready at once."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

import pytest

from config import postgres

# Nothing here outlives its test, so no disk need be waited for; the tests of starting from
# nothing run with the product's own settings.
LOCAL = "fsync = off\n"


@pytest.fixture(scope="session")
def first_start(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Return the data folder of a server that was started from nothing and stopped."""
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "first-start"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "data").is_dir():
            made = folder / "making"
            postgres.ensure_running(made)
            postgres.stop(made)
            for name in ("address", "postgres.log"):
                (made / "postgres" / name).unlink()
            (made / "postgres" / "local.conf").write_text(LOCAL)
            made.rename(folder / "data")
    return folder / "data"


def started_before(first_start: Path, data_dir: Path) -> Path:
    """Fill a data folder as if the product had been started and stopped there."""
    return Path(shutil.copytree(first_start, data_dir))
