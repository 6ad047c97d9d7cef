"""Who the embedded PostgreSQL runs as: it refuses the superuser, and `make run` may be one.

As an ordinary user: that user. As root: root's own files in a user namespace that shows the
process another number, so nothing is chowned and folders below /root keep working; where that is
refused, an unprivileged account that can already reach everything. No permission is ever changed.
"""

from __future__ import annotations

import ctypes
import functools
import os
import pwd
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLONE_NEWUSER = 0x10000000
SHOWN_NUMBER = 1000
LAST_RESORT = "nobody"
_LIBC = ctypes.CDLL(None, use_errno=True)


class PostgresError(Exception):
    """The embedded PostgreSQL cannot be used; the message is one line for the operator."""


@dataclass(frozen=True, slots=True)
class Account:
    """An identity for PostgreSQL: the owner of its files, and how to become it."""

    uid: int
    gid: int
    namespaced: bool = False

    def arguments(self, extra: Callable[[], None] | None = None) -> dict[str, Any]:
        """Return what subprocess needs to start a program as this account."""
        if self.namespaced:
            return {"preexec_fn": _both(_enter_namespace, extra)}
        if self.uid == os.geteuid():
            return {"preexec_fn": extra}
        return {"user": self.uid, "group": self.gid, "extra_groups": [], "preexec_fn": extra}


def _both(first: Callable[[], None], second: Callable[[], None] | None) -> Callable[[], None]:
    def run() -> None:
        first()
        if second is not None:
            second()

    return run


def _enter_namespace() -> None:
    """Show this process (a child about to become PostgreSQL) as an ordinary user to itself."""
    uid, gid = os.geteuid(), os.getegid()
    if _LIBC.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{SHOWN_NUMBER} {uid} 1"),
        ("gid_map", f"{SHOWN_NUMBER} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


@functools.cache
def namespaces_work(program: Path) -> bool:
    """Tell whether the machine lets root run a program in a user namespace; nothing is kept."""
    try:
        probe = subprocess.run(
            [program, "--version"],
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=_enter_namespace,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return probe.returncode == 0


def _way_to(path: Path) -> Iterator[Path]:
    """Yield the folders on the way to a path, from the root down, the path itself included."""
    real = Path(os.path.realpath(path))
    yield from reversed(real.parents)
    yield real


def first_closed(path: Path, *, uid: int, gids: frozenset[int]) -> Path | None:
    """Return the first existing folder on the way to a path that an account cannot enter."""
    for folder in _way_to(path):
        try:
            found = folder.stat()
        except FileNotFoundError:
            return None
        if found.st_uid == uid:
            needed = stat.S_IXUSR
        elif found.st_gid in gids:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not found.st_mode & needed:
            return folder
    return None


def choose(home: Path, program: Path) -> Account:
    """Choose who PostgreSQL runs as: the owner of its folder, so that it stays who it was."""
    me = os.geteuid()
    owner = home.stat()
    if me != 0:
        if owner.st_uid != me:
            raise PostgresError(
                f"{home} belongs to {_name(owner.st_uid)}: run as that user or set DATA_DIR"
            )
        return Account(me, os.getegid())
    if owner.st_uid != 0:
        account = Account(owner.st_uid, owner.st_gid)
        closed = _closed(account, home, program)
        if closed is not None:
            raise _refusal(closed, _name(account.uid))
        return account
    return _choose_for_root(home, program)


def _choose_for_root(home: Path, program: Path) -> Account:
    mine = Account(0, os.getegid(), namespaced=True)
    closed = _closed(mine, home, program)
    if closed is None and namespaces_work(program):
        return mine
    if any(home.iterdir()):
        raise PostgresError(
            f"{closed or home} cannot be used by PostgreSQL, which never runs as root: "
            "run as an ordinary user, or set DATA_DIR to a new folder"
        )
    for account in _unprivileged(closed):
        closed = _closed(account, home.parent, program)
        if closed is None:
            os.chown(home, account.uid, account.gid)
            return account
    raise _refusal(closed or home, LAST_RESORT)


def _unprivileged(closed: Path | None) -> Iterator[Account]:
    """Yield accounts to fall back to: the owner of the folder in the way, then nobody."""
    if closed is not None and closed.stat().st_uid != 0:
        found = closed.stat()
        yield Account(found.st_uid, found.st_gid)
    try:
        entry = pwd.getpwnam(LAST_RESORT)
    except KeyError:
        return
    yield Account(entry.pw_uid, entry.pw_gid)


def _closed(account: Account, home: Path, program: Path) -> Path | None:
    """Return the folder that keeps an account from the programs or the data, if any does."""
    gids = {account.gid, *(os.getgroups() if account.namespaced else ())}
    for path in (program.parent, home):
        closed = first_closed(path, uid=account.uid, gids=frozenset(gids))
        if closed is not None:
            return closed
    return None


def _refusal(closed: Path, who: str) -> PostgresError:
    return PostgresError(
        f"{closed} cannot be entered by {who}, the account PostgreSQL would run as (it never runs "
        "as root): run as an ordinary user, or put the project and DATA_DIR where it can"
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
