"""Prepares a platform: database, roles, schemas, topics, migrations, reference data. Run as often as one likes.

`python -m deploy.setup`; settings come from the environment (docs: deploy/README.md).
"""

from __future__ import annotations

import asyncio
import importlib
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings

from shared.contracts.registry import TOPIC_SETTINGS, TOPICS
from shared.runtime.migrating import migrate
from shared.runtime.running import administering
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.storage import roles

SERVICES = ("submission", "assessment", "matching", "impact")


class SetupSettings(BaseSettings):
    """What the set-up needs beyond what a service needs: the administrator, and every role's password."""

    database_host: str = "127.0.0.1"
    database_port: int = 5432
    database_name: str = "platform"
    database_admin: str = "postgres"
    database_admin_password_file: Path
    database_password_dir: Path
    kafka_servers: str
    kafka_replication: Annotated[int, Field(ge=1)] = 1
    kafka_min_insync: Annotated[int, Field(ge=1)] = 1
    oidc_issuer: str = ""

    def password(self, role: str) -> str:
        """The password of a role, from its file."""
        return (self.database_password_dir / role).read_text(encoding="utf-8").strip()

    def admin_dsn(self, database: str) -> str:
        """Where the administrator logs in."""
        password = quote(self.database_admin_password_file.read_text(encoding="utf-8").strip(), safe="")
        place = f"{self.database_host}:{self.database_port}"
        return f"postgresql://{quote(self.database_admin)}:{password}@{place}/{database}"

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
            oidc_jwks_url=self.oidc_issuer,
        )


async def _administrator(settings: SetupSettings, database: str) -> asyncpg.Connection[asyncpg.Record]:
    deadline = asyncio.get_running_loop().time() + 30
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
        if not await connection.fetchval("select 1 from pg_database where datname = $1", settings.database_name):
            name = await connection.fetchval("select quote_ident($1)", settings.database_name)
            await connection.execute(f"create database {name}")
    finally:
        await connection.close()
    connection = await _administrator(settings, settings.database_name)
    try:
        for service in SERVICES:
            passwords = settings.password(service), settings.password(f"{service}_owner")
            await roles.prepare(connection, settings.database_name, service, *passwords)
    finally:
        await connection.close()


async def create_topics(admin: AIOKafkaAdminClient, replication: int, min_insync: int) -> list[str]:
    """Creates the topics that are not there and returns their names. Raises: KafkaError.

    The admin client never raises for a topic: its answer has to be read.
    """
    config = {name: str(value) for name, value in TOPIC_SETTINGS.items()}
    config |= {"min.insync.replicas": str(min_insync), "unclean.leader.election.enable": "false"}
    wanted = [NewTopic(topic.name, topic.partitions, replication, topic_configs=config) for topic in TOPICS.values()]
    made = []
    for name, code, *detail in (await admin.create_topics(wanted)).topic_errors:
        error = for_code(code)
        if code == 0:
            made.append(name)
        elif error is not TopicAlreadyExistsError:
            raise error(f"topic {name}: {detail[0] if detail else code}")
    return made


def declared(name: str) -> Service:
    """The declaration of a service."""
    service: Service = importlib.import_module(f"services.{name}.service").service
    return service


async def prepare(settings: SetupSettings) -> None:
    """Everything, in order, saying what it does."""
    await prepare_database(settings)
    print(f"roles and schemas: {', '.join(SERVICES)}")
    async with administering(settings.kafka_servers) as admin:
        made = await create_topics(admin, settings.kafka_replication, settings.kafka_min_insync)
    print(f"topics: {', '.join(made) or 'all there'}")
    for name in SERVICES:
        for line in await migrate(declared(name), settings.of(name)):
            print(line)


def main() -> None:
    """Ends with one sentence when an operator has to do something."""
    try:
        settings = SetupSettings()
    except ValidationError as error:
        names = ", ".join(str(fault["loc"][0]).upper() for fault in error.errors())
        raise SystemExit(f"These settings are missing or wrong: {names}.") from None
    try:
        asyncio.run(prepare(settings))
    except (OSError, asyncpg.PostgresError) as error:
        raise SystemExit(f"The set-up stopped at Postgres: {error}") from None
    except KafkaError as error:
        raise SystemExit(f"The set-up stopped at Kafka: {error}") from None


if __name__ == "__main__":
    main()
