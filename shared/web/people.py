"""The opaque person behind each login: what a service writes down instead of a name."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from uuid import UUID

from shared.clock import Clock
from shared.storage import Database, Transaction
from shared.web import store

REMEMBERED_FOR = timedelta(minutes=1)
MAX_REMEMBERED = 4_096


async def person_of(tx: Transaction, subject: str) -> UUID:
    """The id of the person with this login, made when it is new."""
    return await store.person(tx, subject)


class People:
    """Finds persons outside the transaction of the request, as a reader's may not write, and remembers them briefly."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._remembered: OrderedDict[str, tuple[UUID, datetime]] = OrderedDict()

    def forget(self, subject: str) -> None:
        """Looks again for who this is, as they were erased."""
        self._remembered.pop(subject, None)

    async def find(self, subject: str) -> UUID:
        """The person with this login. After an erasure the old id may still be given for a minute."""
        now = self._clock()
        if (known := self._remembered.get(subject)) and now - known[1] < REMEMBERED_FOR:
            return known[0]
        async with self._database.transaction() as tx:
            person = await person_of(tx, subject)
        self._remembered[subject] = person, now
        if len(self._remembered) > MAX_REMEMBERED:
            self._remembered.popitem(last=False)
        return person
