"""A service as small as one can be that takes something from outside: adoptions that ended, each with a word for a reason.

"weiger" is refused by its owner, "half" after it was written and said, "kapot" fails until it was repaired, "weg" finds that
something is away for a moment, "van een ander" is not covered by what only the owner knows.
"""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from shared.contracts.events import AdoptionEnded
from shared.publishing import NotYours, Offer, take
from shared.refusals import Conflict, Fault
from shared.runtime import Service
from shared.storage import Transaction


async def take_ended(tx: Transaction, offer: Offer[AdoptionEnded]) -> UUID:
    """Writes the word down, and says it."""
    word = offer.data.reason
    if word == "weiger":
        raise Conflict("Dit woord kan nu niet.", [Fault("reason", "Kies een ander woord.")])
    if word == "van een ander":
        raise NotYours("adoption", "gemeente GM0599")
    if word == "kapot" and not await tx.fetchval("select exists (select from repaired)"):
        raise RuntimeError("nobody foresaw this")
    await tx.execute("insert into ended values ($1, $2, $3)", offer.data.adoption, word, offer.id)
    tx.say(offer.data)
    if word == "half":
        raise Conflict("Halverwege bleek dat het niet kan.")
    if word == "weg":
        raise ConnectionError
    return offer.data.adoption


def toy(name: str) -> Service:
    """The toy on the schema of this name."""
    return Service(
        name=name,
        title="Toy",
        home=Path(__file__).parent,
        says=[AdoptionEnded],
        hears=[],
        answers=[],
        takes=[take(AdoptionEnded, take_ended)],
    )
