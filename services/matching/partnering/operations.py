"""Which organisations could join an adoption: what is looked for, and among whom."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.matching.adoptions import store as adoptions
from services.matching.adoptions.model import Adoption, Viewer
from services.matching.catalogue import store as catalogue
from services.matching.gemeenten import store as gemeenten
from services.matching.organisations import store as organisations
from services.matching.organisations.model import Organisation
from services.matching.partnering.model import Candidates, Search, candidates
from services.matching.partnerships.model import PartnershipState
from shared.contracts.vocabulary import Means
from shared.refusals import UnknownEntity
from shared.storage import Transaction


@dataclass(frozen=True, slots=True)
class Found:
    """Who could join, and the registry that they come from."""

    candidates: Candidates
    registry: Mapping[UUID, Organisation]


async def find(tx: Transaction, adoption: UUID, viewer: Viewer, today: date) -> Found:
    """For the gemeente itself and the programme managers: partners do not see who else could help. Raises: UnknownEntity."""
    known = await adoptions.read(tx, adoption)
    if not known.is_seen_whole_by(viewer):
        raise UnknownEntity("overname", adoption)
    search, registry = await _search(tx, known), await organisations.read_all(tx)
    taken = await adoptions.taken(tx)
    found = await asyncio.to_thread(candidates, search, registry, taken, today)
    return Found(found, {organisation.id: organisation for organisation in registry})


async def _search(tx: Transaction, adoption: Adoption) -> Search:
    """What the adopted version asks of partners, and who takes part in it already."""
    entry = await catalogue.load(tx, adoption.project)
    version = None if entry is None else entry.versions.get(adoption.project_version)
    own = await gemeenten.read(tx, adoption.gemeente)
    return Search(
        adoption.gemeente,
        adoption.gemeente_organisation,
        frozenset(version.phases if version else ()),
        frozenset(version.target_groups if version else ()),
        frozenset(version.needed_means if version else ()),
        frozenset(version.needed_kinds if version else ()),
        _present(adoption),
        frozenset(own.conflicts),
    )


def _present(adoption: Adoption) -> Mapping[UUID, frozenset[Means]]:
    """Who was asked or claims is not suggested again, but fills its role only once that is confirmed."""
    present: dict[UUID, frozenset[Means]] = defaultdict(frozenset)
    for partnership in adoption.partnerships:
        if partnership.state is PartnershipState.CONFIRMED:
            present[partnership.organisation] |= {partnership.role}
        elif partnership.state is PartnershipState.CONCEPT:
            present[partnership.organisation] |= frozenset()
    return present
