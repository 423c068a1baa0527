"""OrganisationChanged: what the partner registry knows of an organisation."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.event import EventData, GemeenteCode, Line, RegionCode, Stream, Wire
from shared.contracts.vocabulary import Means, PartnerKind, Phase, RelationKind, TargetGroup


class Relation(Wire):
    """From this organisation to another. `until` is the last day on which it holds; open means now."""

    organisation: UUID
    kind: RelationKind
    until: date | None = None


class OrganisationChanged(EventData):
    """The organisation as it stands after the change. Organisations never merge: one ends with `merged_into`."""

    TYPE: ClassVar[str] = "organisation-changed"
    STREAM: ClassVar[Stream] = Stream.ORGANISATIONS
    ENTITY: ClassVar[str] = "organisation"

    organisation: UUID
    name: Line
    kind: PartnerKind
    gemeente: GemeenteCode | None = None
    """Set where the organisation is a gemeente itself."""
    regions: Annotated[tuple[RegionCode, ...], Field(max_length=342)] = ()
    phases: Annotated[tuple[Phase, ...], Field(max_length=7)] = ()
    target_groups: Annotated[tuple[TargetGroup, ...], Field(max_length=5)] = ()
    means: Annotated[tuple[Means, ...], Field(max_length=4)] = ()
    capacity_adoptions: Annotated[int, Field(ge=0)] = 0
    """How many adoptions it can take part in at the same time."""
    relations: Annotated[tuple[Relation, ...], Field(max_length=200)] = ()
    active: bool = True
    merged_into: UUID | None = None
