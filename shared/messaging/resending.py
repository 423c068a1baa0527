"""Telling again what was told, unchanged: whoever heard it drops it, whoever missed it goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import asyncpg
from aiokafka.errors import KafkaError

from shared.messaging.envelope import HIGHEST_SEQUENCE
from shared.messaging.producer import Producer
from shared.messaging.relay import outgoing
from shared.storage import Database

# Two rows may bear one version: a fact that was said in two schema versions.
TOLD = """
select seq, id, topic, key, sequence, headers::text, value, written from told
where topic = $1 and key = $2 and (sequence, seq) > ($3, $4) and sequence <= $5 order by sequence, seq limit $6
"""
CHUNK = 500


class NotTold(Exception):
    """Kafka did not take it. The message says how far it came."""


@dataclass
class Versions:
    """Which versions went, as ranges."""

    count: int = 0
    ranges: list[list[int]] = field(default_factory=list)

    def add(self, version: int) -> None:
        """The next one, in their order; one that is there already counts once."""
        if self.ranges and version == self.ranges[-1][1]:
            return
        self.count += 1
        if self.ranges and version == self.ranges[-1][1] + 1:
            self.ranges[-1][1] = version
        else:
            self.ranges.append([version, version])

    def __str__(self) -> str:
        """As in "3 version(s): 1-2, 5"."""
        which = ", ".join(f"{first}-{last}" if first < last else f"{first}" for first, last in self.ranges)
        return f"{self.count} version(s){': ' if which else ''}{which}"


async def tell_again(
    database: Database, producer: Producer, topic: str, key: str, *, first: int = 1, last: int | None = None
) -> Versions:
    """Sends what is kept of a key, from version `first` up to and including `last`, in order, as it was told.

    Nothing in `told` changes. Raises: NotTold at the first that Kafka does not take.
    """
    sent = Versions()
    async for rows in _kept(database, topic, key, first, HIGHEST_SEQUENCE if last is None else last):
        try:
            answers = await producer.send([outgoing(row) for row in rows])
        except KafkaError as error:
            raise NotTold(f"Kafka does not answer ({type(error).__name__}). {_so_far(sent)}") from None
        for row, answer in zip(rows, answers, strict=True):
            if isinstance(answer, BaseException):
                raise NotTold(f"Kafka refused {key} on {topic} ({type(answer).__name__}). {_so_far(sent)}")
            sent.add(row["sequence"])
    return sent


def _so_far(sent: Versions) -> str:
    return f"Told again before that: {sent}. It does no harm to do it again."


async def _kept(database: Database, topic: str, key: str, first: int, last: int) -> AsyncIterator[list[asyncpg.Record]]:
    """Chunk by chunk, so that the longest life needs no more memory than a short one."""
    after = (first, 0)
    while True:
        async with database.reading() as tx:
            rows = await tx.fetch(TOLD, topic, key, *after, last, CHUNK)
        if not rows:
            return
        yield rows
        after = (rows[-1]["sequence"], rows[-1]["seq"])
