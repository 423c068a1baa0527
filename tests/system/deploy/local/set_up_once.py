"""Stands in for the set-up in the tests of the runner: it makes a table and adds a row each time it runs."""

import asyncio
import os
from pathlib import Path

import asyncpg


async def set_up(password: str) -> None:
    connection = await asyncpg.connect(
        host=os.environ["DATABASE_HOST"],
        port=int(os.environ["DATABASE_PORT"]),
        user="postgres",
        password=password,
    )
    try:
        await connection.execute("create table if not exists set_ups (at timestamptz default now())")
        await connection.execute("insert into set_ups default values")
    finally:
        await connection.close()


if __name__ == "__main__":
    asyncio.run(set_up(Path(os.environ["DATABASE_ADMIN_PASSWORD_FILE"]).read_text()))
