"""The operators' command line of a service: `python -m services.<name> COMMAND`."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated

import typer

from shared.runtime.asking import console, finish, settings_from_environment
from shared.runtime.logs import start_logging
from shared.runtime.looping import run_on_uvloop
from shared.runtime.migrating import migrate
from shared.runtime.operating import GROUPS, SINGLE
from shared.runtime.running import serve
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.storage.migrations import Moment

log = logging.getLogger(__name__)


def _run(service: Service) -> None:
    """Logs why a replica ended, in one line that says what is wrong; its supervisor starts it again."""
    settings = settings_from_environment()
    start_logging(service.name, settings.log_level)
    try:
        run_on_uvloop(serve(service, settings))
    except asyncio.CancelledError:
        log.info("%s was stopped before it had started", service.name)
    except Exception as error:
        log.critical("%s stops: %s: %s", service.name, type(error).__name__, error, exc_info=error)
        raise SystemExit(1) from None


def commands(service: Service) -> typer.Typer:
    """All that an operator may ask."""
    app = typer.Typer(
        help=f"{service.title}: run it, migrate its schema, look after its messages.",
        epilog="\n\n".join(("Settings are environment variables:", *Settings.explained())),
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )

    @app.command("serve")
    def serve_() -> None:
        """Run a replica: HTTP, consumer, relay and daily duties, until SIGTERM."""
        _run(service)

    @app.command("migrate")
    def migrate_(
        moment: Annotated[Moment | None, typer.Option(help="pre: before a deploy; post: after it.")] = None,
    ) -> None:
        """Apply the migrations that are new, as the schema's owner, and load reference data."""
        for line in finish(migrate(service, settings_from_environment(), moment)):
            console.print(line)

    for name, group in GROUPS.items():
        app.add_typer(group(service), name=name)
    for name, command in SINGLE.items():
        app.command(name)(command(service))
    return app


def run(service: Service) -> None:
    """Reads the command and does it."""
    commands(service)(prog_name=f"python -m services.{service.name}")
