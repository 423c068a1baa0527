"""Before anything is told: is the log still the one that we told?

At start, and on each new connection of the relay, the log of our own topics is read from where it is known to agree with
us. What stands in it already is not told again; if it knows more than we do, nothing is told until an operator looks.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from aiokafka import TopicPartition

from shared.contracts.event import Stream
from shared.messaging import confirmed
from shared.messaging.brokers import Servers
from shared.messaging.claims import Unknown, claims_of, make_room, settle, unknown
from shared.messaging.confirmed import Confirmed, Partition
from shared.messaging.places import event_id_of
from shared.messaging.producer import Producer
from shared.messaging.reading import Log, opened_log
from shared.messaging.refilling import Cut, refill
from shared.messaging.shards import GIVE

if TYPE_CHECKING:
    from shared.storage.database import Connection

log = logging.getLogger(__name__)
CHECKING = 1001
TAKE = "select pg_advisory_lock(hashtext(current_schema() || '.relay'), $1)"


class LogAhead(Exception):
    """The log has in our name what we do not know: our database was restored from an older back-up."""

    def __init__(self, service: str, found: Sequence[Unknown]) -> None:
        super().__init__(
            f"The log is ahead of this database in {len(found)} entities (such as {found[0]}): it was restored from an "
            "older back-up. Nothing is told until an operator has taken over the log's versions: "
            f"python -m services.{service} said adopt-log --actor WHO --reason WHY (see it first with --dry-run; "
            "with --not-ours ENTITY where somebody else wrote in its name)."
        )


class LogCheck:
    """The check of one replica; replicas take turns."""

    def __init__(
        self, servers: Servers, service: str, streams: Sequence[Stream], cluster: str, producer: Producer
    ) -> None:
        self._servers, self._service, self._cluster, self._producer = servers, service, cluster, producer
        self._streams = {stream.topic: stream for stream in streams}
        self.seen = 0

    async def __call__(self, connection: Connection) -> Mapping[Partition, int]:
        """How far each partition goes, once all is as it must be. What was cut off its end is told again first.

        Raises: LogAhead; LogCut when it cannot be told again; KafkaError and Postgres' errors, which pass.
        """
        if not self._streams:
            return {}
        await connection.execute(TAKE, CHECKING)
        try:
            await make_room(connection)
            async with opened_log(self._servers, self._streams) as log_:
                return await self._check(connection, log_)
        finally:
            if not connection.is_closed():
                await connection.execute(GIVE, CHECKING)

    def _moved(self, count: int) -> None:
        self.seen += count

    async def _check(self, connection: Connection, log_: Log) -> dict[Partition, int]:
        known = await confirmed.read(connection, list(self._streams))
        bounds = await log_.bounds(self._streams)
        found: list[Unknown] = []
        places: dict[TopicPartition, Confirmed] = {}
        cut: list[TopicPartition] = []
        for tp, (first, end) in bounds.items():
            place = known.get((tp.topic, tp.partition))
            start = await self._start(log_, tp, place, first, end)
            if start is None:
                cut.append(tp)
            last, ahead = await self._read(connection, log_, tp, first if start is None else start, end)
            found += ahead
            places[tp] = last or (place if place and start == end else Confirmed(end, None, self._cluster))
        if found:
            raise LogAhead(self._service, found)
        for tp in cut:
            lost = Cut(tp, known[tp.topic, tp.partition], *bounds[tp])
            places[tp] = await refill(connection, log_, self._producer, lost, self._service, moved=self._moved)
        for tp, place in places.items():
            await confirmed.put(connection, (tp.topic, tp.partition), place)
        return {(tp.topic, tp.partition): place.next for tp, place in places.items()}

    async def _start(self, log_: Log, tp: TopicPartition, place: Confirmed | None, first: int, end: int) -> int | None:
        """From where the log must be read; None when something that we told is gone from its end."""
        if place is None:
            return first
        if place.cluster != self._cluster:
            log.error(
                "%s/%d was told in cluster %s, and this is %s: what is missing here can be told again (outbox resend)",
                tp.topic, tp.partition, place.cluster, self._cluster,
            )  # fmt: skip
            return first
        if end < place.next:
            return None
        if place.event_id is not None and first < place.next:
            async for records in log_.read(tp, place.next - 1, place.next):
                if event_id_of(records[0]) != place.event_id:
                    return None
        return max(first, place.next)

    async def _read(
        self, connection: Connection, log_: Log, tp: TopicPartition, start: int, end: int
    ) -> tuple[Confirmed | None, list[Unknown]]:
        """The place after these records, if there are any, and what they have that we do not know."""
        ahead: dict[object, Unknown] = {}
        last: Confirmed | None = None
        settled = 0
        async for records in log_.read(tp, start, end):
            self._moved(len(records))
            claims = claims_of(records, self._streams[tp.topic], self._service)
            settled += await settle(connection, claims, self._cluster)
            ahead |= {each.entity: each for each in await unknown(connection, claims)}
            last = Confirmed(end, event_id_of(records[-1]), self._cluster)
        if settled:
            log.info("%d events stood in %s/%d already and are not told again", settled, tp.topic, tp.partition)
        return last, list(ahead.values())
