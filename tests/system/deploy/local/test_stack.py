import socket

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.errors import RunnerError
from deploy.local.ports import HOST, answers
from deploy.local.settings import Settings
from deploy.local.stack import Stack
from tests.system.deploy.local.conftest import stand_in

TOPIC = TopicPartition("runner", 0)


async def test_up_starts_what_is_down_and_changes_nothing_when_all_runs(stack: Stack, reported: list[str]) -> None:
    stack.up()
    first = pids(stack)
    assert all(state.ready for state in stack.states())
    reported.clear()
    stack.up()
    assert pids(stack) == first
    assert reported == []
    assert await count(stack, "set_ups") == 1

    stack.programs[0].daemon.kill()
    stack.up()
    second = pids(stack)
    assert second["submission"] != first["submission"]
    assert {**second, "submission": 0} == {**first, "submission": 0}

    stack.down()
    assert [state.pid for state in stack.states()] == [None] * 4
    assert not any(answers(part.port) for part in stack.parts())


async def test_after_a_kill_of_everything_it_comes_back_with_its_data(stack: Stack) -> None:
    stack.up()
    await tell(stack.kafka.servers, b"kept")
    first = pids(stack)
    for part in stack.parts():
        part.daemon.kill()
    stack.up()
    assert not set(pids(stack).values()) & set(first.values())
    assert await read(stack.kafka.servers) == b"kept"
    assert await count(stack, "set_ups") == 2


def test_a_taken_port_is_named_with_the_setting_before_anything_starts(stack: Stack) -> None:
    with socket.create_server((HOST, stack.settings.port("kafka"))):
        with pytest.raises(
            RunnerError, match=rf"Port {stack.settings.port('kafka')} for kafka is taken by .*PORT_BASE"
        ):
            stack.up()
        assert [state.pid for state in stack.states()] == [None] * 4
    stack.up()


def test_a_part_that_cannot_begin_leaves_nothing_running_of_those_before_it(stack: Stack) -> None:
    port = stack.settings.port("kafka-controller")
    with socket.create_server((HOST, port)):
        with pytest.raises(RunnerError, match=rf"Port {port} for Kafka's controller is taken by .*PORT_BASE"):
            stack.up()
        assert [state.pid for state in stack.states()] == [None] * 4


def test_other_ports_while_it_runs_are_refused(stack: Stack) -> None:
    stack.postgres.begin()
    (stack.settings.data / "port-base").write_text("1")
    with pytest.raises(RunnerError, match=r"runs with PORT_BASE=1: .*make down"):
        stack.up()


def test_a_program_that_ends_at_once_shows_the_end_of_its_log(settings: Settings, stack: Stack) -> None:
    stack.programs = [stand_in(settings, "submission", BROKEN="1")]
    with pytest.raises(RunnerError, match=r"submission stopped(?s:.*)the reference data cannot be read"):
        stack.up()
    assert stack.postgres.ready()


def test_a_set_up_that_fails_starts_no_program(stack: Stack) -> None:
    stack.setup = ("deploy.no_such_module",)
    with pytest.raises(RunnerError, match="set-up failed"):
        stack.up()
    assert [state.pid for state in stack.states()][2:] == [None, None]


def test_clean_removes_what_up_made_and_nothing_else(stack: Stack, reported: list[str]) -> None:
    stack.postgres.start()
    data = stack.settings.data
    with pytest.raises(RunnerError, match="was not made by"):
        stack.clean()
    assert data.exists()
    (data / "port-base").write_text(str(stack.settings.port_base))
    stack.clean()
    assert not data.exists()
    assert reported[-1].startswith(f"Removed {data}")


def pids(stack: Stack) -> dict[str, int | None]:
    return {state.name: state.pid for state in stack.states()}


async def count(stack: Stack, name: str) -> int:
    connection = await asyncpg.connect(stack.postgres.admin_dsn)
    try:
        rows: int = await connection.fetchval(f"select count(*) from {name}")
    finally:
        await connection.close()
    return rows


async def tell(servers: str, value: bytes) -> None:
    admin, producer = AIOKafkaAdminClient(bootstrap_servers=servers), AIOKafkaProducer(bootstrap_servers=servers)
    await admin.start()
    await admin.create_topics([NewTopic(TOPIC.topic, 1, 1)])
    await admin.close()
    await producer.start()
    await producer.send_and_wait(TOPIC.topic, value)
    await producer.stop()


async def read(servers: str) -> bytes:
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TOPIC])
        record = await consumer.getone()
    finally:
        await consumer.stop()
    value: bytes = record.value
    return value
