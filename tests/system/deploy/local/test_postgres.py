import os
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from deploy.local.postgres import CHRT, Postgres
from tests.ports import free_port


@pytest.fixture
def server(folder: Path) -> Iterator[Postgres]:
    """A server of the test's own, to be killed."""
    server = Postgres(folder / "postgres", free_port(), with_parent=True)
    server.start()
    try:
        yield server
    finally:
        server.stop()


async def test_after_a_kill_it_comes_back_with_what_was_committed(server: Postgres) -> None:
    await execute(server, "create table kept as select 42 as figure")
    server.kill()
    server.start()
    assert await execute(server, "select figure from kept") == 42


async def test_a_lock_file_whose_pid_is_another_program_by_now_is_no_obstacle(server: Postgres) -> None:
    await execute(server, "create table kept as select 42 as figure")
    server.kill()
    lock = server.folder / "data" / "postmaster.pid"
    another = next(process.pid for process in psutil.process_iter() if process.pid != os.getpid())
    lock.write_text("\n".join([str(another), *lock.read_text().split("\n")[1:]]))
    server.start()
    assert await execute(server, "select figure from kept") == 42


async def test_a_data_folder_that_was_broken_off_is_made_anew(folder: Path) -> None:
    half = folder / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18")
    server = Postgres(folder / "postgres", free_port(), with_parent=True)
    server.start()
    try:
        assert await execute(server, "select 1") == 1
        assert not half.exists()
    finally:
        server.stop()


@pytest.mark.skipif(CHRT is None, reason="chrt is not on this machine")
def test_its_sessions_take_the_core_from_nobody(server: Postgres) -> None:
    process = server.daemon.process()
    assert process is not None
    family = [process, *process.children()]
    assert len(family) > 1
    assert {os.sched_getscheduler(member.pid) for member in family} == {os.SCHED_BATCH}


async def test_only_the_password_opens_it_and_only_its_owner_reads_that(server: Postgres) -> None:
    assert server.password_file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(server.dsn("postgres", "guessed"))


def test_a_start_after_a_stop_needs_no_recovery(server: Postgres) -> None:
    server.stop()
    server.start()
    assert "not properly shut down" not in server.daemon.said()


async def execute(server: Postgres, sql: str) -> int:
    connection = await asyncpg.connect(server.admin_dsn)
    try:
        value: int = await connection.fetchval(sql)
    finally:
        await connection.close()
    return value
