"""Transactions that have been open for long: behind each of them nothing that was deleted can be cleaned up, in any schema.

A service may not look at the sessions of others. So an administrator's function shows it these few columns of them: no
statement, since that could hold data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from shared.storage.database import Transaction

FUNCTION = """
create or replace function {schema}.open_transactions(older_than double precision)
returns table (pid int, application text, began timestamptz, age double precision, state text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select pid, application_name, xact_start, extract(epoch from clock_timestamp() - xact_start)::float8, state
  from pg_stat_activity
  where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
    and xact_start < clock_timestamp() - older_than * interval '1 second'
  order by xact_start limit 50
$$;
revoke all on function {schema}.open_transactions(double precision) from public;
grant execute on function {schema}.open_transactions(double precision) to {service};
"""
OLD = "select pid, application, began, age, state from open_transactions($1)"


@dataclass(frozen=True, slots=True)
class OpenTransaction:
    """A session that began a transaction and did not end it. `age` is in seconds."""

    pid: int
    application: str
    began: datetime
    age: float
    state: str

    def __str__(self) -> str:
        """One sentence for whoever looks after the database."""
        return (
            f"a transaction of {self.application or 'a program without a name'} (pid {self.pid}) has been open for "
            f"{self.age:.0f} s and is {self.state}: nothing that was deleted since can be cleaned up, so the outbox grows. "
            f"End the program, or: select pg_terminate_backend({self.pid})"
        )


async def open_transactions(tx: Transaction, older_than_seconds: float) -> list[OpenTransaction]:
    """Those of this database that are older, the 50 oldest first. Raises: UndefinedFunctionError before the set-up."""
    return [OpenTransaction(*row.values()) for row in await tx.fetch(OLD, older_than_seconds)]


async def let_see(connection: asyncpg.Connection[asyncpg.Record], schema: str, service: str) -> None:
    """Makes the function, as an administrator who may see all sessions. The names are quoted already."""
    await connection.execute(FUNCTION.format(schema=schema, service=service))
