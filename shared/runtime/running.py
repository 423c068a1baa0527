"""A service that runs: HTTP, consumer, relay and daily duties in one process, started in order and stopped in reverse."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from functools import partial

import asyncpg
import httpx
import uvicorn

from shared.clock import Clock, system_clock
from shared.feeds.openings import Limits
from shared.messaging.consumer import Consumer
from shared.messaging.hearing import Admission, declared
from shared.messaging.listener import Listener
from shared.messaging.operating import Desk
from shared.messaging.outbox import Outbox
from shared.messaging.places import Places
from shared.messaging.producer import Producer
from shared.messaging.relay import Relay
from shared.runtime import guarantees
from shared.runtime.alarms import keep_watching
from shared.runtime.comparing import LastVerified, compare, keep_comparing
from shared.runtime.duties import FORGETTING, keep_doing
from shared.runtime.health import health_routes
from shared.runtime.metrics import Metrics, metrics_route
from shared.runtime.operations import answered_by
from shared.runtime.outside import Outside
from shared.runtime.owning import log_check, passed
from shared.runtime.progress import Progress
from shared.runtime.sampling import Sampling
from shared.runtime.service import Always, Around, DailyDuty, Service
from shared.runtime.settings import Settings
from shared.runtime.starting import assert_current, cluster_of, once_it_passes, opened, spoken_by
from shared.runtime.surroundings import kafka_answers, postgres_answers
from shared.runtime.vitals import Vitals
from shared.runtime.watchdog import Patience, Watchdog, keep_guard
from shared.storage import Database
from shared.web.app import build_app
from shared.web.tokens import Verifier

log = logging.getLogger(__name__)
STOP_WITHIN_SECONDS = 8.0
COLLECT_AFTER = (200_000, 20, 100)
"""Above what two batches of 2,000 keep alive: else each of them is looked through, and nothing in it is garbage yet."""


class Server(uvicorn.Server):
    """uvicorn would take the signals for itself and end the process before relay and consumer have finished."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves them to `serve`."""
        yield

    async def answering(self) -> None:
        """Until told to stop. Raises: OSError when it cannot listen, for which uvicorn would end the whole program."""
        try:
            await self.serve()
        except SystemExit:
            raise OSError(f"cannot listen on {self.config.host}:{self.config.port}: is it in use?") from None


class Running:
    """The parts of one replica."""

    def __init__(self, service: Service, settings: Settings, database: Database, cluster: str, clock: Clock) -> None:
        outbox = Outbox(settings.source(service.name), service.says)
        self.service, self.settings, self.database, self.clock = service, settings, database, clock
        self.producer = Producer(settings.brokers, service.name)
        self.operators_producer = Producer(settings.brokers, f"{service.name}-operator")
        self.check = log_check(settings, service, cluster, self.producer)
        self.relay = Relay(self.connected, self.producer, cluster, told_days=settings.told_days, check=self.check)
        database.on_said = self.relay.wake
        self.outside = Outside(service, settings, database, outbox=outbox, cluster=cluster, clock=clock)
        self.listener = Listener(database, outbox, service.hears)
        self.listener.generation = 0  # nothing can be done in its name until this code takes part
        self.admission = Admission(database, declared(service.hears))
        self.consumer = Consumer(
            settings.brokers,
            service.name,
            service.topics,
            self.listener,
            Places(database, cluster),
            records=settings.batch_records,
        )
        self.vitals = Vitals(service, database, self.consumer, self.relay, self.admission, self.check)
        self.patience = Patience(
            settings.stalled_seconds, self.vitals.marks, self._answering, lambda: self.producer.is_dead
        )
        self.sampling = Sampling(database)
        progress = Progress(self.consumer, self.relay, self.producer, self.patience.stillness)
        self.last_verified = LastVerified()
        around = Around(
            database, settings.source(service.name), clock, settings.allowed, self.outside.publishing.declared
        )
        self.always = {each.name: each.make(around) for each in service.does if isinstance(each, Always)}
        own = (part.metrics for part in self.always.values())
        self.metrics = Metrics([self.sampling, progress, self.last_verified, self.outside.inbound, *own])
        self.consumer.observe = self.metrics.heard_batch
        self.stopping = asyncio.Event()

    async def connected(self) -> asyncpg.Connection[asyncpg.Record]:
        """A connection of its own, for the relay."""
        return await asyncpg.connect(
            self.settings.dsn(self.service.name),
            command_timeout=30,
            server_settings={"application_name": f"{self.service.name} relay", "timezone": "UTC"},
        )

    async def _hear(self) -> None:
        """Takes part as soon as this code may, and for as long. Raises: Outdated, and what the consumer ends with."""
        if (generation := await self.admission.wait(self.stopping)) is None:
            return
        self.listener.generation = generation
        hearing = asyncio.create_task(self.consumer.run())
        try:
            await self.admission.for_as_long_as(generation, hearing)
        finally:
            self.consumer.stop()
            await asyncio.wait([hearing])

    async def _answering(self) -> bool:
        """Whether all around us does its part."""
        name, topics = self.service.name, sorted({*self.service.topics, *spoken_by(self.service)})
        return await postgres_answers(self.settings.dsn(name)) and await kafka_answers(
            self.settings.brokers, name, topics
        )

    def server(self, http: httpx.AsyncClient) -> Server:
        """The HTTP side, health included."""
        settings = self.settings
        app = build_app(
            self.service.title,
            answered_by(self.service),
            database=self.database,
            verifier=Verifier(settings.issuer, settings.oidc_audience, http, self.clock),
            clock=self.clock,
            outside=[
                health_routes(
                    {**self.vitals.ready(), "inbound": self.outside.inbound.problem}, {"replica": self.patience.problem}
                ),
                metrics_route(self.metrics, self.sampling),
            ],
            observe=self.metrics.answered,
            public_path=settings.public_path,
        )
        app.state.stopping = self.stopping
        app.state.stream_limits = Limits(
            settings.streams, settings.streams_per_client, settings.stream_heartbeat_seconds
        )
        app.state.allowed = settings.allowed
        app.state.publishing = self.outside.publishing
        app.state.desk = Desk(self.database, self.listener, self.operators_producer)
        app.state.compare = partial(compare, self.service, self.settings, self.last_verified)
        return Server(
            uvicorn.Config(
                app,
                host=self.settings.http_host,
                port=self.settings.http_port,
                log_config=None,
                lifespan="off",
                timeout_graceful_shutdown=5,
                server_header=False,
                root_path=settings.public_path,
            )
        )

    async def _watch(self) -> None:
        comparing = keep_comparing(self.service, self.settings, self.last_verified, self.stopping)
        await asyncio.gather(keep_watching(self.database, self.stopping), comparing)

    async def run(self) -> None:
        """Until told to stop, or until a part fails: then everything stops, and the failure is raised."""
        async with AsyncExitStack() as stack:
            watchdog = stack.enter_context(Watchdog(self.settings.stalled_seconds))
            http = await stack.enter_async_context(httpx.AsyncClient(timeout=5))
            server = self.server(http)
            duties = [*FORGETTING, *(duty for duty in self.service.does if isinstance(duty, DailyDuty))]
            parts = [
                asyncio.create_task(self.relay.run(), name="relay"),
                asyncio.create_task(self._hear(), name="consumer"),
                asyncio.create_task(self.outside.run(), name="publishing"),
                asyncio.create_task(keep_doing(self.database, duties, self.clock, self.stopping), name="duties"),
                asyncio.create_task(self._watch(), name="alarms"),
                asyncio.create_task(server.answering(), name="http"),
                asyncio.create_task(keep_guard(self.patience, self.stopping), name="watchdog"),
                *(asyncio.create_task(part.run(), name=name) for name, part in self.always.items()),
            ]
            stop = asyncio.create_task(self.stopping.wait(), name="stop")
            tune_collector()
            done, _ = await asyncio.wait([*parts, stop], return_when=asyncio.FIRST_COMPLETED)
            watchdog.ending()
            told = self.stopping.is_set()  # then those that wait for it end by themselves, as they should
            failed = [part for part in done if part is not stop]
            await self._stop(server, parts)
            stop.cancel()
            for part in failed:
                error = None if part.cancelled() else part.exception()
                if error or not told:
                    raise error or RuntimeError(f"{part.get_name()} ended by itself")

    async def _stop(self, server: Server, parts: list[asyncio.Task[None]]) -> None:
        """In reverse: no new requests, the batch in flight, what is being told, the rest."""
        self.stopping.set()
        relay, consumer, publishing, duties, alarms, http, guard, *always = parts
        server.should_exit = True
        for part in self.always.values():
            part.stop()
        await _ended(http, duties, alarms, guard, *always)
        self.consumer.stop()
        self.outside.stop()
        await _ended(consumer, publishing)
        self.relay.stop()
        await _ended(relay)
        await self.producer.stop()
        await self.operators_producer.stop()


async def _ended(*tasks: asyncio.Task[None]) -> None:
    _, late = await asyncio.wait(tasks, timeout=STOP_WITHIN_SECONDS)
    for task in late:
        log.warning("%s did not end in time and is cut off", task.get_name())
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await asyncio.wait_for(task, 1)


def _on_signals(stop: Callable[[], object]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)


def tune_collector() -> None:
    """What was made at start lives for ever; batches make garbage in bulk (measured: 15 to 40 % more events a second)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


async def serve(service: Service, settings: Settings, clock: Clock = system_clock) -> None:
    """Runs a replica until SIGTERM or SIGINT. Raises: NoSecret, NotGuaranteed, LogChanged and whatever ended a part.

    Raises CancelledError when it is told to stop while it still waits for Postgres or Kafka.
    """
    guarantees.assert_fast_client()
    if starting := asyncio.current_task():
        _on_signals(starting.cancel)
    database = await opened(settings, service)
    try:
        await once_it_passes(partial(assert_current, database, service), "Postgres")
        cluster = await once_it_passes(partial(cluster_of, settings, service), "Kafka")
        running = Running(service, settings, database, cluster, clock)
        await passed(running.check, running.connected)
        _on_signals(running.stopping.set)
        await running.run()
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(database.pool.close(), 5)
