"""What operators do by hand: who, why, to what, and what came of it; and one at a time for each thing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from shared.persons import scrub
from shared.storage import Database, Transaction

RECORD = "insert into audit (actor, reason, action, target, outcome) values ($1, $2, $3, $4, $5)"
TAKE = "select pg_try_advisory_lock(hashtextextended(current_schema() || '.repair.' || $1, 0))"
TAKE_HERE = "select pg_try_advisory_xact_lock(hashtextextended(current_schema() || '.repair.' || $1, 0))"
GIVE = "select pg_advisory_unlock(hashtextextended(current_schema() || '.repair.' || $1, 0))"


class Busy(Exception):
    """Somebody else repairs the same thing at this moment."""

    def __init__(self, thing: str) -> None:
        super().__init__(f"Somebody else repairs {thing} at this moment. Try again when that has ended.")


@dataclass(frozen=True, slots=True)
class Act:
    """On whose account something is done, and why. `actor` is a role or an opaque id, never a name."""

    actor: str
    reason: str


async def record(tx: Transaction, act: Act, action: str, target: str, outcome: str) -> None:
    """Keeps it, in the transaction of the change itself. Nothing of it can be changed or deleted afterwards."""
    await tx.execute(RECORD, scrub(act.actor), scrub(act.reason), action, target, outcome)


async def fence(tx: Transaction, thing: str) -> None:
    """As `fenced`, until this transaction ends. Raises: Busy."""
    if not await tx.fetchval(TAKE_HERE, thing):
        raise Busy(thing)


@asynccontextmanager
async def fenced(database: Database, thing: str) -> AsyncIterator[None]:
    """Lets only one repair of a thing ("projects 0198...", "rebuild catalogue") run at once. Raises: Busy."""
    async with database.pool.acquire() as connection:
        if not await connection.fetchval(TAKE, thing):
            raise Busy(thing)
        try:
            yield
        finally:
            try:
                await connection.execute(GIVE, thing)
            except BaseException:
                connection.terminate()  # the fence goes with its session
                raise
