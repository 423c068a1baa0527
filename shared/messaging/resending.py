"""Telling again what was told, unchanged: whoever heard it drops it, whoever missed it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class ToldAgain:
    """The versions that were told again, and the one to go on from if more is kept."""

    versions: Versions
    goes_on_from: int | None

    def on(self, topic: str, key: str) -> str:
        """For the operator, with what it was."""
        return f"{key} told again on {topic}, {self}"

    def __str__(self) -> str:
        """For the audit."""
        more = "" if self.goes_on_from is None else f"; more is kept: go on from version {self.goes_on_from}"
        return f"{self.versions}{more}"


async def tell_again(
    reading: Reading,
    producer: Producer | None,
    topic: str,
    key: str,
    *,
    first: int = 1,
    last: int | None = None,
    within: float | None = None,
    whole: bool = True,
) -> ToldAgain:
    """Sends what is kept of a key, from version `first` up to and including `last`, in order, as it was told.

    Not `whole`: the first 500 of it. Nothing in `told` changes. Without a producer it only says what it would send. Raises:
    NotTold at the first that Kafka does not take, or after `within` seconds.
    """
    sent, after = Versions(), (first, 0)
    try:
        async with asyncio.timeout(within):
            while True:  # chunk by chunk, so that the longest life needs no more memory than a short one
                async with reading() as tx:
                    upto = HIGHEST_SEQUENCE if last is None else last
                    rows = await tx.fetch(TOLD, topic, key, *after, upto, CHUNK + 1)
                await _send(producer, rows[:CHUNK], sent)
                if len(rows) <= CHUNK:
                    return ToldAgain(sent, None)
                if not whole:
                    return ToldAgain(sent, rows[CHUNK]["sequence"])
                after = (rows[CHUNK - 1]["sequence"], rows[CHUNK - 1]["seq"])
    except TimeoutError:
        raise NotTold(f"Kafka took longer than {within:g} s. {_so_far(sent)}") from None


async def _send(producer: Producer | None, rows: list[asyncpg.Record], sent: Versions) -> None:
    if producer is None or not rows:
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
