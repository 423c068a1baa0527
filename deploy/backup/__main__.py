"""`python -m deploy.backup make FOLDER` writes a back-up; `... restore FOLDER` puts one back (docs/operating.md).

TARGET=compose is for what docker compose started; otherwise it is what `make up` started.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from deploy.backup.dumps import BackupFailed, Server, back_up, restore
from deploy.local import passwords, variables
from deploy.local.errors import RunnerError
from deploy.local.ports import HOST
from deploy.local.postgres import PROGRAMS, SUPERUSER
from deploy.local.settings import ROLES, Settings
from deploy.local.stack import Stack, our_programs
from deploy.setup import SetupSettings, prepare_database
from shared.runtime.settings import NoSecret


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code; what is wrong stands on the error output, in one sentence."""
    parser = argparse.ArgumentParser(prog="python -m deploy.backup", description=__doc__)
    parser.add_argument("what", choices=("make", "restore"))
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args(arguments)
    target = in_compose if os.environ.get("TARGET") == "compose" else on_this_machine
    try:
        with target(restores=asked.what == "restore") as server:
            if asked.what == "make":
                for file in back_up(server, asked.folder):
                    print(f"{file}: {file.stat().st_size:,} bytes")
            else:
                print(
                    f"put back: {', '.join(restore(server, asked.folder))}. What was there is kept as *_before_restore."
                )
    except (BackupFailed, RunnerError, NoSecret, OSError, ValidationError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


@contextmanager
def in_compose(*, restores: bool) -> Iterator[Server]:
    """The database of docker compose, which runs. Roles must be there: the set-up makes them."""

    def command(program: str) -> Sequence[str]:
        return ("docker", "compose", "exec", "-T", "postgres", program, "--username", SUPERUSER)

    server = Server(command, os.environ, "docker compose stop proxy submission assessment matching impact keycloak")
    if restores and not server.ask("select 1 from pg_roles where rolname = 'impact_owner'"):
        raise BackupFailed("The roles of the services are not there yet: `docker compose run --rm setup` makes them.")
    yield server


@contextmanager
def on_this_machine(*, restores: bool) -> Iterator[Server]:
    """The database that `make up` started. To put a back-up back it is started alone, with the roles of the services."""
    settings = Settings.load()
    stack = Stack(settings, lambda _: None, our_programs(settings))
    if restores and any(program.daemon.process() for program in stack.programs):
        raise BackupFailed("The platform runs: stop it first, with `make down`; afterwards `make up` starts it again.")
    if not restores and stack.postgres.daemon.process() is None:
        raise BackupFailed("Postgres does not run: `make up` starts it.")
    began = restores and stack.postgres.start()
    try:
        if restores:
            passwords.ensure(settings.passwords, ROLES)
            _prepare(variables.for_setup(settings))
        yield Server(_programs(settings), {**os.environ, "PGPASSWORD": stack.postgres.password}, "make down")
    finally:
        if began:
            stack.postgres.stop()


def _programs(settings: Settings) -> Callable[[str], Sequence[str]]:
    place = ("--host", HOST, "--port", str(settings.port("postgres")), "--username", SUPERUSER)

    def command(program: str) -> Sequence[str]:
        return (str(PROGRAMS / program), *place)

    return command


def _prepare(environment: dict[str, str]) -> None:
    wanted = {name.upper() for name in SetupSettings.model_fields}
    given = {name.lower(): value for name, value in environment.items() if name in wanted}
    asyncio.run(prepare_database(SetupSettings.model_validate(given)))


if __name__ == "__main__":
    sys.exit(main())
