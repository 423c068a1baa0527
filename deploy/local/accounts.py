"""The system account under which Postgres runs: it refuses to run as root."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

UNPRIVILEGED = "nobody"  # there on every Unix: nothing has to be added to the machine's accounts


@dataclass(frozen=True)
class Account:
    """A user and the group it works in."""

    user: int
    group: int


class Switch(TypedDict, total=False):
    """The arguments of `subprocess` that start a program under another account."""

    user: int
    group: int
    extra_groups: list[int]


def for_server(folder: Path, programs: Path) -> Account | None:
    """Return the account for a server that keeps its files in `folder` (made if need be), or None for our own.

    As root it is an unprivileged one: `folder` is given to it, `programs` are made readable, and every folder on
    the way that shut it out may be passed through (not listed).
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(UNPRIVILEGED)
    account = Account(entry.pw_uid, entry.pw_gid)
    give(folder, account)
    for path in [*folder.parents, *programs.parents]:
        _allow(path, stat.S_IXOTH)
    for path in [programs, *programs.rglob("*")]:
        executable = path.stat().st_mode & stat.S_IXUSR
        _allow(path, stat.S_IROTH | (stat.S_IXOTH if executable else 0))
    return account


def give(path: Path, account: Account | None) -> None:
    """Make `account` the owner of `path`; None changes nothing."""
    if account is not None:
        os.chown(path, account.user, account.group)


def switch(account: Account | None) -> Switch:
    """Return the arguments with which `subprocess` starts a program under `account`."""
    return Switch() if account is None else Switch(user=account.user, group=account.group, extra_groups=[])


def environment() -> dict[str, str]:
    """Return what a server needs of our environment: none of the PG... variables that would change its ways."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def _allow(path: Path, bits: int) -> None:
    mode = path.stat().st_mode
    if mode & bits != bits:
        path.chmod(stat.S_IMODE(mode) | bits)
