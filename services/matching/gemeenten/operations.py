"""What a gemeente tells of itself, and how its code leads to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.matching.gemeenten import store
from services.matching.gemeenten.model import OwnSituation
from shared.reference import UnknownGemeente, current_code
from shared.refusals import StaleRevision, UnknownEntity
from shared.storage import Transaction


def resolved(code: str, today: date) -> str:
    """The code under which this gemeente goes today: that of its successor where it has merged. Raises: UnknownEntity."""
    try:
        return current_code(code, today)
    except UnknownGemeente:
        raise UnknownEntity("gemeente", code) from None


async def tell(tx: Transaction, stated: OwnSituation, seen: int) -> OwnSituation:
    """The situation as the gemeente states it now; `seen` is the revision that it looked at.

    Raises: StaleRevision, InvalidSituation.
    """
    known = await store.lock(tx, stated.gemeente)
    if seen != known.revision:
        raise StaleRevision(seen, known.revision)
    stated.check()
    return await store.save(tx, replace(stated, revision=known.revision))
