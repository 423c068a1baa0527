"""A connection that is gone must look like one to aiokafka, on whichever loop.

Where asyncio's loop writes to nowhere and its reader tells, uvloop raises a bare RuntimeError; aiokafka takes only an OSError
for a lost connection (its issue 1038). Its sender, a fetch or the metadata would end for good, where it should connect anew.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

Write = Callable[..., Any]
WRITES = ("send", "_send_sasl_token")
"""The two that write to a socket."""


def heed_lost_connections() -> None:
    """From here on, in this process. Twice is as good as once."""
    for name in WRITES:
        write: Write = getattr(AIOKafkaConnection, name)
        if not hasattr(write, "__wrapped__"):
            setattr(AIOKafkaConnection, name, _heeding(write))


def _heeding(write: Write) -> Write:
    @wraps(write)
    def heeding(connection: AIOKafkaConnection, *request: object, **how: object) -> Any:  # noqa: ANN401 - what aiokafka's own returns
        try:
            return write(connection, *request, **how)
        except RuntimeError as error:
            if type(error) is not RuntimeError:  # errors of Kafka are kinds of it
                raise
            connection.close(reason=CloseReason.CONNECTION_BROKEN)
            raise KafkaConnectionError(f"the connection to {connection.host}:{connection.port} is gone") from error

    return heeding
