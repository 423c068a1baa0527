"""How an adoption comes along: plan, figures and what is published of them, side by side."""

from __future__ import annotations

from uuid import UUID

from services.impact.adoptions import operations as adoptions
from services.impact.adoptions.model import Surroundings
from services.impact.adoptions.operations import Reader
from services.impact.observations import store as observations
from services.impact.plans import store as plans
from services.impact.progress.model import Series, series
from services.impact.publication import store as publication
from shared.storage import Transaction


async def read(tx: Transaction, adoption: UUID, reader: Reader) -> tuple[Surroundings, tuple[Series, ...]]:
    """The adoption and each of its indicators. Raises: UnknownAdoption."""
    known = await adoptions.read_around(tx, adoption, reader)
    own = known.adoption
    recorded = await observations.of_adoption(tx, adoption)
    standings = await publication.standings(tx, own.project, own.gemeente)
    return known, series(own, await plans.read(tx, adoption), recorded, standings, reader.today)
