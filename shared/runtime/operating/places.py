"""`places`: where this service is in the log."""

from __future__ import annotations

from typing import Annotated

import typer

from shared.messaging.audit import Act
from shared.messaging.rewinding import StillHearing, members, places, rewind
from shared.runtime.asking import change, finish, look, settings_from_environment, show, tell
from shared.runtime.operating.arguments import Actor, DryRun, Reason
from shared.runtime.service import Service
from shared.runtime.starting import administering
from shared.storage import Transaction

Topic = Annotated[str, typer.Argument(help="The topic, as `places list` shows it.")]
Partition = Annotated[int | None, typer.Argument(help="One partition of it; if not given, all of them.", min=0)]
KAFKA_WITHIN_SECONDS = 20.0


def commands(service: Service) -> typer.Typer:
    """The commands of `places`."""
    app = typer.Typer(help="Where this service is in the log.", no_args_is_help=True)

    @app.command("list")
    def listed() -> None:
        """Show the next offset of each partition, and the event that was read before it."""
        show("Places", ("topic", "partition", "next", "cluster", "event"), look(service, places))

    @app.command("rewind")
    def rewind_(
        topic: Topic, partition: Partition = None, *, reason: Reason, actor: Actor, dry_run: DryRun = False
    ) -> None:
        """Read a topic from its beginning again, after its log was cut, restored or made anew. Stop all replicas first.

        What was heard already is dropped, so that this changes nothing but what is missing.
        """
        finish(_expect_nobody(service))

        async def rewound(tx: Transaction) -> str:
            return await rewind(tx, Act(actor, reason), topic, partition, dry_run=dry_run)

        tell(change(service, rewound), dry_run=dry_run)

    return app


async def _expect_nobody(service: Service) -> None:
    async with administering(settings_from_environment().brokers, KAFKA_WITHIN_SECONDS) as admin:
        if hearing := await members(admin, service.name):
            raise StillHearing(service.name, hearing)
