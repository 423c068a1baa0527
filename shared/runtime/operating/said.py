"""`said`: the versions of what this service says."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated
from uuid import UUID

import typer

from shared.messaging.adopting import Adopted, Owner, adopt
from shared.messaging.audit import Act
from shared.messaging.reading import opened_log
from shared.runtime.asking import finish, settings_from_environment, show, tell
from shared.runtime.operating.arguments import Actor, DryRun, Reason
from shared.runtime.service import Service
from shared.runtime.starting import cluster_of
from shared.storage import Database, connect

MOST_SHOWN = 200
NotOurs = Annotated[
    list[UUID] | None,
    typer.Option(
        metavar="ENTITY", help="Somebody else wrote of it in this service's name: its version stays. Repeatable."
    ),
]


def commands(service: Service) -> typer.Typer:
    """The commands of `said`."""
    app = typer.Typer(help="The versions of what this service says.", no_args_is_help=True)

    @app.callback()
    def _group() -> None: ...

    @app.command("adopt-log")
    def adopt_log(*, reason: Reason, actor: Actor, not_ours: NotOurs = None, dry_run: DryRun = False) -> None:
        """Take over the log's versions after a restore from an older back-up. Stop all replicas first.

        What was said since the restore gets the versions after those of the log. Nothing that was said is dropped.
        """
        adopted = finish(_adopted(service, Act(actor, reason), not_ours or (), dry_run=dry_run))
        columns = ("stream", "entity", "last in the log", "said before", "said after", "renumbered")
        rows = [
            (each.stream.name.lower(), each.entity, each.log, each.before, each.after, each.renumbered)
            for each in adopted.entities[:MOST_SHOWN]
        ]
        show("Taken over", columns, rows)
        tell(adopted, dry_run=dry_run)

    return app


async def _adopted(service: Service, act: Act, not_ours: Collection[UUID], *, dry_run: bool) -> Adopted:
    settings = settings_from_environment()
    streams = sorted({kind.STREAM for kind in service.says})
    pool = await connect(settings.dsn(service.name), most=1, name=f"{service.name} operator")
    try:
        owner = Owner(service.name, streams, await cluster_of(settings, service))
        async with opened_log(settings.brokers, [stream.topic for stream in streams]) as log:
            return await adopt(Database(pool), log, owner, act, not_ours=not_ours, dry_run=dry_run)
    finally:
        await pool.close()
