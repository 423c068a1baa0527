"""What everybody may read of impact: the figures that are shown now, their sums, and the ledger line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.impact.figures import store
from services.impact.publication.model import Family, Total, total
from shared.reference import COUNTRY, indicator, provinces
from shared.storage import Transaction


@dataclass(frozen=True, slots=True)
class RegionTotal:
    """What the figures of one region come to."""

    region: str
    total: Total


async def totals(tx: Transaction, family: Family) -> Sequence[RegionTotal]:
    """The country and the provinces of which anything is shown; of all others there is nothing, never 0.

    Raises: UnknownIndicator.
    """
    indicator(family.indicator)
    blocks, members = await store.of_family(tx, family), await store.members(tx, family)
    found = ((region, total(region, blocks, members)) for region in (COUNTRY, *provinces()))
    return [RegionTotal(region, summed) for region, summed in found if summed]
