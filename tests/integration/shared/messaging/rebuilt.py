"""A fold of the toy that may be rebuilt, and rebuilds of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from shared.contracts.event import Event
from shared.contracts.events import ProjectWithdrawn
from shared.messaging import Reaction, Say, fold
from shared.messaging.audit import Act
from shared.messaging.rebuilding import Rebuild
from shared.storage import Database, connect
from tests.integration.shared.messaging import toy
from tests.messaging import CLUSTER, Schema, rows

BY = Act("operator", "proef")


def lived(life: toy.Life | None, event: Event[ProjectWithdrawn], say: Say) -> toy.Life:
    """One word more; "kapot" cannot be handled."""
    word = event.data.reason
    if word.startswith("kapot"):
        raise ValueError(f"{word} cannot be handled")
    return toy.Life(event.subject, (*(life.words if life else ()), word))


LIVES = fold(toy.load, toy.save, steps={ProjectWithdrawn: lived}, tables=("life",), name="lives")


@asynccontextmanager
async def rebuilding(
    schema: Schema, servers: str, reactions: Sequence[Reaction] = (LIVES,), said: list[str] | None = None
) -> AsyncIterator[Rebuild]:
    """A rebuild as the schema's owner; what it tells of its progress is added to `said`."""
    pool = await connect(schema.owner_dsn, most=2, name="rebuild")
    told: list[str] = [] if said is None else said
    try:
        yield Rebuild(schema.name, reactions, Database(pool), schema.owner_dsn, servers, CLUSTER, told.append)
    finally:
        await pool.close()


async def lives(database: Database) -> dict[UUID, tuple[str, ...]]:
    """The whole table."""
    return {entity: tuple(words) for entity, words in await rows(database, "select entity, words from life")}
