"""The web's own tables in a service's schema: the persons behind logins, and the answers kept for retries."""

from __future__ import annotations

from collections.abc import Mapping
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
FORGET = "delete from idempotency where asked_at < $1"


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


async def forget(tx: Transaction, before: datetime) -> None:
    """Deletes the answers to what was asked before then."""
    await tx.execute(FORGET, before)
