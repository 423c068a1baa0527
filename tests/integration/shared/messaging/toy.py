"""A toy service: the life of a project is the words in which it was withdrawn, time and again.

"kapot" cannot be handled. A word that begins with "zeg" is said again, by the fold and by a second reaction. "te veel" says
what may not be said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.contracts.event import Event
from shared.contracts.events import ProjectWithdrawn
from shared.messaging import Reaction, Say, each, fold
from shared.messaging.heard import FREE, GAP, STOPPED
from shared.messaging.listener import Listener
from shared.storage import Database, Transaction
from tests.messaging import ended, outbox, rows, value

TABLES = """
create table life (entity uuid primary key, words text[] not null);
create table echo (entity uuid not null, word text not null);
"""
LOAD = "select entity, words from life where entity = any($1)"
SAVE = """
insert into life select entity, string_to_array(words, '|') from unnest($1::uuid[], $2::text[]) u(entity, words)
on conflict (entity) do update set words = excluded.words
"""
HELD = {FREE: "free", GAP: "gap", STOPPED: "stopped"}


@dataclass(frozen=True)
class Life:
    """What was heard of one project, in order."""

    entity: UUID
    words: tuple[str, ...] = ()


async def load(tx: Transaction, entities: list[UUID]) -> dict[UUID, Life]:
    """The lives that are there."""
    return {row["entity"]: Life(row["entity"], tuple(row["words"])) for row in await tx.fetch(LOAD, entities)}


async def save(tx: Transaction, lives: list[Life]) -> None:
    """Writes them."""
    await tx.execute(SAVE, [life.entity for life in lives], ["|".join(life.words) for life in lives])


def lived(life: Life | None, event: Event[ProjectWithdrawn], say: Say) -> Life:
    """One word more."""
    word = event.data.reason
    if word.startswith("kapot"):
        raise ValueError(f"{word} cannot be handled")
    if word.startswith("zeg"):
        say(ended(event.subject, word))
    if word == "te veel":
        say(ended(event.subject, "Van BSN 123456782"))
    return Life(event.subject, (*(life.words if life else ()), word))


async def echoed(tx: Transaction, event: Event[ProjectWithdrawn]) -> None:
    """Says it after the fold has, and fails after its own SQL."""
    word = event.data.reason
    await tx.execute("insert into echo values ($1, $2)", event.subject, word)
    if word.startswith("halverwege kapot"):
        raise RuntimeError(word)
    if word.startswith("zeg"):
        tx.say(ended(event.subject, f"{word} (echo)"))


REACTIONS: Sequence[Reaction] = (
    fold(load, save, steps={ProjectWithdrawn: lived}),
    each(ProjectWithdrawn, echoed),
)


def listener(database: Database, reactions: Sequence[Reaction] = REACTIONS) -> Listener:
    """The toy's ears."""
    return Listener(database, outbox(), reactions)


async def words(database: Database, entity: UUID) -> list[str]:
    """What was made of it."""
    found: list[str] | None = await value(database, "select words from life where entity = $1", entity)
    return found or []


async def heard(database: Database, entity: UUID) -> tuple[int, str]:
    """The last version that was applied, and whether later ones wait."""
    found = await rows(database, "select sequence, held from heard where entity = $1", entity)
    return (found[0][0], HELD[found[0][1]]) if found else (0, "free")


async def parked(database: Database, entity: UUID) -> list[tuple[int, str]]:
    """What waits: version and kind."""
    found = await rows(database, "select sequence, kind from parked where entity = $1 order by sequence", entity)
    return [(sequence, kind) for sequence, kind in found]


async def reasons(database: Database) -> list[str]:
    """Why what failed did."""
    return [reason for (reason,) in await rows(database, "select reason from parked where kind = 'failed'")]
