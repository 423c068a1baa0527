"""Refusals are told to whoever published: on `refusals.<publisher>`, at least once, by one replica at a time.

They are no events of an entity, and stand apart from the outbox: however many there are, what we say ourselves does not wait.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from shared.access.model import REFUSALS
from shared.contracts.publication_refused import PublicationRefused
from shared.messaging.producer import Behind, Outgoing, Producer, will_pass
from shared.messaging.setbacks import Setbacks
from shared.publishing import store
from shared.publishing.store import Publication
from shared.storage import Session

log = logging.getLogger(__name__)
MOST_AT_ONCE = 500
LOOK_AGAIN_SECONDS = 0.5
TAKE_THE_LEAD_SECONDS = 5.0
"""How often a replica that does not tell looks whether nobody does any more."""
PAUSE_SECONDS = 2.0

Connect = Callable[[], Awaitable[Session]]


class Telling:
    """Tells refusals for as long as the service runs."""

    def __init__(self, connect: Connect, producer: Producer, source: str) -> None:
        """`connect` gives a connection of its own; `source` is who tells (CloudEvents)."""
        self._connect, self._producer, self._source = connect, producer, source
        self._stopping, self._topics = asyncio.Event(), Setbacks()
        self.told = 0

    def stop(self) -> None:
        """Ends `run` after the pass that is under way."""
        self._stopping.set()

    async def run(self) -> None:
        """Tells until stopped. What fails is tried again, and ends nothing."""
        while not self._stopping.is_set():
            session: Session | None = None
            try:
                session = await self._connect()
                await self._serve(session)
            except Exception as error:
                if will_pass(error):
                    log.warning("telling refusals waits: %s", type(error).__name__)
                else:
                    log.exception("telling refusals failed and is tried again")
                await self._pause(PAUSE_SECONDS)
            finally:
                if session is not None:
                    with suppress(Exception):
                        await session.connection.close(timeout=2)

    async def _serve(self, session: Session) -> None:
        leads = False
        while not self._stopping.is_set():
            if not leads:
                async with session.transaction() as tx:
                    leads = await store.lead(tx)
            if not leads:
                await self._pause(TAKE_THE_LEAD_SECONDS)
            elif not await self._tell(session):
                await self._pause(LOOK_AGAIN_SECONDS)

    async def _tell(self, session: Session) -> int:
        """One pass: how many were told."""
        resting = [topic.removeprefix(REFUSALS) for topic in self._topics.resting(time.monotonic())]
        async with session.transaction() as tx:
            refused = await store.untold(tx, resting, MOST_AT_ONCE)
        if not refused:
            return 0
        answers = await self._producer.send([outgoing(one, self._source) for one in refused])
        told = [one.id for one, answer in zip(refused, answers, strict=True) if one.id and self._is_told(one, answer)]
        if told:
            async with session.transaction() as tx:
                await store.mark_told(tx, told)
        self.told += len(told)
        return len(told)

    def _is_told(self, one: Publication, answer: object) -> bool:
        topic = REFUSALS + one.publisher
        if not isinstance(answer, BaseException):
            self._topics.succeeded(topic)
            return True
        now = time.monotonic()
        if not isinstance(answer, Behind) and topic not in self._topics.resting(now):
            self._topics.failed(topic, now)
            log.warning(
                "refusals cannot be told on %s (%s): they wait. If it is missing or closed: python -m deploy.access apply",
                topic, type(answer).__name__,
            )  # fmt: skip
        return False

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()


def outgoing(one: Publication, source: str) -> Outgoing:
    """A refusal as its publisher reads it."""
    told = PublicationRefused.model_validate(
        {
            "publication": one.id,
            "source": one.source,
            "id": one.event_id,
            "type": one.type,
            "via": one.via,
            "place": one.place,
            "receivedAt": one.received_at,
            "problem": one.problem,
        }
    )
    key = str(one.id).encode()
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", key),
        ("ce_source", source.encode()),
        ("ce_type", PublicationRefused.TYPE.encode()),
        ("ce_subject", key),
        ("ce_time", one.received_at.isoformat().replace("+00:00", "Z").encode()),
        ("content-type", b"application/json"),
    ]
    return Outgoing(
        REFUSALS + one.publisher, key, told.model_dump_json(by_alias=True, exclude_none=True).encode(), headers
    )
