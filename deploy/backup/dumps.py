"""Dumps of whole databases, each of one moment, made and put back by Postgres' own programs."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PLATFORM = "platform"
DATABASES = (PLATFORM, "keycloak")
"""What is kept of an installation. Keycloak's is not there where somebody else gives the tokens."""
RESTORING, BEFORE = "_restoring", "_before_restore"
IN_USE = "select string_agg(distinct usename, ', ') from pg_stat_activity where datname = '{name}' and pid <> pg_backend_pid()"
EXISTS = "select 1 from pg_database where datname = '{name}'"


class BackupFailed(Exception):
    """One sentence for an operator: what is wrong, and what helps."""


@dataclass(frozen=True, slots=True)
class Server:
    """How Postgres' programs are called for one server, as its administrator."""

    command: Callable[[str], Sequence[str]]
    """The program of this name, with all that it needs to log in."""
    environment: Mapping[str, str]
    stop: str
    """The command that stops whoever uses the databases."""

    def ask(self, sql: str, database: str = "postgres") -> str:
        """What a statement answers. Raises: BackupFailed."""
        done = self._run("psql", "--dbname", database, "-qAt", "-v", "ON_ERROR_STOP=1", "-c", sql)
        return done.stdout.decode().strip()

    def dump(self, name: str, file: Path) -> None:
        """Writes a database to a file that is there only when it is whole, for its owner alone. Raises: BackupFailed."""
        part = file.with_suffix(".part")
        part.touch(mode=0o600)
        with part.open("wb") as out:
            self._run("pg_dump", "--format=custom", "--dbname", name, out=out)
        with part.open("rb") as made:
            self._run("pg_restore", "--list", given=made)
        part.replace(file)

    def put_back(self, name: str, file: Path) -> None:
        """Puts a database back from its dump, beside the one that is there, and then in its place.

        Until the dump is in whole, nothing has changed; the database that was there is kept under another name.
        Raises: BackupFailed.
        """
        fresh, before = f"{name}{RESTORING}", f"{name}{BEFORE}"
        self.ask(f"drop database if exists {fresh}")
        self.ask(f"create database {fresh}")
        with file.open("rb") as dump:
            self._run("pg_restore", "--exit-on-error", "--single-transaction", "--dbname", fresh, given=dump)
        self.ask(f"drop database if exists {before}")
        if self.ask(EXISTS.format(name=name)):
            self.ask(f"alter database {name} rename to {before}")
        self.ask(f"alter database {fresh} rename to {name}")

    def expect_unused(self, name: str) -> None:
        """Raises: BackupFailed, when somebody has the database open."""
        if users := self.ask(IN_USE.format(name=name)):
            raise BackupFailed(f"{users} still use(s) the database {name}: stop all first, with `{self.stop}`.")

    def _run(
        self, program: str, *arguments: str, out: object = subprocess.PIPE, given: object = subprocess.DEVNULL
    ) -> subprocess.CompletedProcess[bytes]:
        command = [*self.command(program), *arguments]
        try:
            done: subprocess.CompletedProcess[bytes] = subprocess.run(  # type: ignore[call-overload]
                command, stdout=out, stdin=given, stderr=subprocess.PIPE, check=False, env=self.environment
            )
        except OSError as error:
            raise BackupFailed(f"{command[0]} cannot be run ({error.strerror}).") from None
        if done.returncode:
            raise BackupFailed(f"{program} failed: {_first_line(done.stderr)}")
        return done


def back_up(server: Server, folder: Path) -> list[Path]:
    """A dump of each database in a new folder. Raises: BackupFailed."""
    if folder.exists() and any(folder.iterdir()):
        raise BackupFailed(f"{folder} is not empty: choose a new folder, a back-up never overwrites another.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = []
    for name in DATABASES:
        if server.ask(EXISTS.format(name=name)):
            file = folder / f"{name}.dump"
            server.dump(name, file)
            made.append(file)
    if not made:
        raise BackupFailed("There is nothing to back up: this server has no platform yet.")
    return made


def restore(server: Server, folder: Path) -> list[str]:
    """Puts back what a folder holds, and returns the names of those databases. Raises: BackupFailed."""
    found = [(name, folder / f"{name}.dump") for name in DATABASES if (folder / f"{name}.dump").is_file()]
    if PLATFORM not in dict(found):
        raise BackupFailed(f"{folder} holds no back-up: it should have {PLATFORM}.dump.")
    for name, _ in found:
        server.expect_unused(name)
    for name, file in found:
        server.put_back(name, file)
    return [name for name, _ in found]


def _first_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[0] if lines else "it said nothing"
