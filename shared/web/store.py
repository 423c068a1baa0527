"""The web's own tables in a service's schema: the persons behind logins, and the answers kept for retries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.storage import Transaction, rows

FIND_PERSON = "select id from person where subject = $1"
ADD_PERSON = "insert into person (subject) values ($1) on conflict (subject) do nothing returning id"
# The update changes nothing: it waits for whoever is answering under this key, and returns what they left.
CLAIM = """
insert into idempotency (caller, key, fingerprint, asked_at) values ($1, $2, $3, $4)
on conflict (caller, key) do update set key = excluded.key
returning fingerprint, status, headers, body
"""
ANSWER = "update idempotency set status = $3, headers = $4, body = $5 where caller = $1 and key = $2"
FORGET = """
delete from idempotency where (caller, key) in
(select caller, key from idempotency where asked_at < $1 order by asked_at limit $2)
"""
LOCK_PERSON = "select id, display_name from person where subject = $1 for update"
EMPTY_PERSON = "update person set subject = null, display_name = null where id = $1"
FORGET_CALLER = "delete from idempotency where caller = $1"
# What is found first is looked at closely afterwards: a name may be part of another word.
ANSWERS_WITH = """
select caller, key, body from idempotency i
where exists (select 1 from unnest($1::bytea[]) as word where position(word in i.body) > 0) for update
"""
REPLACE_ANSWER = "update idempotency set body = $3 where caller = $1 and key = $2"


@dataclass(frozen=True, slots=True)
class Asked:
    """A mutation: the person who asks, a hash of the key that they gave it, and one of what is asked."""

    caller: UUID
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A response that succeeded."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """What stands under a key. Without a status it is ours to answer."""

    fingerprint: bytes
    status: int | None
    headers: dict[str, str] | None
    body: bytes | None


async def person(tx: Transaction, subject: str) -> UUID:
    """The person behind a login, made when new."""
    for sql in (FIND_PERSON, ADD_PERSON, FIND_PERSON):
        if found := await tx.fetchval(sql, subject):
            return UUID(bytes=found.bytes)
    raise LookupError("a person was erased while they logged in")


async def claim(tx: Transaction, asked: Asked, now: datetime) -> Kept:
    """Takes this key, or finds what was answered under it; waits for another transaction that holds it."""
    row = await tx.fetchrow(CLAIM, asked.caller, asked.key, asked.fingerprint, now)
    return rows.read(Kept, dict(row or {}))


async def keep(tx: Transaction, asked: Asked, answer: Answer) -> None:
    """Keeps the answer for whoever asks again."""
    await tx.execute(ANSWER, asked.caller, asked.key, answer.status, dict(answer.headers), answer.body)


async def forget(tx: Transaction, before: datetime, most: int) -> int:
    """Deletes the first answers to what was asked before then, and says how many that were."""
    return await tx.changed(FORGET, before, most)


async def lock_person(tx: Transaction, subject: str) -> tuple[UUID, str | None] | None:
    """Who has this login, by id and name; kept as it is until the transaction ends. None if nobody has."""
    row = await tx.fetchrow(LOCK_PERSON, subject)
    return None if row is None else (UUID(bytes=row["id"].bytes), row["display_name"])


async def empty_person(tx: Transaction, person: UUID) -> None:
    """Takes login and name away for ever. The id stays, as it stands elsewhere."""
    await tx.execute(EMPTY_PERSON, person)


async def forget_caller(tx: Transaction, person: UUID) -> int:
    """Deletes what was answered to this person, and says how much that was."""
    return await tx.changed(FORGET_CALLER, person)


async def answers_with(tx: Transaction, words: Sequence[bytes]) -> list[tuple[UUID, str, bytes]]:
    """The kept answers in which one of these stands somewhere: caller, key and body."""
    found = await tx.fetch(ANSWERS_WITH, list(words))
    return [(UUID(bytes=row["caller"].bytes), row["key"], row["body"]) for row in found]


async def replace_answer(tx: Transaction, caller: UUID, key: str, body: bytes) -> None:
    """Keeps this instead of what was answered."""
    await tx.execute(REPLACE_ANSWER, caller, key, body)
