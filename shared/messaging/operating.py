"""The operators' desk: what waits, what nobody could read, what is not told yet, and how each goes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar
from uuid import UUID

from shared.contracts.event import Stream
from shared.messaging.heard import Overtaken
from shared.messaging.listener import Listener
from shared.messaging.producer import Producer
from shared.messaging.resending import tell_again
from shared.storage import Database

T = TypeVar("T")
PARKED = "select stream, entity, sequence, kind, parked_at, reason from parked order by parked_at, sequence limit 200"
FAILED = "select count(*) from parked where stream = $1 and entity = $2 and kind = 'failed'"
DEAD = "select id, topic, part, off, size, bytes_kept, at, reason from dead_letter order by at limit 200"
DEAD_ONE = "select * from dead_letter where id = $1"
WAITING = "select topic, count(*), min(written) from outbox group by topic order by topic"
STOPPED = "select topic, key, since, reason from stopped order by since"
SKIP = "insert into skipped (stream, entity, sequence, reason, actor) values ($1, $2, $3, $4, $5)"


class NotThere(Exception):
    """What the operator names does not exist (any more)."""


async def _until_first(attempt: Callable[[], Awaitable[T]]) -> T:
    """Runs it again as long as a replica that hears the same entity was there first."""
    while True:
        with suppress(Overtaken):
            return await attempt()


class Desk:
    """One service's messages, seen by its operator."""

    def __init__(self, database: Database, listener: Listener) -> None:
        self._database, self._listener = database, listener

    async def _rows(self, sql: str, *arguments: object) -> list[tuple[Any, ...]]:
        async with self._database.reading() as tx:
            return [tuple(row.values()) for row in await tx.fetch(sql, *arguments)]

    async def parked(self) -> Sequence[tuple[Any, ...]]:
        """Stream, entity, version, kind, since and reason of the 200 that wait longest."""
        return [(Stream(stream).name.lower(), *rest) for stream, *rest in await self._rows(PARKED)]

    async def release(self, stream: Stream, entity: UUID) -> str:
        """Tries a stopped key again, in order. Raises: NotThere."""
        if not await self._has_failed(stream, entity):
            raise NotThere(f"Nothing of {entity} failed in {stream.name.lower()}. See `parked list`.")
        applied = await self._go_through(stream, entity)
        still = await self._has_failed(stream, entity)
        rest = "it failed again: see `parked list`" if still else "nothing of it failed"
        return f"{applied} version(s) of {entity} applied; {rest}"

    async def discard(self, stream: Stream, entity: UUID, sequence: int, reason: str, actor: str) -> str:
        """Counts a version that failed, or that others wait for, as heard without effect; then goes on with those.

        Raises: NotThere.
        """

        async def skip() -> None:
            async with self._database.transaction() as tx:
                await tx.execute(SKIP, int(stream), entity, sequence, reason, actor)
                if not await self._listener.skip(tx, (stream, entity), sequence):
                    raise NotThere(
                        f"Version {sequence} of {entity} neither failed nor is waited for. See `parked list`."
                    )

        await _until_first(skip)
        applied = await self._go_through(stream, entity)
        return f"version {sequence} of {entity} discarded; {applied} version(s) behind it applied"

    async def _has_failed(self, stream: Stream, entity: UUID) -> bool:
        ((failed,),) = await self._rows(FAILED, int(stream), entity)
        return bool(failed)

    async def _go_through(self, stream: Stream, entity: UUID) -> int:
        """Chunk by chunk, until nothing more can be applied."""
        total = 0
        while applied := await _until_first(lambda: self._listener.release((stream, entity))):
            total += applied
            if await self._has_failed(stream, entity):
                break
        return total

    async def dead_letters(self) -> Sequence[tuple[Any, ...]]:
        """Id, topic, partition, offset, size in bytes, whether they were kept, since and reason of the 200 oldest."""
        return await self._rows(DEAD)

    async def dead_letter(self, letter: UUID) -> dict[str, Any]:
        """One dead letter, whole. Raises: NotThere."""
        async with self._database.reading() as tx:
            row = await tx.fetchrow(DEAD_ONE, letter)
        if row is None:
            raise NotThere(f"There is no dead letter {letter}. See `dead-letters list`.")
        return {name: value.decode("latin-1") if isinstance(value, bytes) else value for name, value in row.items()}

    async def throw_away(self, letter: UUID) -> str:
        """Deletes a dead letter. Raises: NotThere."""
        async with self._database.transaction() as tx:
            if not await tx.fetchval("delete from dead_letter where id = $1 returning 1", letter):
                raise NotThere(f"There is no dead letter {letter}. See `dead-letters list`.")
        return f"dead letter {letter} thrown away"

    async def waiting(self) -> Sequence[tuple[Any, ...]]:
        """Topic, number of events and the oldest of what is not told yet."""
        return await self._rows(WAITING)

    async def stopped(self) -> Sequence[tuple[Any, ...]]:
        """Topic, key, since and reason of the keys of which a row could not be sent."""
        return await self._rows(STOPPED)

    async def go_on(self, topic: str, key: str) -> str:
        """Lets a stopped key try again. Raises: NotThere."""
        async with self._database.transaction() as tx:
            if not await tx.fetchval("delete from stopped where topic = $1 and key = $2 returning 1", topic, key):
                raise NotThere(f"{key} is not stopped on {topic}. See `outbox list`.")
        return f"{key} tries again within a second"

    async def resend(self, producer: Producer, topic: str, key: str, first: int = 1, last: int | None = None) -> str:
        """Tells again, unchanged, what was told of a key. Whoever heard it drops it. Raises: NotThere, NotTold."""
        sent = await tell_again(self._database, producer, topic, key, first=first, last=last)
        if not sent.count:
            upto = "" if last is None else f" to {last}"
            raise NotThere(
                f"Of {key} on {topic} nothing that was told is kept from version {first}{upto} (any more). "
                "What is not told yet stands in `outbox list`."
            )
        return f"{key} told again on {topic}, {sent}"
