"""The relay: tells what stands in the outbox, in the order of each key, and moves it to `told` once the broker has it.

One connection locks shards, claims and confirms. A row that cannot be sent stops its key, never its shard. A key that fails,
and a topic that takes nothing, are left out of claims for a while that grows, so that they hold up nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import asyncpg
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata

from shared.messaging.confirmed import Partition
from shared.messaging.envelope import headers_of
from shared.messaging.producer import TOPIC_REFUSES, Behind, Outgoing, Producer
from shared.messaging.setbacks import Setbacks
from shared.messaging.shards import Shards
from shared.messaging.taken import Sending, Taken
from shared.messaging.waiting import Claim, Waiting
from shared.storage.faults import is_transient

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

log = logging.getLogger(__name__)

PER_SHARD = 125
LARGEST_RECORD = 200_000
IDLE_SECONDS = 0.02
BALANCE_SECONDS = 1.0
KEEP_TOLD_SECONDS = 3600.0
VACUUM_AFTER, VACUUM_SHARE = 20_000, 20
"""Rows after which the outbox is vacuumed, if that takes no more than a twentieth of the time."""
PAUSE_SECONDS = 0.5

Connect = Callable[[], Awaitable["Connection"]]
Check = Callable[["Connection"], Awaitable[Mapping[Partition, int]]]


class LogWentBack(Exception):
    """The broker put a record where, as far as we know, another one of ours stands: something was cut off."""


async def unchecked(_: Connection) -> Mapping[Partition, int]:
    """Trusts the log."""
    return {}


class Relay:
    """Runs for as long as the service does. `wake()` after a commit spares it the wait for its next look."""

    def __init__(
        self,
        connect: Connect,
        producer: Producer,
        cluster: str,
        *,
        told_days: int = 35,
        check: Check = unchecked,
    ) -> None:
        """`told_days`: how long what was told can be told again; 0 keeps nothing.

        `check` must pass on every new connection before anything is told, since a database that was restored from a
        back-up breaks them; it says how far each partition went.
        """
        self._connect, self._producer, self._cluster = connect, producer, cluster
        self._told_days, self._check = told_days, check
        self._reached: dict[Partition, int] = {}
        self._woken = asyncio.Event()
        self._stopping = False
        self._keys, self._topics = Setbacks(), Setbacks()
        self._stopped: set[str] = set()
        self._since_vacuum, self._next_vacuum = 0, 0.0
        self.confirmed = self.set_back = self.attempts = 0
        self.last_pass = time.monotonic()

    def wake(self) -> None:
        """Something was said: look now."""
        self._woken.set()

    def stop(self) -> None:
        """Ends `run` after the pass that is under way."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Tells until stopped. A lost connection or broker is waited for: nothing is lost, since rows stay.

        Raises: what the check raises, if waiting does not help.
        """
        while not self._stopping:
            connection, self.attempts = None, self.attempts + 1
            try:
                connection = await self._connect()
                self._reached = dict(await self._check(connection))
                await self._serve(connection)
            except Exception as error:
                if not (is_transient(error) or isinstance(error, KafkaError | LogWentBack)):
                    raise
                log.warning("the relay waits: %s", type(error).__name__)
                await asyncio.sleep(PAUSE_SECONDS)
            finally:
                if connection is not None:
                    with suppress(Exception):
                        await connection.close(timeout=2)

    async def _serve(self, connection: Connection) -> None:
        """Claims and sends. While Kafka works on one claim, that before it is moved to `told`, and the next one is read."""
        # A confirmation that a crash takes back brings its rows back too: they are told again, under the same ids.
        await connection.execute("set synchronous_commit = off")
        shards, taken = Shards(connection), Taken()
        waiting = Waiting(connection, self._cluster, keeps=bool(self._told_days))
        ahead: list[Sending] = []
        balanced, swept = 0.0, -KEEP_TOLD_SECONDS
        while not self._stopping:
            self.last_pass = time.monotonic()
            if self.last_pass - balanced >= BALANCE_SECONDS:
                await self._confirm(waiting, taken)  # before another relay may claim these shards
                taken, ahead = Taken(), []
                await shards.balance()
                balanced = self.last_pass
                self._stopped = set(await waiting.stopped())
            if self.last_pass - swept >= KEEP_TOLD_SECONDS and self._told_days:
                await connection.execute("select keep_told($1)", self._told_days)
                swept = self.last_pass
            self._woken.clear()
            sending = ahead or await self._claimed(waiting, shards.held, taken.seqs, Taken())
            meanwhile = asyncio.create_task(self._go_on(waiting, taken, shards.held, sending))
            # Postgres is asked first: to hand thousands over to the producer takes as long as its answer.
            await asyncio.sleep(0)
            try:
                answers = await self._producer.send([record for _, record in sending]) if sending else []
            finally:
                claimed = await meanwhile
            taken = self._taken(sending, answers)
            ahead = taken.spared(claimed, self._topics.resting(time.monotonic()))
            if taken.is_stuck:
                await asyncio.sleep(PAUSE_SECONDS)
            elif not sending:
                # Not wait_for: in Python 3.11 it swallows a cancellation that comes together with its answer.
                with suppress(TimeoutError):
                    async with asyncio.timeout(IDLE_SECONDS):
                        await self._woken.wait()
        await self._confirm(waiting, taken)

    async def _claimed(
        self, waiting: Waiting, shards: Sequence[int], seqs: Sequence[int], told: Taken
    ) -> list[Sending]:
        """The first rows of each shard, but for these, and for what is stopped or rests. Moves on what was told."""
        keys = [*self._stopped, *self._keys.resting(self.last_pass)]
        claim = Claim(shards, PER_SHARD, keys, self._topics.resting(self.last_pass), seqs)
        return await self._without_too_large(waiting, await waiting.claim(claim, told))

    async def _without_too_large(self, waiting: Waiting, rows: Sequence[asyncpg.Record]) -> list[Sending]:
        """What can be sent. A row that cannot stops its key: nothing behind it is sent."""
        sending: list[Sending] = []
        for row in rows:
            key = row["key"]
            if key in self._stopped:
                continue
            if (size := len(row["value"] or b"") + len(row["headers"])) > LARGEST_RECORD:
                reason = f"{size} bytes are more than a topic takes ({LARGEST_RECORD})"
                self._stopped.add(key)
                await waiting.stop(row["topic"], key, reason)
                log.error("stopped %s %s: %s", row["topic"], key, reason)
            else:
                sending.append((row, outgoing(row)))
        return sending

    async def _go_on(
        self, waiting: Waiting, before: Taken, shards: Sequence[int], sending: Sequence[Sending]
    ) -> list[Sending]:
        """Confirms the claim before, and makes the one behind what is being sent if that leaves more.

        All of a key that comes before a row that can be read can be read too: whoever says something of a key waits for
        whoever did so before.
        """
        if len(sending) < PER_SHARD:
            await self._confirm(waiting, before)
            return []
        under_way = [row["seq"] for row, _ in sending]
        ahead = await self._claimed(waiting, shards, [*before.seqs, *under_way], before)
        await self._moved(waiting, before)
        return ahead

    def _taken(self, sending: Sequence[Sending], answers: Sequence[RecordMetadata | BaseException]) -> Taken:
        """Only what stands before the first failure of its key counts as told: the rest is sent again, in order.

        Raises: LogWentBack.
        """
        taken = Taken()
        for (row, _), answer in zip(sending, answers, strict=True):
            stream = row["topic"], row["key"]
            if isinstance(answer, BaseException):
                if stream not in taken.failed:
                    self._set_back(*stream, answer)
                taken.failed.add(stream)
            elif stream not in taken.failed:
                self._topics.succeeded(row["topic"])
                self._keys.succeeded(row["key"])
                at = row["topic"], answer.partition
                if at not in taken.places and answer.offset < self._reached.get(at, 0):
                    raise LogWentBack(f"{at[0]}/{at[1]} was at {self._reached[at]}, and now at {answer.offset}")
                taken.places[at] = answer.offset + 1, row["id"]
                taken.rows.append((row["shard"], row["seq"], answer.partition, answer.offset))
        return taken

    async def _confirm(self, waiting: Waiting, taken: Taken) -> None:
        """Moves to `told` what the broker has."""
        await waiting.move(taken)
        await self._moved(waiting, taken)

    async def _moved(self, waiting: Waiting, taken: Taken) -> None:
        """Counts what was moved, and vacuums behind itself: the server's own turn comes far too late for such a table."""
        self._reached.update((at, following) for at, (following, _) in taken.places.items())
        self.confirmed += len(taken.rows)
        self._since_vacuum += len(taken.rows)
        begun = time.monotonic()
        if self._since_vacuum >= VACUUM_AFTER and begun >= self._next_vacuum:
            self._since_vacuum = 0
            await waiting.vacuum()
            # It reads the whole index, however little is gone: of a large backlog it would take most of the time.
            self._next_vacuum = begun + VACUUM_SHARE * (time.monotonic() - begun)

    def _set_back(self, topic: str, key: str, error: BaseException) -> None:
        """Leaves out of the next claims what failed: its key, or the topic if all of it meets the same."""
        now = time.monotonic()
        if isinstance(error, Behind):
            return
        self.set_back += 1
        if not isinstance(error, TOPIC_REFUSES):
            log.warning("sending %s %s failed: %s", topic, key, type(error).__name__)
            self._keys.failed(key, now)
        elif topic not in self._topics.resting(now):
            log.warning("sending to %s failed: %s", topic, type(error).__name__)
            self._topics.failed(topic, now)


def outgoing(row: asyncpg.Record) -> Outgoing:
    """A row of `outbox` or `told` as the record that subscribers see: the same at every telling."""
    headers = headers_of(row["headers"], row["id"], row["key"], row["sequence"], row["written"])
    return Outgoing(row["topic"], row["key"].encode(), row["value"], headers)
