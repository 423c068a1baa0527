"""Dead letters: each as the record that it was, heard after all or taken away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

import asyncpg

from shared.messaging import mending
from shared.messaging.envelope import Illegible
from shared.messaging.listener import Listener
from shared.messaging.looking import NotThere
from shared.messaging.parking import headers_in
from shared.messaging.refused import NotReplayable, Why
from shared.messaging.repairing import Named, named
from shared.storage import Transaction

TAKE = "delete from dead_letter where id = $1 returning *"


@dataclass(frozen=True, slots=True)
class LetterRecord:
    """What a decoder reads."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


def letter_record(row: asyncpg.Record) -> LetterRecord:
    """The row of a letter of which the bytes were kept."""
    return LetterRecord(row["topic"], row["part"], row["off"], row["key"], row["value"], headers_in(row["headers"]))


async def take(tx: Transaction, letter: UUID) -> asyncpg.Record:
    """Deletes one, and gives what it was. Raises: NotThere."""
    row: asyncpg.Record | None = await tx.fetchrow(TAKE, letter)
    if row is None:
        raise NotThere(f"There is no dead letter {letter}. See `dead-letters list`.")
    return row


async def replay(tx: Transaction, listener: Listener, letter: UUID, names: Named) -> str:
    """Reads one again and hears it as if it came now; `names` says whose it is where its headers do not.

    Returns what came of it. Raises: NotThere, NotReplayable, Overtaken.
    """
    row = await take(tx, letter)
    if not row["bytes_kept"]:
        raise NotReplayable(Why.NO_BYTES)
    record = letter_record(row)
    arrival = listener.decoder.decode(replace(record, headers=named(record, names)))
    if arrival is None:
        raise NotReplayable(Why.OTHER_VERSION)
    if isinstance(arrival, Illegible):
        raise NotReplayable(Why.ILLEGIBLE, fault=arrival.reason)
    outcome, is_new = await listener.hear_one(tx, arrival)
    if is_new:  # what had come before stays what it was, for whoever copies the log
        await mending.keep(tx, (arrival.stream, arrival.entity), arrival.sequence, arrival.id, arrival.record)
    return outcome
