"""Postgres and Kafka: whether they answer, keep what they must, and let in who is declared, and nobody else."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
from aiokafka.errors import KafkaError

from deploy.access.__main__ import members
from deploy.access.applying import apply
from deploy.access.settings import AccessSettings
from deploy.doctor.findings import Commands, Finding
from deploy.setup import SERVICES, SetupSettings, declared
from shared.access import BadAccess
from shared.contracts.registry import TOPICS
from shared.runtime.guarantees import NotGuaranteed, assert_durable, assert_log_is_kept
from shared.runtime.settings import NoSecret
from shared.runtime.starting import administering
from shared.storage import Transaction
from shared.storage.migrations import missing

OLDEST_POSTGRES = 18
SKEW_SECONDS = 2.0
OPEN_FOR_SECONDS = 60.0
KAFKA_WITHIN_SECONDS = 8.0
LOG_IN_WITHIN_SECONDS = 10.0
OLD = """
select application_name, extract(epoch from clock_timestamp() - xact_start)::int as age from pg_stat_activity
where backend_type = 'client backend' and pid <> pg_backend_pid()
  and xact_start < clock_timestamp() - $1 * interval '1 second' order by xact_start limit 3
"""


@dataclass(frozen=True, slots=True)
class Stores:
    """The two stores of an installation. `settings` are those of the set-up, which may see everything."""

    settings: SetupSettings
    commands: Commands

    async def postgres(self) -> AsyncIterator[Finding]:
        """That it answers, keeps what is committed, tells the time, and is held up by nobody."""
        place = f"Postgres at {self.settings.database_host}:{self.settings.database_port}"
        try:
            connection = await self._administrator()
        except (OSError, asyncpg.PostgresError, NoSecret) as error:
            yield Finding(place, f"it cannot be used ({_why(error)})", self.commands.start)
            return
        try:
            yield Finding(f"{place} answers")
            version = connection.get_server_version().major
            wrong = f"it is version {version}" if version < OLDEST_POSTGRES else ""
            yield Finding(
                f"Postgres {OLDEST_POSTGRES} or newer", wrong, "install postgres:18 and restore a back-up in it"
            )
            yield await self._durable(connection)
            apart = abs(time.time() - (await connection.fetchval("select clock_timestamp()")).timestamp())
            wrong = f"they are {apart:.0f} s apart" if apart > SKEW_SECONDS else ""
            yield Finding(
                "the clocks of Postgres and of this machine agree", wrong, "let both follow a time server (NTP)"
            )
            old = [f"{row[0] or 'a session'} for {row[1]} s" for row in await connection.fetch(OLD, OPEN_FOR_SECONDS)]
            helps = "end it: deploy/runbooks/old-transaction.md"
            yield Finding("no transaction stands open for long", ", ".join(old), helps)
        finally:
            await connection.close()

    @staticmethod
    async def _durable(connection: asyncpg.Connection[asyncpg.Record]) -> Finding:
        about = "what is committed survives a power cut"
        try:
            await assert_durable(Transaction(connection))
        except NotGuaranteed as error:
            return Finding(about, str(error), "switch it on in Postgres' settings and restart Postgres")
        return Finding(about)

    async def roles(self) -> AsyncIterator[Finding]:
        """That each service's role can log in, has its tables, and sees nothing of another."""
        for service in SERVICES:
            about = f"the role {service} has its own schema, up to date, and no other"
            try:
                connection = await asyncpg.connect(
                    self.settings.of(service).dsn(service), timeout=LOG_IN_WITHIN_SECONDS
                )
            except (OSError, asyncpg.PostgresError, NoSecret) as error:
                yield Finding(about, f"it cannot log in ({_why(error)})", self.commands.setup)
                continue
            try:
                yield Finding(about, await self._wrong_with(connection, service), self.commands.setup)
            finally:
                await connection.close()

    @staticmethod
    async def _wrong_with(connection: asyncpg.Connection[asyncpg.Record], service: str) -> str:
        lacking = await missing(Transaction(connection), declared(service).migrations)
        if lacking:
            return f"its schema lacks {', '.join(lacking)}"
        others = [name for name in SERVICES if name != service]
        seen = [
            name
            for name in others
            if await connection.fetchval(
                "select coalesce(has_schema_privilege(to_regnamespace($1), 'usage'), false)", name
            )
        ]
        return f"it can see the schema of {', '.join(seen)}" if seen else ""

    async def kafka(self) -> AsyncIterator[Finding]:
        """That it answers, keeps every topic for ever in enough copies, and lets in who is declared."""
        servers = str(self.settings.brokers)
        names = [topic.name for topic in TOPICS.values()]
        try:
            async with administering(self.settings.brokers, KAFKA_WITHIN_SECONDS) as admin:
                yield Finding(f"Kafka at {servers} answers")
                try:
                    await assert_log_is_kept(admin, names)
                    wrong = ""
                except NotGuaranteed as error:
                    wrong = str(error)
                yield Finding(f"{len(names)} topics are there, and keep every event", wrong, self.commands.setup)
            async for finding in self._access():
                yield finding
        except (KafkaError, OSError, NoSecret) as error:
            yield Finding(f"Kafka at {servers}", f"it cannot be used ({_why(error)})", self.commands.start)

    async def _access(self) -> AsyncIterator[Finding]:
        about, lines = "users, rights and topics of outsiders are as access.yaml declares", list[str]()
        try:
            settings = AccessSettings()
            count = await apply(settings, members(), lines.append, dry_run=True)
        except (BadAccess, NoSecret, KafkaError, OSError, ValueError) as error:
            yield Finding(about, _why(error), self.commands.access)
            return
        changes = [line for line in lines if line[:1] in "+-~"]
        wrong = f"{count} to change, the first: {changes[0]}" if count else ""
        yield Finding(about, wrong, self.commands.access)

    async def _administrator(self) -> asyncpg.Connection[asyncpg.Record]:
        return await asyncpg.connect(
            self.settings.admin_dsn(self.settings.database_name), timeout=LOG_IN_WITHIN_SECONDS
        )


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
