"""Before a service runs: Postgres and Kafka are waited for, and held against what they must guarantee."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TypeVar

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, SaslAuthenticationFailed

from shared.messaging.brokers import Servers, client_settings, refusal
from shared.messaging.outbox import Outbox
from shared.runtime import guarantees
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.storage import Database, connect
from shared.storage.faults import is_transient
from shared.storage.migrations import missing

log = logging.getLogger(__name__)
ASK_AGAIN_SECONDS = 0.5
TOPICS_WITHIN_SECONDS = 10.0
"""A broker that has just begun answers before it knows its topics."""
T = TypeVar("T")


async def once_it_passes(attempt: Callable[[], Awaitable[T]], what: str) -> T:
    """Its result, however long it takes. Raises: what no waiting helps."""
    while True:
        try:
            return await attempt()
        except Exception as error:
            if not (is_transient(error) or isinstance(error, KafkaError)):
                raise
            log.warning("waiting for %s: %s", what, type(error).__name__)
            await asyncio.sleep(ASK_AGAIN_SECONDS)


async def opened(settings: Settings, service: Service) -> Database:
    """The service's database, waited for until it answers. Raises: NoSecret, or what no waiting helps."""
    outbox = Outbox(settings.source(service.name), service.says)
    dsn, most = settings.dsn(service.name), settings.database_connections
    place = f"Postgres at {settings.database_host}:{settings.database_port}"
    return Database(await once_it_passes(partial(connect, dsn, most=most, name=service.name), place), outbox.append)


async def assert_current(database: Database, service: Service) -> None:
    """Raises: NotGuaranteed when Postgres may lose what it confirmed, or the schema is older than this code."""
    async with database.reading() as tx:
        await guarantees.assert_durable(tx)
        if lacking := await missing(tx, service.migrations):
            raise guarantees.NotGuaranteed(
                f"The database lacks {', '.join(lacking)}. Run: python -m services.{service.name} migrate"
            )


@asynccontextmanager
async def administering(servers: Servers, within: float = math.inf) -> AsyncIterator[AIOKafkaAdminClient]:
    """Kafka's administrator's client, waited for until a broker answers. Raises: KafkaError after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        admin = AIOKafkaAdminClient(**client_settings(servers), request_timeout_ms=10_000)
        try:
            await admin.start()
            break
        except KafkaError as error:
            reason = await refusal(servers)
            log.warning("waiting for Kafka at %s: %s", servers, reason or type(error).__name__)
            with suppress(Exception):
                await admin.close()
            if time.monotonic() > deadline:
                raise SaslAuthenticationFailed(reason) if reason else error from None
            await asyncio.sleep(ASK_AGAIN_SECONDS)
    try:
        yield admin
    finally:
        await admin.close()


def spoken_by(service: Service) -> set[str]:
    """The topics that it writes to."""
    return {kind.STREAM.topic for kind in service.says}


async def cluster_of(settings: Settings, service: Service) -> str:
    """The id of the cluster we are in, once its topics are as they must be. Raises: NotGuaranteed."""
    topics, deadline = sorted({*service.topics, *spoken_by(service)}), time.monotonic() + TOPICS_WITHIN_SECONDS
    async with administering(settings.brokers) as admin:
        while True:
            try:
                await guarantees.assert_log_is_kept(admin, topics)
                break
            except guarantees.TopicMissing as error:
                if time.monotonic() > deadline:
                    raise
                log.warning("waiting for topics: %s", error)
                await asyncio.sleep(ASK_AGAIN_SECONDS)
        cluster: str = (await admin.describe_cluster())["cluster_id"]
        return cluster
