"""On the loop of services a connection that is gone is a lost connection to aiokafka, whenever it is written to."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.conn import create_conn
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.admin import ApiVersionRequest

from shared.runtime.looping import run_on_uvloop


@pytest.mark.parametrize("turns", range(4))  # of the loop; within four aiokafka's reader has noticed
async def test_a_request_after_a_reset_says_that_the_connection_is_lost(servers: str, turns: int) -> None:
    async def ask() -> None:
        host, port = servers.split(":")
        connection = await create_conn(host, int(port))
        connection._writer.transport.abort()
        for _ in range(turns):
            await asyncio.sleep(0)
        with pytest.raises(KafkaConnectionError):
            await connection.send(ApiVersionRequest())
        assert not connection.connected()

    await asyncio.to_thread(run_on_uvloop, ask())  # in a thread, since another loop runs in this one
