"""Whose adoption it is. Whoever may not see one finds nothing there, as if it had not been heard of yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.impact.adoptions import store
from services.impact.adoptions.model import Adoption, Surroundings, UnknownAdoption
from shared.storage import Transaction


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks: a gemeente sees its own adoptions, a programme manager all."""

    gemeente: str | None
    sees_all: bool
    today: date

    def sees(self, adoption: Adoption) -> bool:
        """Whether this adoption is among them."""
        return self.sees_all or (self.gemeente is not None and adoption.is_of(self.gemeente, self.today))


async def read(tx: Transaction, adoption: UUID, reader: Reader) -> Adoption:
    """Raises: UnknownAdoption."""
    known = await store.read(tx, adoption)
    if not reader.sees(known):
        raise UnknownAdoption(adoption)
    return known


async def lock_own(tx: Transaction, adoption: UUID, gemeente: str, today: date) -> Adoption:
    """The gemeente's own adoption, held until the commit: its plan and figures change one at a time.

    Raises: UnknownAdoption.
    """
    await read(tx, adoption, Reader(gemeente, sees_all=False, today=today))
    return await store.lock(tx, adoption)


async def read_around(tx: Transaction, adoption: UUID, reader: Reader) -> Surroundings:
    """The adoption with what is known around it. Raises: UnknownAdoption."""
    return await store.surroundings(tx, await read(tx, adoption, reader))
