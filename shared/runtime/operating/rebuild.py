"""`rebuild`: makes the tables of a fold anew from the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from shared.messaging.audit import Act
from shared.messaging.rebuilding import Rebuild, Rebuilt
from shared.runtime.asking import console, finish, settings_from_environment, tell
from shared.runtime.operating.arguments import Actor, DryRun, Reason
from shared.runtime.service import Service
from shared.runtime.starting import cluster_of
from shared.storage import Database, connect

Fold = Annotated[str, typer.Argument(help="The fold, as `hearing list` shows it. Those that share a table go with it.")]


def command(service: Service) -> Callable[..., None]:
    """The one thing that an operator may ask of a fold."""

    def rebuild(fold: Fold, *, reason: Reason, actor: Actor, dry_run: DryRun = False) -> None:
        """Make a fold's tables anew from the log, as the schema's owner, while everything goes on. Nothing is said again."""
        tell(finish(_rebuilt(service, fold, Act(actor, reason), dry=dry_run)), dry_run=dry_run)

    return rebuild


async def _rebuilt(service: Service, fold: str, act: Act, *, dry: bool) -> Rebuilt:
    settings = settings_from_environment()
    owner = settings.owner_dsn(service.name)
    pool = await connect(owner, most=2, name=f"{service.name} rebuild")
    try:
        cluster = await cluster_of(settings, service)
        rebuild = Rebuild(service.name, service.hears, Database(pool), owner, settings.brokers, cluster, console.print)
        return await rebuild.run(fold, act, dry=dry)
    finally:
        await pool.close()
