"""`dead-letters`: records that nobody could read."""

from __future__ import annotations

from dataclasses import asdict, astuple
from typing import Annotated
from uuid import UUID

import typer

from shared.messaging import looking
from shared.messaging.audit import Act
from shared.messaging.envelope import HIGHEST_SEQUENCE
from shared.messaging.repairing import Named
from shared.runtime.asking import ask, console, look, show, tell
from shared.runtime.operating.arguments import Actor, DryRun, Reason
from shared.runtime.service import Service

Letter = Annotated[UUID, typer.Argument(help="The dead letter's id, as `dead-letters list` shows it.")]
Subject = Annotated[UUID | None, typer.Option(help="Whose it is, where its header does not say so: the entity's id.")]
Sequence = Annotated[
    int | None, typer.Option(help="Which version it is, where its header does not say so.", min=1, max=HIGHEST_SEQUENCE)
]
EventId = Annotated[UUID | None, typer.Option("--id", help="The event's id, where its header does not say so.")]


def commands(service: Service) -> typer.Typer:
    """What an operator may ask of dead letters."""
    app = typer.Typer(help="Records that nobody could read.", no_args_is_help=True)

    @app.command("list")
    def listed() -> None:
        """Show them, oldest first."""
        columns = ("id", "topic", "partition", "offset", "bytes", "kept", "since", "reason")
        show("Dead letters", columns, map(astuple, look(service, looking.dead_letters)))

    @app.command("show")
    def shown(letter: Letter) -> None:
        """Show one whole, with its bytes if they could be kept."""
        whole = asdict(look(service, lambda tx: looking.dead_letter(tx, letter)))
        console.print_json(data={**whole.pop("row"), **whole}, default=str)

    @app.command()
    def replay(
        letter: Letter,
        *,
        reason: Reason,
        actor: Actor,
        subject: Subject = None,
        sequence: Sequence = None,
        event_id: EventId = None,
        dry_run: DryRun = False,
    ) -> None:
        """Read one again and hear it as if it came now: after a fix of the code, or as the event that you say it is."""
        names = Named(subject, sequence, event_id)
        tell(ask(service, lambda d: d.replay(Act(actor, reason), letter, names, dry_run=dry_run)), dry_run=dry_run)

    @app.command()
    def discard(letter: Letter, *, reason: Reason, actor: Actor, dry_run: DryRun = False) -> None:
        """Throw one away."""
        tell(ask(service, lambda d: d.throw_away(Act(actor, reason), letter, dry_run=dry_run)), dry_run=dry_run)

    return app
