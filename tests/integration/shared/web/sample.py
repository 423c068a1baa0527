"""A service as small as it can be: counters, each of one gemeente. The web's tests ask it everything."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import Response
from pydantic import Field

from shared.refusals import Conflict, Fault, Invalid, StaleRevision, UnknownEntity
from shared.storage import Transaction
from shared.web import (
    Body,
    Caller,
    IfMatch,
    Now,
    Page,
    Paging,
    Result,
    Role,
    Today,
    Tx,
    anyone,
    caller_of,
    service_router,
)

TABLES = """
create table counter (
  id uuid primary key default uuidv7(), gemeente text not null, name text not null, made_by uuid not null,
  total bigint not null, narrow int not null default 0, notes jsonb, revision int not null default 1);
create table bump (id uuid primary key default uuidv7(), counter uuid not null references counter deferrable)
"""
router = service_router("/counters", tag="Counters")
odd = service_router("/odd", tag="Odd")


class Colour(StrEnum):
    RED = "rood"
    BLUE = "blauw"


class Step(Body):
    size: int = Field(ge=1)
    reason: str = Field(min_length=3, max_length=20)


class CounterBody(Body):
    name: str = Field(min_length=1, max_length=100)
    start_total: int = 0
    colour: Colour = Colour.RED
    first_steps: tuple[Step, ...] = ()
    since: date | None = None
    seen_at: datetime | None = None
    owner: UUID | None = None
    notes: dict[str, Any] = Field(default_factory=dict)


class CounterResult(Result):
    id: UUID
    name: str
    total: int
    start_date: date | None = None
    revision: int


class TotalBody(Body):
    total: int


class LotOfThings(Conflict):
    """A refusal with a name of the domain."""

    title = "Er zijn er te veel"


Gemeente = Annotated[Caller, caller_of(Role.GEMEENTE)]


async def _read(tx: Transaction, counter: UUID, caller: Caller, lock: str = "") -> CounterResult:
    row = await tx.fetchrow(f"select * from counter where id = $1 and gemeente = $2 {lock}", counter, caller.gemeente)
    if row is None:
        raise UnknownEntity("teller", counter)
    return CounterResult(id=row["id"], name=row["name"], total=row["total"], revision=row["revision"])


@router.post("", status_code=201)
async def start_counter(body: CounterBody, caller: Gemeente, tx: Tx, response: Response) -> CounterResult:
    """Starts a counter of the caller's gemeente."""
    counter = await tx.fetchval(
        "insert into counter (gemeente, name, made_by, total, notes) values ($1, $2, $3, $4, $5) returning id",
        caller.gemeente,
        body.name,
        caller.person,
        body.start_total + sum(step.size for step in body.first_steps),
        body.notes,
    )
    response.headers["Location"] = f"/v1/counters/{counter}"
    return await _read(tx, counter, caller)


@router.get("")
async def list_counters(page: Paging, caller: Gemeente, tx: Tx, newer_than: date | None = None) -> Page[CounterResult]:
    """The counters of the caller's gemeente."""
    found = await tx.fetch(
        "select * from counter where gemeente = $1 and ($2::uuid is null or id > $2) order by id limit $3",
        caller.gemeente,
        page.after_uuid,
        page.limit + 1,
    )
    return Page.of(
        found,
        page,
        key=lambda row: row["id"],
        result=lambda row: CounterResult(id=row["id"], name=row["name"], total=row["total"], revision=row["revision"]),
    )


@router.get("/{counter}")
async def read_counter(counter: UUID, caller: Gemeente, tx: Tx) -> CounterResult:
    """One counter."""
    return await _read(tx, counter, caller)


@router.put("/{counter}")
async def set_counter(counter: UUID, body: TotalBody, if_match: IfMatch, caller: Gemeente, tx: Tx) -> CounterResult:
    """Sets the total of a counter."""
    seen = await _read(tx, counter, caller, "for update")
    if seen.revision != if_match:
        raise StaleRevision(if_match, seen.revision)
    await tx.execute("update counter set total = $2, revision = revision + 1 where id = $1", counter, body.total)
    return await _read(tx, counter, caller)


@router.delete("/{counter}", status_code=204)
async def stop_counter(counter: UUID, if_match: IfMatch, caller: Gemeente, tx: Tx) -> None:
    """Removes a counter."""
    await tx.execute("delete from counter where id = $1 and revision = $2", counter, if_match)


@router.post("/{counter}/bump")
async def bump_counter(counter: UUID, caller: Gemeente, tx: Tx) -> CounterResult:
    """Adds one."""
    await _read(tx, counter, caller)
    await tx.execute("insert into bump (counter) values ($1)", counter)
    await tx.execute("update counter set total = total + 1, revision = revision + 1 where id = $1", counter)
    return await _read(tx, counter, caller)


class Clock(Result):
    now: datetime
    today: date
    person: UUID | None


@odd.get("/clock")
async def clock(caller: Annotated[Caller | None, anyone()], tx: Tx, now: Now, today: Today) -> Clock:
    """What time it is, for everybody."""
    return Clock(now=now, today=today, person=caller.person if caller else None)


@odd.post("/clock")
async def wind_clock(caller: Annotated[Caller | None, anyone()], tx: Tx) -> Result:
    """Does nothing, for everybody."""
    return Result()


@odd.get("/writes")
async def write_while_reading(caller: Annotated[Caller, caller_of()], tx: Tx) -> Result:
    """A reader that tries to write."""
    await tx.execute("delete from counter")
    return Result()


@odd.get("/broken")
async def broken(caller: Annotated[Caller | None, anyone()], secret: str = "") -> Result:
    """Fails, and tells what it was given."""
    raise RuntimeError(f"it was given {secret}")


@odd.get("/text/{text}")
async def look_up(text: str, caller: Annotated[Caller | None, anyone()], tx: Tx, q: str = "", n: int = 0) -> Result:
    """Looks for any text, and a number that Postgres may not hold."""
    await tx.fetchval("select $1::text || $2::text || $3::int", text, q, n)
    return Result()


@odd.post("/refused")
async def refused(body: TotalBody, caller: Annotated[Caller, caller_of()], tx: Tx) -> Result:
    """Refuses after it has written."""
    await tx.execute("insert into counter (gemeente, name, made_by, total) values ('GM0001', 'x', uuidv7(), 1)")
    if body.total == 400:
        raise Invalid("Zo kan het niet.", [Fault("total", "Te veel."), Fault("steps.0", "Te weinig.")])
    raise LotOfThings("Er zijn al 5 tellers.")
