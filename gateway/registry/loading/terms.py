"""The words of one load: what is asked, why it may be refused, who is told how far it is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from gateway.registry.feed import Feed
from gateway.registry.loading import rules

SCRATCH = "registry_next"
LIVE = "registry"


class Refused(Exception):
    """A file that cannot be taken; the message is one line for the operator."""

    def __init__(self, code: str, detail: str, *, held: bool = False) -> None:
        self.code = code
        self.detail = detail
        self.held = held
        super().__init__(detail)


class Progress(Protocol):
    """Whoever wants to know how far a load is."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin a stage, of so many bytes if it is the reading of the file."""

    def advance(self, amount: int) -> None:
        """Tell that so many more bytes of the file were read."""


class Silence:
    """Tells nobody."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Say nothing."""

    def advance(self, amount: int) -> None:
        """Say nothing."""


class Timed:
    """Passes progress on and keeps how many seconds each stage took."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._stage = ""
        self._begun = time.monotonic()
        self.seconds: dict[str, float] = {}

    def stage(self, name: str, total: int | None = None) -> None:
        """End the stage before and begin the next."""
        self.end()
        self._stage = name
        self._progress.stage(name, total)

    def advance(self, amount: int) -> None:
        """Pass it on."""
        self._progress.advance(amount)

    def end(self) -> None:
        """Count the time since the stage began to it; a file may be read twice."""
        now = time.monotonic()
        if self._stage:
            spent = self.seconds.get(self._stage, 0.0) + now - self._begun
            self.seconds[self._stage] = round(spent, 3)
        self._begun = now


@dataclass(frozen=True, slots=True)
class Load:
    """One file to be loaded, and how."""

    number: str
    path: Path
    file_name: str
    feed: Feed
    ndjson: bool
    by: str
    today: date
    delta: bool = False
    skip_bad_rows: bool = False
    accept_change: bool = False
    complete_through: str | None = None
    change_percent: int = 2

    @property
    def live(self) -> str:
        """Return the table readers use."""
        return f"{LIVE}.{self.feed.kind}"

    @property
    def scratch(self) -> str:
        """Return the table being built beside it."""
        return f"{SCRATCH}.{self.feed.kind}"


@dataclass(slots=True)
class Findings:
    """What a load found: written to the import's record whatever the end."""

    rows: int = 0
    bad_rows: int = 0
    errors: int = 0
    sha256: str | None = None
    size: int = 0
    header: list[str] = field(default_factory=list)
    printed: bool = False
    staged: int = 0
    few: bool = False
    sound: bool = False
    news: int = 0
    report: dict[str, Any] = field(default_factory=dict)

    def stored(self, feed: Feed) -> dict[str, str]:
        """Return each column of the table with its expression over the staged row."""
        return rules.stored(feed, self.header, printed=self.printed)
