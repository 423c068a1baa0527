"""How the catalogue is searched, and what stands on the page of a project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from services.matching.catalogue import store
from services.matching.catalogue.model import Entry
from services.matching.catalogue.store import Adopter, Offered, Wanted
from shared.contracts.events import ImpactPublished, ProjectSubmitted
from shared.refusals import UnknownEntity
from shared.storage import Transaction

MOST_FIGURES = 100


@dataclass(frozen=True, slots=True)
class Whole:
    """A project with where it runs and what was published of it: the first figures, and whether there are more."""

    entry: Entry
    offer: ProjectSubmitted
    adopters: Sequence[Adopter]
    figures: Sequence[ImpactPublished]
    more_figures: bool


async def search(tx: Transaction, wanted: Wanted, today: date, after: UUID | None, limit: int) -> Sequence[Offered]:
    """What can be taken over today. All words must be found; where no project has them all, any of them (methods.md F)."""
    if wanted.words is not None and not await store.offered(tx, wanted, today, None, 1):
        wanted = replace(wanted, any_word=True)
    return await store.offered(tx, wanted, today, after, limit)


async def read(tx: Transaction, project: UUID) -> Whole:
    """The project, once a board has let gemeenten adopt a version of it; also after it was withdrawn. Raises: UnknownEntity."""
    entry = await store.load(tx, project)
    if entry is None or entry.offer is None:
        raise UnknownEntity("project", project)
    figures = await store.blocks_of(tx, project, None, MOST_FIGURES + 1)
    adopters = await store.adopters(tx, project)
    return Whole(entry, entry.offer, adopters, figures[:MOST_FIGURES], len(figures) > MOST_FIGURES)
