"""`persons`: who logged in, and is to be known no longer."""

from __future__ import annotations

from typing import Annotated

import typer

from shared.messaging.audit import Act
from shared.runtime import erasing
from shared.runtime.asking import change, tell
from shared.runtime.operating.arguments import Actor, DryRun, Reason
from shared.runtime.service import Service

Subject = Annotated[
    str,
    typer.Option(
        prompt="Login (the `sub` of the tokens)",
        help="The login: the `sub` of the tokens. Leave it out to be asked: then it stays in no history of commands.",
    ),
]


def commands(service: Service) -> typer.Typer:
    """What an operator may ask about persons."""
    app = typer.Typer(help="Persons who logged in here.", no_args_is_help=True)

    @app.callback()
    def group() -> None:
        """Persons who logged in here. Ask the same of each service: each has its own."""

    @app.command()
    def erase(*, subject: Subject, reason: Reason, actor: Actor, dry_run: DryRun = False) -> None:
        """Erase somebody: login and name go, all that was done stays. If they hold a seat on the board, end that first."""
        act = Act(actor, reason)
        tell(change(service, lambda tx: erasing.erase(tx, act, subject, dry_run=dry_run)), dry_run=dry_run)

    return app
