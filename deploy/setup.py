"""Prepares a platform: database, roles, schemas, topics, migrations, reference data. Run as often as one likes.

`python -m deploy.setup`; settings come from the environment (docs: deploy/README.md).
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from pydantic import Field, ValidationError

from deploy.access.applying import outsiders
from deploy.access.settings import DECLARED
from deploy.keycloak import database as keycloak
from deploy.topics import WAIT_SECONDS, make, new_topic, patiently
from shared.access import BadAccess, read_access
from shared.contracts.registry import TOPIC_SETTINGS, TOPICS
from shared.runtime.migrating import migrate
from shared.runtime.service import Service
from shared.runtime.settings import KafkaSettings, NoSecret, Settings, secret
from shared.runtime.starting import administering
from shared.storage import roles
from shared.storage.migrations import MigrationChanged

SERVICES = ("submission", "assessment", "matching", "impact")
LOCK = "select pg_advisory_lock(hashtext('set-up'))"
"""Databases and roles belong to the whole server: two that set it up at once wait for each other."""


class SetupSettings(KafkaSettings):
    """What the set-up needs beyond what a service needs: the administrator, and every role's password."""

    database_host: str = "127.0.0.1"
    database_port: int = 5432
    database_name: str = "platform"
    database_admin: str = "postgres"
    database_admin_password_file: Path
    database_password_dir: Path
    kafka_replication: Annotated[int, Field(ge=1)] = 1
    kafka_min_insync: Annotated[int, Field(ge=1)] = 1
    access_file: Path = DECLARED
    oidc_issuer: str = ""

    def password(self, role: str) -> str:
        """The password of a role, from its file. Raises: NoSecret."""
        return secret(self.database_password_dir / role, "DATABASE_PASSWORD_DIR")

    def admin_dsn(self, database: str) -> str:
        """Where the administrator logs in. Raises: NoSecret."""
        password = quote(secret(self.database_admin_password_file, "DATABASE_ADMIN_PASSWORD_FILE"), safe="")
        place = f"{self.database_host}:{self.database_port}"
        return f"postgresql://{quote(self.database_admin)}:{password}@{place}/{quote(database, safe='')}"

    def of(self, service: str) -> Settings:
        """The settings with which a service migrates."""
        return Settings(
            database_host=self.database_host,
            database_port=self.database_port,
            database_name=self.database_name,
            database_password_file=self.database_password_dir / service,
            database_owner_password_file=self.database_password_dir / f"{service}_owner",
            kafka_servers=self.kafka_servers,
            oidc_issuer=self.oidc_issuer,
        )


async def _administrator(settings: SetupSettings, database: str) -> asyncpg.Connection[asyncpg.Record]:
    deadline = asyncio.get_running_loop().time() + WAIT_SECONDS
    while True:
        try:
            return await asyncpg.connect(settings.admin_dsn(database), timeout=5)
        except (OSError, asyncpg.CannotConnectNowError):
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.5)


async def prepare_database(settings: SetupSettings) -> None:
    """The database, and two roles and a schema for each service."""
    connection = await _administrator(settings, "postgres")
    try:
        await connection.execute(LOCK)
        if not await connection.fetchval("select 1 from pg_database where datname = $1", settings.database_name):
            name = await connection.fetchval("select quote_ident($1)", settings.database_name)
            await connection.execute(f"create database {name}")
        await _prepare_roles(settings)
        if (settings.database_password_dir / keycloak.ROLE).exists():  # without it somebody else gives the tokens
            await keycloak.prepare(connection, settings.password(keycloak.ROLE))
    finally:
        await connection.close()


async def _prepare_roles(settings: SetupSettings) -> None:
    connection = await _administrator(settings, settings.database_name)
    try:
        for service in SERVICES:
            passwords = settings.password(service), settings.password(f"{service}_owner")
            await roles.prepare(connection, settings.database_name, service, *passwords)
        if (settings.database_password_dir / roles.VERIFIER).exists():  # without it nobody compares services
            await roles.let_verify(connection, settings.database_name, settings.password(roles.VERIFIER))
    finally:
        await connection.close()


async def create_topics(admin: AIOKafkaAdminClient, replication: int, min_insync: int) -> list[str]:
    """Creates the topics that are not there and returns their names, once they can be used. Raises: KafkaError."""
    config = {name: str(value) for name, value in TOPIC_SETTINGS.items()}
    wanted = [new_topic(topic.name, topic.partitions, config, replication, min_insync) for topic in TOPICS.values()]
    return await make(admin, wanted)


async def find_coordinators(admin: AIOKafkaAdminClient, groups: Iterable[str]) -> None:
    """Asks for the coordinator of each group until there is one. Raises: KafkaError.

    The first question makes Kafka create its topic of offsets: asked here, no consumer has to wait for it.
    """
    for group in groups:
        await patiently(partial(admin.find_coordinator, group))


def declared(name: str) -> Service:
    """The declaration of a service."""
    service: Service = importlib.import_module(f"services.{name}.service").service
    return service


async def prepare(settings: SetupSettings) -> None:
    """Everything, in order, saying what it does."""
    await prepare_database(settings)
    print(f"roles and schemas: {', '.join(SERVICES)}")
    async with administering(settings.brokers, WAIT_SECONDS) as admin:
        copies = settings.kafka_replication, settings.kafka_min_insync
        made = await create_topics(admin, *copies)
        made += await make(admin, outsiders(read_access(settings.access_file), *copies))
        await find_coordinators(admin, SERVICES)
    print(f"topics: {', '.join(made) or 'all there'}")
    for name in SERVICES:
        for line in await migrate(declared(name), settings.of(name)):
            print(line)


def main() -> None:
    """Ends with one sentence when an operator has to do something."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it writes a line for every attempt to reach a broker
    try:
        asyncio.run(prepare(SetupSettings()))
    except ValidationError as error:
        names = ", ".join(sorted({str(fault["loc"][0]).upper() for fault in error.errors()}))
        raise SystemExit(f"These settings are missing or wrong: {names}.") from None
    except (NoSecret, MigrationChanged, BadAccess) as error:
        raise SystemExit(str(error)) from None
    except (OSError, asyncpg.PostgresError) as error:
        raise SystemExit(f"The set-up stopped at Postgres: {error or type(error).__name__}") from None
    except KafkaError as error:
        raise SystemExit(f"The set-up stopped at Kafka: {error}") from None


if __name__ == "__main__":
    main()
