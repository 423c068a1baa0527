"""Inbound topics, on which outside systems publish: the topic says who it is, whatever stands in the record."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from shared.access import Access
from shared.clock import Clock
from shared.messaging import heard
from shared.messaging.envelope import KafkaRecord
from shared.messaging.heard import Displaced, Ledger, Position
from shared.messaging.outbox import Outbox
from shared.publishing.arriving import Came, of_record
from shared.publishing.publishing import Publishing, Sent
from shared.publishing.weighing import weighed
from shared.refusals import Fault
from shared.storage import Database, Transaction
from shared.storage.faults import is_transient

log = logging.getLogger(__name__)
NOT_LEGIBLE = "De naam van een header is geen UTF-8. Daardoor is niets van dit bericht te lezen."


class Inbound(NamedTuple):
    """Whose topic it is, and which event belongs on it."""

    publisher: str
    event: str


class TooMuchWaits(TimeoutError):
    """More waits to be told than is good: what comes from outside waits too. It passes by itself."""


def inbound_topics(access: Access, taken: Collection[str]) -> dict[str, Inbound]:
    """The topics of all that are declared for one of these events."""
    return {
        publisher.inbound_topic(right.event): Inbound(publisher.name, right.event)
        for publisher in access.publishers.values()
        for right in publisher.rights
        if right.event in taken
    }


class Intake:
    """To whom the consumer of inbound topics hands its polls. Decodes them too: each record is weighed."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        publishing: Publishing,
        topics: Mapping[str, Inbound],
        clock: Clock,
    ) -> None:
        self._database, self._outbox, self._publishing = database, outbox, publishing
        self._topics, self._clock = topics, clock
        self.calls = 0

    @property
    def decoder(self) -> Intake:
        """Itself."""
        return self

    def decode_all(self, records: Iterable[KafkaRecord], before: list[Sent] | None = None) -> list[Sent]:
        """Each weighed, behind those that were weighed before."""
        sent = before or []
        sent += map(self._sent, records)
        return sent

    def _sent(self, record: KafkaRecord) -> Sent:
        topic = self._topics[record.topic]
        publisher = self._publishing.declared.now().publishers.get(topic.publisher)
        is_legible = getattr(record, "unread", None) is None
        came = of_record(record.headers, record.value) if is_legible else Came(faults=(Fault("headers", NOT_LEGIBLE),))
        place = f"{record.topic}/{record.partition}/{record.offset}"
        return Sent(weighed(came, topic.publisher, publisher, self._publishing.takes, only=topic.event), place)

    async def hear_decoded(self, decoded: Sequence[Sent], positions: Sequence[Position]) -> None:
        """One effect or one refusal of each, and the new positions, or nothing at all.

        Raises: what passes by itself, TooMuchWaits among it, and Displaced: nothing was done, run it again.
        """
        try:
            async with self._database.transaction() as tx:
                await self._published(tx, decoded)
                await self._close(tx, positions)
        except Exception as error:
            if isinstance(error, Displaced) or is_transient(error):
                raise
            log.exception("a batch of %d from outside failed and is tried one by one", len(decoded))
            await self._one_by_one(decoded, positions)

    async def _published(self, tx: Transaction, sent: Sequence[Sent]) -> None:
        if await self._publishing.is_too_busy(tx):
            raise TooMuchWaits
        await self._publishing.publish(tx, sent, "kafka", self._clock())
        self.calls += len(sent)

    async def _one_by_one(self, sent: Sequence[Sent], positions: Sequence[Position]) -> None:
        """Each in a transaction of its own. One that cannot even be refused is named in the log, and holds up nobody."""
        for each in sent:
            try:
                async with self._database.transaction() as tx:
                    await self._published(tx, [each])
            except Exception as error:
                if is_transient(error):
                    raise
                log.exception("what stands at %s is passed over", each.place)
        async with self._database.transaction() as tx:
            await self._close(tx, positions)

    async def _close(self, tx: Transaction, positions: Sequence[Position]) -> None:
        """The last statement: places, and what was said."""
        await heard.close(tx, Ledger({}), positions, self._outbox.spoken(tx.said) if tx.said else None)
        if tx.said:
            tx.said.clear()
            tx.spoke = True
