"""Telling again what was told, unchanged: whoever heard it drops it, whoever missed it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import asyncpg
from aiokafka.errors import KafkaError

from shared.messaging.envelope import HIGHEST_SEQUENCE
from shared.messaging.producer import Producer
from shared.messaging.ranges import Versions
from shared.messaging.relay import outgoing
from shared.storage import Transaction

# Two rows may bear one version: a fact that was said in two schema versions.
TOLD = """
select seq, id, topic, key, sequence, headers::text, value, written from told
where topic = $1 and key = $2 and (sequence, seq) > ($3, $4) and sequence <= $5 order by sequence, seq limit $6
"""
CHUNK = 500
Reading = Callable[[], AbstractAsyncContextManager[Transaction]]


class NotTold(Exception):
    """Kafka did not take it. The message says how far it came."""


async def tell_again(
    reading: Reading,
    producer: Producer | None,
    topic: str,
    key: str,
    *,
    first: int = 1,
    last: int | None = None,
    within: float | None = None,
) -> Versions:
    """Sends what is kept of a key, from version `first` up to and including `last`, in order, as it was told.

    Nothing in `told` changes. Without a producer it only says what it would send. Raises: NotTold at the first that Kafka
    does not take, or after `within` seconds.
    """
    sent = Versions()
    try:
        async with asyncio.timeout(within):
            async for rows in _kept(reading, topic, key, first, HIGHEST_SEQUENCE if last is None else last):
                await _send(producer, rows, sent)
    except TimeoutError:
        raise NotTold(f"Kafka took longer than {within:g} s. {_so_far(sent)}") from None
    return sent


async def _send(producer: Producer | None, rows: list[asyncpg.Record], sent: Versions) -> None:
    if producer is None:
        for row in rows:
            sent.add(row["sequence"])
        return
    try:
        answers = await producer.send([outgoing(row) for row in rows])
    except KafkaError as error:
        raise NotTold(f"Kafka does not answer ({type(error).__name__}). {_so_far(sent)}") from None
    for row, answer in zip(rows, answers, strict=True):
        if isinstance(answer, BaseException):
            raise NotTold(f"Kafka refused {row['key']} on {row['topic']} ({type(answer).__name__}). {_so_far(sent)}")
        sent.add(row["sequence"])


def _so_far(sent: Versions) -> str:
    return f"Told again before that: {sent}. It does no harm to do it again."


async def _kept(reading: Reading, topic: str, key: str, first: int, last: int) -> AsyncIterator[list[asyncpg.Record]]:
    """Chunk by chunk, so that the longest life needs no more memory than a short one."""
    after = (first, 0)
    while True:
        async with reading() as tx:
            rows = await tx.fetch(TOLD, topic, key, *after, last, CHUNK)
        if not rows:
            return
        yield rows
        after = (rows[-1]["sequence"], rows[-1]["seq"])
