"""What passes by itself is waited for; everything else is somebody's to mend (SQLSTATEs: PostgreSQL 18, appendix A)."""

from __future__ import annotations

import asyncpg
import pytest
from asyncpg.exceptions import PostgresError

from shared.messaging.heard import Overtaken
from shared.storage.faults import is_transient

PASSING = {
    "08006": "connection failure",
    "40001": "serialization failure",
    "40P01": "deadlock",
    "53100": "disk full",
    "53200": "out of memory",
    "53300": "too many connections",
    "55P03": "lock not available in time",
    "57014": "statement timeout",
    "57P01": "administrator's shutdown",
    "57P03": "starting up",
    "58030": "input or output error",
    "25P03": "idle in transaction for too long",
    "25P04": "transaction for too long",
}
LASTING = {
    "22001": "text too long",
    "22P05": "a NUL in jsonb",
    "23505": "duplicate key",
    "23514": "check violated",
    "42501": "not allowed",
    "42P01": "no such table",
    "25006": "read-only",
    "55000": "not in the right state",
    "P0001": "raised",
}
CONNECTION_IS_GONE = (
    "connection is closed",
    "cannot call Transaction.__aexit__(): the underlying connection is closed",
    "pool is closing",
)
MISUSED = (
    "the server expects 1 argument for this query, 2 were passed",
    "cannot perform operation: another operation is in progress",
)


def postgres_error(state: str) -> PostgresError:
    error: PostgresError = PostgresError.new({"C": state, "M": "a message"})
    return error


@pytest.mark.parametrize("state", PASSING, ids=PASSING.get)
def test_what_the_server_or_the_network_cannot_do_now_passes(state: str) -> None:
    assert is_transient(postgres_error(state))


@pytest.mark.parametrize("state", LASTING, ids=LASTING.get)
def test_what_will_be_wrong_again_does_not(state: str) -> None:
    assert not is_transient(postgres_error(state))


@pytest.mark.parametrize("error", [ConnectionResetError(), TimeoutError(), OSError("Multiple exceptions")], ids=repr)
def test_a_network_that_is_away_passes(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize("message", CONNECTION_IS_GONE)
def test_a_connection_that_was_lost_passes(message: str) -> None:
    assert is_transient(asyncpg.InterfaceError(message))


@pytest.mark.parametrize("message", MISUSED)
def test_a_statement_that_is_used_wrongly_would_wait_for_ever_and_so_does_not(message: str) -> None:
    assert not is_transient(asyncpg.InterfaceError(message))


@pytest.mark.parametrize("error", [ValueError(), KeyError(), RecursionError(), AssertionError(), Overtaken()], ids=repr)
def test_errors_of_our_own_do_not(error: Exception) -> None:
    assert not is_transient(error)
