"""What an outside system offers, as the operation of its owner gets it: for tests of what that makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest

from shared.access import Publisher, Right, Scope
from shared.contracts.event import EventData
from shared.publishing.taking import Offer, Operation
from shared.refusals import Refusal
from tests.standing import Standing, Told

D = TypeVar("D", bound=EventData)
ALL = Scope(everything=True)
SYSTEM = "urn:nld:oin:00000099000000000001:systeem:"


def only(*names: object) -> Scope:
    """A right to these and no others."""
    return Scope(frozenset(map(str, names)))


@dataclass(frozen=True)
class Outsider:
    """A publisher with its right, at a service that stands; it may speak for all unless a test says otherwise."""

    standing: Standing
    operation: Operation
    gemeenten: Scope = ALL
    projects: Scope = ALL
    organisations: Scope = ALL
    delegation: str | None = None

    def offer(self, data: D) -> Offer[D]:
        """What it wants to have said, as a publication of its own."""
        right = Right(data.TYPE, self.gemeenten, self.projects, self.organisations, self.delegation)
        return Offer(Publisher("voorbeeld", "00000099000000010009", (right,)), right, uuid4(), data, self.standing.now)

    async def says(self, data: EventData) -> tuple[UUID, UUID]:
        """Offers it: the entity that came of it, and the publication."""
        offer = self.offer(data)
        async with self.standing.database.transaction() as tx:
            return await self.operation(offer.within(tx), offer), offer.id

    async def tells(self, data: EventData) -> Told:
        """Offers it, and gives the one event that came of it: in our name, with the publication as its cause."""
        before = len(await self.standing.said())
        entity, publication = await self.says(data)
        (said,) = (await self.standing.said())[before:]
        assert (said.entity, said.type) == (entity, data.ce_type())
        assert said.headers["ce_source"] == SYSTEM + self.standing.service.name
        assert said.headers["ce_causationid"] == str(publication)
        return said

    async def is_refused(self, data: EventData, kind: type[Refusal] = Refusal) -> Refusal:
        """Offers it, and gives the refusal: nothing was said."""
        before = len(await self.standing.said())
        with pytest.raises(kind) as refused:
            await self.says(data)
        assert len(await self.standing.said()) == before
        return refused.value


def places(refusal: Refusal) -> set[str]:
    """The fields that it names."""
    return {fault.field for fault in refusal.faults}


def anew(data: D, **more: Any) -> D:
    """The same with some fields changed, validated as it is when it comes in."""
    return type(data).model_validate({**dict(data), **more})
