"""`outbox`: what was said, and is not told yet or is to be told again."""

from __future__ import annotations

from dataclasses import astuple
from typing import Annotated

import typer

from shared.messaging import looking
from shared.messaging.audit import Act
from shared.messaging.envelope import HIGHEST_SEQUENCE
from shared.runtime.asking import ask, look, show, tell
from shared.runtime.operating.arguments import Actor, DryRun, Reason
from shared.runtime.service import Service

Topic = Annotated[str, typer.Argument(help="The topic, as `outbox list` shows it.")]
Key = Annotated[str, typer.Argument(help="The key, as `outbox list` shows it: the entity's id.")]
First = Annotated[int, typer.Option(help="The first version to tell again.", min=1, max=HIGHEST_SEQUENCE)]
Last = Annotated[
    int | None, typer.Option(help="The last one; if not given, all that was told.", min=1, max=HIGHEST_SEQUENCE)
]


def commands(service: Service) -> typer.Typer:
    """What an operator may ask of what was said."""
    app = typer.Typer(help="What was said: what is not told yet, and what is to be told again.", no_args_is_help=True)

    @app.command("list")
    def listed() -> None:
        """Show how much waits, since when, and which keys are stopped."""
        show("Waiting to be told", ("topic", "events", "oldest"), map(astuple, look(service, looking.waiting)))
        show("Stopped keys", ("topic", "key", "since", "reason"), map(astuple, look(service, looking.stopped)))

    @app.command()
    def release(topic: Topic, key: Key, *, reason: Reason, actor: Actor, dry_run: DryRun = False) -> None:
        """Let a stopped key try again."""
        tell(ask(service, lambda d: d.go_on(Act(actor, reason), topic, key, dry_run=dry_run)), dry_run=dry_run)

    @app.command()
    def resend(
        topic: Topic,
        key: Key,
        *,
        reason: Reason,
        actor: Actor,
        first: First = 1,
        last: Last = None,
        dry_run: DryRun = False,
    ) -> None:
        """Tell again, unchanged, what was told of a key: whoever missed it hears it, all others drop it."""
        act = Act(actor, reason)
        sent = ask(service, lambda d: d.resend(act, topic, key, first, last, dry_run=dry_run))
        tell(sent.on(topic, key), dry_run=dry_run)

    return app
