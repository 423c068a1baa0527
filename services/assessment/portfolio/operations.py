"""What the portfolio keeps of what it hears, one row for each adoption and each published block, and what it tells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.assessment.portfolio import store
from services.assessment.portfolio.model import Addition, Portfolio
from shared.contracts.events import AdoptionStarted, Event, ImpactPublished
from shared.storage import Transaction


async def keep_adoptions(tx: Transaction, events: Sequence[Event[AdoptionStarted]]) -> None:
    """Keeps each adoption as it was told last; an adoption's own events come in order."""
    latest = {event.subject: event.data for event in events}
    await store.save_adoptions(tx, [latest[adoption] for adoption in sorted(latest)])


async def keep_figures(tx: Transaction, events: Sequence[Event[ImpactPublished]]) -> None:
    """Keeps the newest release of each block; one that was withdrawn counts no more."""
    latest = {event.subject: event.data for event in events}
    await store.save_figures(tx, [latest[block] for block in sorted(latest)])


async def portfolio(tx: Transaction, today: date) -> Portfolio:
    """What can be taken over today, and what is weighed."""
    return Portfolio(await store.adoptable(tx, today), await store.weighed(tx))


async def addition(tx: Transaction, assessment: UUID, today: date) -> Addition:
    """What one project version would add to what can be taken over today. Raises: UnknownEntity."""
    return Portfolio(await store.adoptable(tx, today)).addition_of(await store.entry(tx, assessment))
