"""Brings a schema up to date: as its owner the migrations, as the service itself the reference data."""

from __future__ import annotations

import asyncpg

from shared.messaging.outbox import Outbox
from shared.runtime.service import OnLoad, Service
from shared.runtime.settings import Settings
from shared.storage import Database, connect
from shared.storage.migrations import Moment, apply


async def migrate(service: Service, settings: Settings, moment: Moment | None = None) -> list[str]:
    """What was done, a line each. Needs DATABASE_OWNER_PASSWORD_FILE. Raises: NoSecret, MigrationChanged."""
    connection = await asyncpg.connect(settings.owner_dsn(service.name))
    try:
        applied = await apply(connection, service.migrations, moment)
    finally:
        await connection.close()
    if moment != "post":
        await load(service, settings)
    return [f"{service.name}: applied {name}" for name in applied] or [f"{service.name}: nothing new"]


async def load(service: Service, settings: Settings) -> None:
    """Writes the reference data that is not there yet."""
    duties = [duty for duty in service.does if isinstance(duty, OnLoad)]
    if not duties:
        return
    outbox = Outbox(settings.source(service.name), service.says)
    pool = await connect(settings.dsn(service.name), most=1, name=f"{service.name} load")
    try:
        database = Database(pool, outbox.append)
        for duty in duties:
            async with database.transaction() as tx:
                await duty.operation(tx)
    finally:
        await pool.close()
