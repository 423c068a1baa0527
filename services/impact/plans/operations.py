"""What can happen to the plans of an adoption. Nobody else is told: a plan is no figure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.impact.adoptions import operations as adoptions
from services.impact.adoptions.operations import Reader
from services.impact.plans import store
from services.impact.plans.model import Plan, Plans
from shared.refusals import StaleRevision
from shared.storage import Transaction


async def state(
    tx: Transaction, adoption: UUID, gemeente: str, stated: Sequence[Plan], *, seen: int, today: date
) -> Plans:
    """The plans as the gemeente states them now; `seen` is the revision that it looked at.

    Raises: UnknownAdoption, StaleRevision, AdoptionHasEnded, InvalidPlan, AlreadyMeasured.
    """
    own = await adoptions.lock_own(tx, adoption, gemeente, today)
    known = await store.read(tx, adoption)
    if seen != known.revision:
        raise StaleRevision(seen, known.revision)
    return await store.save(tx, known.restate(stated, own, await store.measured(tx, adoption)))


async def read(tx: Transaction, adoption: UUID, reader: Reader) -> Plans:
    """Raises: UnknownAdoption."""
    await adoptions.read(tx, adoption, reader)
    return await store.read(tx, adoption)
