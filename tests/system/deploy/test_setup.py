"""Who sets a platform up may do so again, may be two, and reads in one sentence what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy import setup
from deploy.setup import SERVICES, SetupSettings, create_topics, declared, prepare
from shared.contracts.registry import TOPICS
from shared.runtime.guarantees import assert_log_is_kept
from shared.runtime.migrating import migrate
from tests.messaging import PASSWORD
from tests.ports import free_port
from tests.servers import KafkaServer, PostgresServer
from tests.topics import administering, delete_topics, topics_anew

ALL = [topic.name for topic in TOPICS.values()]
Variables = dict[str, str]


@pytest.fixture
def variables(
    postgres: PostgresServer, kafka: KafkaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Variables:
    """What must be set for a platform of one's own on the session's servers. Roles keep the password that all tests use."""
    for name in SetupSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    (tmp_path / "passwords").mkdir()
    for service in SERVICES:
        (tmp_path / "passwords" / service).write_text(PASSWORD)
        (tmp_path / "passwords" / f"{service}_owner").write_text(PASSWORD)
    (tmp_path / "admin").write_text(postgres.password)
    return {
        "DATABASE_HOST": postgres.host,
        "DATABASE_PORT": str(postgres.port),
        "DATABASE_NAME": f"Platform {uuid4().hex}",
        "DATABASE_ADMIN_PASSWORD_FILE": str(tmp_path / "admin"),
        "DATABASE_PASSWORD_DIR": str(tmp_path / "passwords"),
        "KAFKA_SERVERS": kafka.servers,
    }


@pytest.fixture
def settings(variables: Variables) -> SetupSettings:
    """The same, as the set-up sees it."""
    return SetupSettings.model_validate({name.lower(): value for name, value in variables.items()})


@pytest.fixture
async def no_topics(kafka: KafkaServer) -> AsyncIterator[None]:
    """The topics are gone; afterwards they are as every test expects them."""
    await delete_topics(kafka.servers)
    yield
    await topics_anew(kafka.servers)


async def test_a_platform_is_made_and_may_be_made_again(
    settings: SetupSettings, no_topics: None, capsys: pytest.CaptureFixture[str]
) -> None:
    await prepare(settings)
    first = capsys.readouterr()
    assert all(topic in first.out for topic in ALL)
    assert "impact: applied impact/0001_pre_" in first.out

    await prepare(settings)
    again = capsys.readouterr()
    assert again.out.splitlines() == [
        f"roles and schemas: {', '.join(SERVICES)}",
        "topics: all there",
        *(f"{service}: nothing new" for service in SERVICES),
    ]
    assert (first.err, again.err) == ("", "")
    assert PASSWORD not in first.out + again.out


async def test_two_that_make_it_at_once_do_not_stand_in_each_others_way(
    settings: SetupSettings, no_topics: None
) -> None:
    await asyncio.gather(prepare(settings), prepare(settings))

    async with administering(settings.kafka_servers) as admin:
        await assert_log_is_kept(admin, ALL)
    for service in SERVICES:
        migrations = {migration.name for migration in declared(service).migrations}
        assert await asked(settings, service, "select array_agg(name) from migration") == sorted(migrations, key=str)


async def asked(settings: SetupSettings, role: str, sql: str) -> object:
    """What this role is answered."""
    connection = await asyncpg.connect(
        host=settings.database_host,
        port=settings.database_port,
        user=role,
        password=PASSWORD,
        database=settings.database_name,
    )
    try:
        found = await connection.fetchval(sql)
    finally:
        await connection.close()
    return sorted(found) if isinstance(found, list) else found


async def test_a_service_sees_and_changes_nothing_but_its_own_rows(settings: SetupSettings) -> None:
    await setup.prepare_database(settings)
    forbidden = [
        "select 1 from matching.said", "create table mine ()", "create schema mine", "create database mine",
        "create role mine", "alter role impact superuser", "set role matching", "set role impact_owner",
        "select rolpassword from pg_authid", "copy (select 1) to program 'true'",
    ]  # fmt: skip
    await migrate(declared("matching"), settings.of("matching"))
    for sql in forbidden:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asked(settings, "impact", sql)
    assert await asked(settings, "impact", "select current_schemas(false)::text") == "{impact}"


async def test_copies_and_how_many_must_be_in_step_are_set(kafka: KafkaServer, no_topics: None) -> None:
    async with administering(kafka.servers) as admin:
        await create_topics(admin, 1, 2)
        values = await settings_of(admin, ALL[0])
        described = await admin.describe_topics(ALL)
    assert values["min.insync.replicas"] == "2"
    assert values["retention.ms"] == "-1"
    assert values["unclean.leader.election.enable"] == "false"
    partitions = {topic["topic"]: [len(part["replicas"]) for part in topic["partitions"]] for topic in described}
    assert partitions == {topic.name: [1] * topic.partitions for topic in TOPICS.values()}


async def settings_of(admin: AIOKafkaAdminClient, topic: str) -> dict[str, str]:
    """What a topic is set to, as soon as the broker has heard of it."""
    (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    return {entry[0]: entry[1] for entry in answer.resources[0][4]}


async def complaint(monkeypatch: pytest.MonkeyPatch, variables: Variables) -> str:
    """The sentence with which the set-up ends."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(setup, "WAIT_SECONDS", 0.0)
    with pytest.raises(SystemExit) as ended:
        await asyncio.to_thread(setup.main)
    sentence = ended.value.code
    assert isinstance(sentence, str)
    assert "\n" not in sentence
    assert PASSWORD not in sentence
    return sentence


async def test_a_topic_that_kafka_refuses_stops_it(
    variables: Variables, no_topics: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence = await complaint(monkeypatch, {**variables, "KAFKA_REPLICATION": "3"})
    assert sentence.startswith("The set-up stopped at Kafka: ")
    assert f"topic {ALL[0]}: Unable to replicate the partition 3 time(s)" in sentence


async def test_without_kafka_it_says_so(
    variables: Variables, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    place = f"127.0.0.1:{free_port()}"
    sentence = await complaint(monkeypatch, {**variables, "KAFKA_SERVERS": place})
    assert sentence.startswith("The set-up stopped at Kafka: ")
    assert place.rpartition(":")[2] in sentence


async def test_without_postgres_or_with_another_password_it_says_so(
    variables: Variables, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    away = await complaint(monkeypatch, {**variables, "DATABASE_PORT": str(free_port())})
    assert away.startswith("The set-up stopped at Postgres: ")
    (tmp_path / "admin").write_text(PASSWORD)
    wrong = await complaint(monkeypatch, variables)
    assert wrong == 'The set-up stopped at Postgres: password authentication failed for user "postgres"'


async def test_what_is_not_set_or_not_there_is_named(
    variables: Variables, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert await complaint(monkeypatch, {"KAFKA_REPLICATION": "0"}) == (
        "These settings are missing or wrong: DATABASE_ADMIN_PASSWORD_FILE, DATABASE_PASSWORD_DIR, "
        "KAFKA_REPLICATION, KAFKA_SERVERS."
    )
    monkeypatch.delenv("KAFKA_REPLICATION")
    (tmp_path / "passwords" / "matching").unlink()
    sentence = await complaint(monkeypatch, variables)
    assert sentence.startswith(f"DATABASE_PASSWORD_DIR: {tmp_path / 'passwords' / 'matching'} cannot be read")
    (tmp_path / "passwords" / "matching").write_text(PASSWORD)
    wrong = await complaint(monkeypatch, {**variables, "OIN": "12"})
    assert wrong == "These settings are missing or wrong: OIN."


async def test_a_migration_that_was_changed_stops_it(
    variables: Variables, settings: SetupSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prepare(settings)
    changed = "with c as (update migration set sha256 = 'x' returning 1) select count(*) from c"
    await asked(settings, "submission_owner", changed)
    sentence = await complaint(monkeypatch, variables)
    assert sentence.startswith("Migration messaging/0001_pre_")
    assert "was changed after it was applied" in sentence
