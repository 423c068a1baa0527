"""Which errors pass by themselves. Those are never poison: the whole batch waits and is run again."""

from __future__ import annotations

import asyncpg

# Connection, rollback by the server, no resources, intervention, system; lock and idle time-outs.
PASSING_CLASSES = ("08", "40", "53", "57", "58")
PASSING_STATES = ("55P03", "25P03", "25P04")
# InterfaceErrors of an operation that uses its transaction wrongly: waiting for those would never end.
MISUSE = ("the server expects", "cannot perform operation: another operation is in progress")


def is_transient(error: BaseException) -> bool:
    """Whether trying again can help without anybody doing anything (docs/messaging.md)."""
    if isinstance(error, asyncpg.PostgresError):
        state: str = error.sqlstate or ""
        return state.startswith(PASSING_CLASSES) or state in PASSING_STATES
    if isinstance(error, asyncpg.InterfaceError) and str(error).startswith(MISUSE):
        return False
    # asyncpg's other InterfaceErrors tell of a connection that is gone; OSError and TimeoutError of one that never came.
    return isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError | OSError)
