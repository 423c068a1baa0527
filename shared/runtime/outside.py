"""What a replica does for outside systems beside answering them: it hears their inbound topics, and tells what was refused."""

from __future__ import annotations

import asyncio

from shared.access.declared import Declared
from shared.clock import Clock
from shared.messaging.outbox import Outbox
from shared.messaging.passing_places import PassingPlaces
from shared.messaging.producer import Producer
from shared.publishing.inbound import Intake, inbound_topics
from shared.publishing.publishing import Publishing
from shared.publishing.telling import Telling
from shared.runtime.inbound import InboundTopics, Topics
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.storage import Database, Session, session


class Outside:
    """Both, for as long as the service runs. Whatever fails in it ends nothing."""

    def __init__(
        self,
        service: Service,
        settings: Settings,
        database: Database,
        *,
        outbox: Outbox,
        cluster: str,
        clock: Clock,
    ) -> None:
        self.publishing = publishing = Publishing(
            service.takes, outbox, Declared(settings.access_file), settings.publishing_most_waiting
        )
        taken = frozenset(taking.event.TYPE for taking in service.takes)
        name = service.name

        def wanted() -> Topics:
            return inbound_topics(publishing.declared.now(), taken)

        def intake(topics: Topics) -> Intake:
            return Intake(database, outbox, publishing, topics, clock)

        async def connected() -> Session:
            return await session(settings.dsn(name), name, application_name=f"{name} refusals")

        self._takes, self._stopping = bool(taken), asyncio.Event()
        self.inbound = InboundTopics(
            settings.brokers,
            f"{name}.inbound",
            wanted,
            intake,
            PassingPlaces(database, cluster),
            stalled_seconds=settings.stalled_seconds,
        )
        self._producer = Producer(settings.brokers, f"{name}-refusals")
        self._telling = Telling(connected, self._producer, settings.source(name))

    def stop(self) -> None:
        """Ends `run` after what is under way."""
        self._stopping.set()
        self.inbound.stop()
        self._telling.stop()

    async def run(self) -> None:
        """Until stopped. A service that takes nothing from outside does nothing here."""
        if not self._takes:
            await self._stopping.wait()
            return
        try:
            await asyncio.gather(self.inbound.run(), self._telling.run())
        finally:
            await self._producer.stop()
