"""OrganisationChanged: what the partner registry knows of an organisation is new, or has changed."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.event import EventData, GemeenteCode, Line, RegionCode, Stream, Wire
from shared.contracts.vocabulary import Means, PartnerKind, Phase, RelationKind, TargetGroup


class Relation(Wire):
    """How this organisation is bound to another."""

    organisation: UUID
    """The other organisation."""
    kind: RelationKind
    """How the two are bound."""
    until: date | None = None
    """The last day on which it holds; absent where it holds on."""


class OrganisationChanged(EventData):
    """The organisation as it stands after the change. Organisations never merge: one ends with `merged_into`."""

    TYPE: ClassVar[str] = "organisation-changed"
    STREAM: ClassVar[Stream] = Stream.ORGANISATIONS
    ENTITY: ClassVar[str] = "organisation"

    organisation: UUID
    """The organisation."""
    name: Line
    """What it is called."""
    kind: PartnerKind
    """What kind of organisation it is."""
    gemeente: GemeenteCode | None = None
    """Set where the organisation is a gemeente itself."""
    regions: Annotated[tuple[RegionCode, ...], Field(max_length=342)] = ()
    """Where it works."""
    phases: Annotated[tuple[Phase, ...], Field(max_length=7)] = ()
    """The phases of debt help that it works in."""
    target_groups: Annotated[tuple[TargetGroup, ...], Field(max_length=5)] = ()
    """For whom it works."""
    means: Annotated[tuple[Means, ...], Field(max_length=4)] = ()
    """What it can bring."""
    capacity_adoptions: Annotated[int, Field(ge=0)] = 0
    """How many adoptions it can take part in at the same time."""
    relations: Annotated[tuple[Relation, ...], Field(max_length=200)] = ()
    """How it is bound to others, now or before."""
    active: bool = True
    """Whether it still takes part."""
    merged_into: UUID | None = None
    """The organisation that it went up in; absent for one that stands alone."""
