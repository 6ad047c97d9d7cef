"""Feed files for a measurement: copied plainly, cut to a delta, changed a little."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg

from gateway.registry.feed import KINDS

DELTA_EVERY = 100
CHUNK = 1024 * 1024
# Facilities and enterprises come first and are few; the others are about people.
PEOPLE = KINDS[2:]


def files_in(feed: Path, kinds: tuple[str, ...] = KINDS) -> list[Path]:
    """Return a feed's files in the order of their import."""
    return [feed / f"{kind}.csv" for kind in kinds]


def plain_copy(owner: str, feed: Path) -> float:
    """COPY every file into an unindexed table of texts and return the seconds."""
    total = 0.0
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA plain")
        for path in files_in(feed):
            with path.open("rb") as file:
                names = file.readline().decode().strip().split(",")
                columns = ", ".join(f"{name} text" for name in names)
                connection.execute(f"CREATE TABLE plain.{path.stem} ({columns})")  # type: ignore[arg-type]
                begun = time.monotonic()
                command = f"COPY plain.{path.stem} FROM STDIN (FORMAT csv)"
                with connection.cursor() as cursor, cursor.copy(command) as copy:  # type: ignore[arg-type]
                    while chunk := file.read(CHUNK):
                        copy.write(chunk)
                total += time.monotonic() - begun
        connection.execute("SET client_min_messages = warning")
        connection.execute("DROP SCHEMA plain CASCADE")
    return total


def write_delta(feed: Path, folder: Path, which: int = 0) -> int:
    """Write one row in a hundred of the people's files; return the rows.

    Members get another telephone, contributions another wage, the rest comes as it was.
    """
    folder.mkdir()
    rows = 0
    for path in files_in(feed, PEOPLE):
        with path.open("rb") as file, (folder / path.name).open("wb") as out:
            header = file.readline()
            out.write(header)
            names = header.decode().strip().split(",")
            for index, line in enumerate(file):
                if index % DELTA_EVERY == which:
                    out.write(_changed(line, names, index))
                    rows += 1
    return rows


def write_changed_members(feed: Path, path: Path) -> None:
    """Write the members' file again with every hundredth row changed."""
    with (feed / "members.csv").open("rb") as file, path.open("wb") as out:
        header = file.readline()
        out.write(header)
        names = header.decode().strip().split(",")
        for index, line in enumerate(file):
            out.write(_changed(line, names, index) if index % DELTA_EVERY == 1 else line)


def _changed(line: bytes, names: list[str], number: int) -> bytes:
    cells = line.decode().rstrip("\n").split(",")
    if "phone" in names:
        cells[names.index("phone")] = f"+85512{number % 10**6:06d}"
    elif "contributory_wage_riel" in names:
        cells[names.index("contributory_wage_riel")] = "987654"
    return (",".join(cells) + "\n").encode()
