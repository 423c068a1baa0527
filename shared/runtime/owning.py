"""A service as the owner of its topics: nothing is answered or told before the log is known to be the one it told."""

from __future__ import annotations

from shared.messaging.checking import LogCheck
from shared.messaging.producer import Producer
from shared.messaging.relay import Connect
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.runtime.starting import once_it_passes


def log_check(settings: Settings, service: Service, cluster: str, producer: Producer) -> LogCheck:
    """The check of what this service owns."""
    streams = sorted({kind.STREAM for kind in service.says})
    return LogCheck(settings.brokers, service.name, streams, cluster, producer)


async def passed(check: LogCheck, connect: Connect) -> None:
    """Returns once the log is known to be ours; what passes by itself is waited for. Raises: LogAhead, LogCut."""

    async def attempt() -> None:
        connection = await connect()
        try:
            await check(connection)
        finally:
            await connection.close(timeout=2)

    await once_it_passes(attempt, "the log to be checked")
