"""The relay: tells what stands in the outbox, in the order of each key, and moves it to `told` once the broker has it.

One connection locks shards, claims and confirms. A row that cannot be sent stops its key, never its shard. A key that fails,
and a topic that takes nothing, are left out of claims for a while that grows, so that they hold up nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import asyncpg
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata

from shared.messaging.envelope import headers_of
from shared.messaging.producer import TOPIC_REFUSES, Behind, Outgoing, Producer
from shared.messaging.setbacks import Setbacks
from shared.messaging.shards import Shards
from shared.storage.faults import is_transient

log = logging.getLogger(__name__)

CLAIM = """
select o.* from unnest($1::smallint[]) s(shard) cross join lateral (
  select shard, seq, id, topic, key, sequence, headers::text, value, written from outbox
  where shard = s.shard and key <> all($3::text[]) and topic <> all($4::text[])
  order by seq limit $2) o
"""
CONFIRM = """
with d as (delete from outbox o using unnest($1::smallint[], $2::bigint[], $3::int[], $4::bigint[]) d(shard, seq, part, off)
  where o.shard = d.shard and o.seq = d.seq returning o.*, d.part, d.off)
insert into told (seq, id, topic, key, sequence, headers, value, written, cluster, part, off)
select seq, id, topic, key, sequence, headers, value, written, $5, part, off from d
"""
FORGET = """
delete from outbox o using unnest($1::smallint[], $2::bigint[]) d(shard, seq) where o.shard = d.shard and o.seq = d.seq
"""
STOP_KEY = "insert into stopped (topic, key, reason) values ($1, $2, $3) on conflict (topic, key) do nothing"

PER_SHARD = 125
LARGEST_RECORD = 200_000
IDLE_SECONDS = 0.02
BALANCE_SECONDS = 1.0
KEEP_TOLD_SECONDS = 3600.0
VACUUM_AFTER = 20_000
PAUSE_SECONDS = 0.5

Connect = Callable[[], Awaitable["asyncpg.Connection[asyncpg.Record]"]]


class Relay:
    """Runs for as long as the service does. `wake()` after a commit spares it the wait for its next look."""

    def __init__(self, connect: Connect, producer: Producer, cluster: str, *, told_days: int = 35) -> None:
        """`told_days`: how long what was told can be told again; 0 keeps nothing."""
        self._connect, self._producer, self._cluster = connect, producer, cluster
        self._told_days = told_days
        self._woken = asyncio.Event()
        self._stopping = False
        self._keys, self._topics = Setbacks(), Setbacks()
        self._since_vacuum = 0
        self.confirmed = 0
        self.last_pass = time.monotonic()

    def wake(self) -> None:
        """Something was said: look now."""
        self._woken.set()

    def stop(self) -> None:
        """Ends `run` after the pass that is under way."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Tells until stopped. A lost connection or broker is waited for: nothing is lost, since rows stay."""
        while not self._stopping:
            connection = None
            try:
                connection = await self._connect()
                await self._serve(connection)
            except Exception as error:
                if not (is_transient(error) or isinstance(error, KafkaError)):
                    raise
                log.warning("the relay waits: %s", type(error).__name__)
                await asyncio.sleep(PAUSE_SECONDS)
            finally:
                if connection is not None:
                    with suppress(Exception):
                        await connection.close(timeout=2)

    async def _serve(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        shards = Shards(connection)
        balanced, swept = 0.0, -KEEP_TOLD_SECONDS
        while not self._stopping:
            self.last_pass = time.monotonic()
            if self.last_pass - balanced >= BALANCE_SECONDS:
                await shards.balance()
                balanced = self.last_pass
                stopped = [row["key"] for row in await connection.fetch("select key from stopped")]
            if self.last_pass - swept >= KEEP_TOLD_SECONDS and self._told_days:
                await connection.execute("select keep_told($1)", self._told_days)
                swept = self.last_pass
            self._woken.clear()
            left_out = stopped + self._keys.resting(self.last_pass), self._topics.resting(self.last_pass)
            rows = await connection.fetch(CLAIM, shards.held, PER_SHARD, *left_out)
            if rows:
                stopped += await self._tell(connection, rows)
            else:
                # Not wait_for: in Python 3.11 it swallows a cancellation that comes together with its answer.
                with suppress(TimeoutError):
                    async with asyncio.timeout(IDLE_SECONDS):
                        await self._woken.wait()

    async def _tell(self, connection: asyncpg.Connection[asyncpg.Record], rows: Sequence[asyncpg.Record]) -> list[str]:
        """Sends a claim and moves what the broker confirmed; returns keys that were stopped."""
        stopped: dict[str, str] = {}
        sending: list[asyncpg.Record] = []
        records: list[Outgoing] = []
        for row in rows:
            key = row["key"]
            if key in stopped:
                continue
            record = outgoing(row)
            if (size := _size(record)) > LARGEST_RECORD:
                stopped[key] = f"{size} bytes are more than a topic takes ({LARGEST_RECORD})"
                await connection.execute(STOP_KEY, row["topic"], key, stopped[key])
                log.error("stopped %s %s: %s", row["topic"], key, stopped[key])
                continue
            sending.append(row)
            records.append(record)
        if records:
            await self._confirm(connection, sending, await self._producer.send(records))
        return list(stopped)

    async def _confirm(
        self,
        connection: asyncpg.Connection[asyncpg.Record],
        rows: Sequence[asyncpg.Record],
        answers: Sequence[RecordMetadata | BaseException],
    ) -> None:
        """Only what stands before the first failure of its key counts as told: the rest is sent again, in order."""
        failed: set[tuple[str, str]] = set()
        done: list[tuple[int, int, int, int]] = []
        for row, answer in zip(rows, answers, strict=True):
            stream = row["topic"], row["key"]
            if isinstance(answer, BaseException):
                if stream not in failed:
                    self._set_back(*stream, answer)
                failed.add(stream)
            elif stream not in failed:
                self._topics.succeeded(row["topic"])
                self._keys.succeeded(row["key"])
                done.append((row["shard"], row["seq"], answer.partition, answer.offset))
        if done:
            shards, seqs, parts, offsets = map(list, zip(*done, strict=True))
            if self._told_days:
                await connection.execute(CONFIRM, shards, seqs, parts, offsets, self._cluster)
            else:
                await connection.execute(FORGET, shards, seqs)
            await self._swept(connection, len(done))
        if failed and not done:
            await asyncio.sleep(PAUSE_SECONDS)

    def _set_back(self, topic: str, key: str, error: BaseException) -> None:
        """Leaves out of the next claims what failed: its key, or the topic if all of it meets the same."""
        now = time.monotonic()
        if isinstance(error, Behind):
            return
        if not isinstance(error, TOPIC_REFUSES):
            log.warning("sending %s %s failed: %s", topic, key, type(error).__name__)
            self._keys.failed(key, now)
        elif topic not in self._topics.resting(now):
            log.warning("sending to %s failed: %s", topic, type(error).__name__)
            self._topics.failed(topic, now)

    async def _swept(self, connection: asyncpg.Connection[asyncpg.Record], count: int) -> None:
        """Vacuums behind itself: the server's own turn comes far too late for a table that is emptied all the time."""
        self.confirmed += count
        self._since_vacuum += count
        if self._since_vacuum >= VACUUM_AFTER:
            self._since_vacuum = 0
            await connection.execute("vacuum (truncate off, skip_locked) outbox")


def outgoing(row: asyncpg.Record) -> Outgoing:
    """A row of `outbox` or `told` as the record that subscribers see: the same at every telling."""
    headers = headers_of(row["headers"], row["id"], row["key"], row["sequence"], row["written"])
    return Outgoing(row["topic"], row["key"].encode(), row["value"], headers)


def _size(record: Outgoing) -> int:
    return len(record.value or b"") + sum(len(name) + len(value) for name, value in record.headers)
