"""A service that runs: HTTP, consumer, relay and daily duties in one process, started in order and stopped in reverse."""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress

import asyncpg
import httpx
import uvicorn
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from shared.clock import Clock, system_clock
from shared.messaging.consumer import Consumer
from shared.messaging.listener import Listener
from shared.messaging.outbox import Outbox
from shared.messaging.places import Places
from shared.messaging.producer import Producer
from shared.messaging.relay import Relay
from shared.runtime import guarantees
from shared.runtime.alarms import keep_watching
from shared.runtime.duties import forgetting, keep_doing
from shared.runtime.health import Check, health_routes, moving
from shared.runtime.service import DailyDuty, Service
from shared.runtime.settings import Settings
from shared.storage import Database, connect
from shared.storage.faults import is_transient
from shared.storage.migrations import missing
from shared.web.app import build_app
from shared.web.tokens import Verifier

log = logging.getLogger(__name__)
SILENT_SECONDS, STALLED_SECONDS = 30.0, 60.0
STOP_WITHIN_SECONDS = 8.0
ASK_AGAIN_SECONDS = 0.5


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


async def opened(settings: Settings, service: Service) -> Database:
    """The service's database, waited for until it answers. Raises: NoSecret, or what no waiting helps."""
    outbox = Outbox(settings.source(service.name), service.says)
    while True:
        try:
            pool = await connect(settings.dsn(service.name), most=settings.database_connections, name=service.name)
            return Database(pool, outbox.append)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("waiting for Postgres at %s:%d: %s", settings.database_host, settings.database_port, error)
            await asyncio.sleep(ASK_AGAIN_SECONDS)


@asynccontextmanager
async def administering(servers: str, within: float = math.inf) -> AsyncIterator[AIOKafkaAdminClient]:
    """Kafka's administrator's client, waited for until a broker answers. Raises: KafkaError after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        admin = AIOKafkaAdminClient(bootstrap_servers=servers, request_timeout_ms=10_000)
        try:
            await admin.start()
            break
        except KafkaError as error:
            log.warning("waiting for Kafka at %s: %s", servers, type(error).__name__)
            with suppress(Exception):
                await admin.close()
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(ASK_AGAIN_SECONDS)
    try:
        yield admin
    finally:
        await admin.close()


async def cluster_of(settings: Settings, service: Service) -> str:
    """The id of the cluster we are in, once its topics are as they must be. Raises: NotGuaranteed."""
    async with administering(settings.kafka_servers) as admin:
        spoken = {kind.STREAM.topic for kind in service.says}
        await guarantees.assert_log_is_kept(admin, sorted(spoken | set(service.topics)))
        cluster: str = (await admin.describe_cluster())["cluster_id"]
        return cluster


class Running:
    """The parts of one replica."""

    def __init__(self, service: Service, settings: Settings, database: Database, cluster: str, clock: Clock) -> None:
        outbox = Outbox(settings.source(service.name), service.says)
        self.service, self.settings, self.database, self.clock = service, settings, database, clock
        self.producer = Producer(settings.kafka_servers, service.name)
        self.relay = Relay(self._connected, self.producer, cluster, told_days=settings.told_days)
        database.on_said = self.relay.wake
        self.consumer = Consumer(
            settings.kafka_servers,
            service.name,
            service.topics,
            Listener(database, outbox, service.hears),
            Places(database, cluster),
            records=settings.batch_records,
        )
        self.stopping = asyncio.Event()
        self._turned = time.monotonic()

    async def _connected(self) -> asyncpg.Connection[asyncpg.Record]:
        return await asyncpg.connect(
            self.settings.dsn(self.service.name),
            command_timeout=30,
            server_settings={"application_name": f"{self.service.name} relay", "timezone": "UTC"},
        )

    async def _postgres(self) -> str | None:
        try:
            async with asyncio.timeout(3), self.database.reading() as tx:
                lacking = await missing(tx, self.service.migrations)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            return f"Postgres does not answer ({type(error).__name__})"
        return f"migrations are missing: {', '.join(lacking)}; run migrate" if lacking else None

    async def _placed(self) -> str | None:
        return None if self.consumer.is_placed else "no partitions were assigned yet"

    async def _kafka(self) -> str | None:
        silent = time.monotonic() - self.consumer.answered_at
        away = self.consumer.at and silent > SILENT_SECONDS
        return f"Kafka has not answered for {silent:.0f} s; events wait" if away else None

    async def _unstuck(self) -> str | None:
        stalled = self.consumer.stalled(STALLED_SECONDS)
        names = ", ".join(f"{tp.topic}/{tp.partition}" for tp in stalled)
        return (
            f"nothing was heard of {names} for {STALLED_SECONDS:.0f} s, though there is something" if stalled else None
        )

    def health(self) -> tuple[dict[str, Check], dict[str, Check]]:
        """What makes it ready, and what makes it live.

        A relay stands still while Kafka is away: that is no reason to start anew, for a new one would stand still too.
        """
        ready: dict[str, Check] = {
            "database": self._postgres,
            "consumer": self._placed,
            "kafka": self._kafka,
            "relay": moving(lambda: self.relay.last_pass, "the relay"),
        }
        live = {
            "consumer": moving(lambda: self.consumer.turned_at, "the consumer"),
            "partitions": self._unstuck,
        }
        return ready, live

    def server(self, http: httpx.AsyncClient) -> Server:
        """The HTTP side, health included."""
        settings = self.settings
        app = build_app(
            self.service.title,
            self.service.answers,
            database=self.database,
            verifier=Verifier(settings.oidc_jwks_url, settings.oidc_issuer, settings.oidc_audience, http, self.clock),
            clock=self.clock,
            outside=[health_routes(*self.health())],
        )
        return Server(
            uvicorn.Config(
                app,
                host=self.settings.http_host,
                port=self.settings.http_port,
                log_config=None,
                lifespan="off",
                timeout_graceful_shutdown=5,
                server_header=False,
            )
        )

    async def run(self) -> None:
        """Until told to stop, or until a part fails: then everything stops, and the failure is raised."""
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(httpx.AsyncClient(timeout=5))
            server = self.server(http)
            duties = [forgetting, *(duty for duty in self.service.does if isinstance(duty, DailyDuty))]
            parts = [
                asyncio.create_task(self.relay.run(), name="relay"),
                asyncio.create_task(self.consumer.run(), name="consumer"),
                asyncio.create_task(keep_doing(self.database, duties, self.clock, self.stopping), name="duties"),
                asyncio.create_task(keep_watching(self.database, self.stopping), name="alarms"),
                asyncio.create_task(server.answering(), name="http"),
            ]
            stop = asyncio.create_task(self.stopping.wait(), name="stop")
            tune_collector()
            done, _ = await asyncio.wait([*parts, stop], return_when=asyncio.FIRST_COMPLETED)
            failed = [part for part in done if part is not stop]
            await self._stop(server, parts)
            stop.cancel()
            for part in failed:
                error = None if part.cancelled() else part.exception()
                raise error or RuntimeError(f"{part.get_name()} ended by itself")

    async def _stop(self, server: Server, parts: list[asyncio.Task[None]]) -> None:
        """In reverse: no new requests, the batch in flight, what is being told, the rest."""
        self.stopping.set()
        relay, consumer, duties, alarms, http = parts
        server.should_exit = True
        await _ended(http, duties, alarms)
        self.consumer.stop()
        await _ended(consumer)
        self.relay.stop()
        await _ended(relay)
        await self.producer.stop()


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
    gc.set_threshold(50_000, 20, 100)


async def serve(service: Service, settings: Settings, clock: Clock = system_clock) -> None:
    """Runs a replica until SIGTERM or SIGINT. Raises: NoSecret, NotGuaranteed, LogChanged and whatever ended a part.

    Raises CancelledError when it is told to stop while it still waits for Postgres or Kafka.
    """
    guarantees.assert_fast_client()
    if starting := asyncio.current_task():
        _on_signals(starting.cancel)
    database = await opened(settings, service)
    try:
        async with database.reading() as tx:
            await guarantees.assert_durable(tx)
            if lacking := await missing(tx, service.migrations):
                raise guarantees.NotGuaranteed(
                    f"The database lacks {', '.join(lacking)}. Run: python -m services.{service.name} migrate"
                )
        running = Running(service, settings, database, await cluster_of(settings, service), clock)
        _on_signals(running.stopping.set)
        await running.run()
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(database.pool.close(), 5)
