"""gunicorn's threaded worker, which shares connections fairly with the other processes.

All processes wait at one door. When many clients connect at once, the process that wakes first would
take them all and work alone, for as long as they stay connected, while the others have nothing to do.
"""

from __future__ import annotations

import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

STEP_SECONDS = 0.0005
LONGEST_SECONDS = 0.002


class FairWorker(ThreadWorker):  # type: ignore[misc]
    """A process that leaves a new connection to the others for a moment, the longer the more it has."""

    def accept(self, listener: Any) -> None:
        """Take a connection, unless another process has meanwhile."""
        if self.cfg.workers > 1:
            full = self.nr_conns // self.cfg.threads
            if full:
                time.sleep(min(full * STEP_SECONDS, LONGEST_SECONDS))
        super().accept(listener)
