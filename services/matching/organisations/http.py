"""/v1/organisations: the partner registry. Anyone sees who works where on what; the rest is the organisation's own."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field

from services.matching.organisations import operations, store
from services.matching.organisations.model import MOST_RELATIONS, Organisation, Relation
from services.matching.organisations.operations import Editor
from services.matching.organisations.store import Search
from shared.contracts.vocabulary import Means, PartnerKind, Phase, RelationKind, TargetGroup
from shared.reference import places
from shared.web import Body, Caller, IfMatch, Page, Paging, Result, Role, Tx, anyone, caller_of, service_router

router = service_router("/organisations", tag="Organisations")

Anyone = Annotated[Caller | None, anyone()]
ProgrammeManager = Annotated[Caller, caller_of(Role.PROGRAMME_MANAGER)]
Owner = Annotated[Caller, caller_of(Role.PARTNER, Role.GEMEENTE, Role.PROGRAMME_MANAGER)]


class RelationBody(Body):
    """What the organisation is to another. `until` is the last day on which it holds."""

    organisation: UUID
    kind: RelationKind
    until: date | None = None


class OrganisationBody(Body):
    """An organisation as it is stated. `regions` are gemeenten (GM0518), provinces (PV28) or NL."""

    name: str
    kind: PartnerKind
    gemeente: str | None = None
    regions: Annotated[tuple[str, ...], Field(max_length=342)] = ()
    phases: Annotated[tuple[Phase, ...], Field(max_length=7)] = ()
    target_groups: Annotated[tuple[TargetGroup, ...], Field(max_length=5)] = ()
    means: Annotated[tuple[Means, ...], Field(max_length=4)] = ()
    capacity_adoptions: int = 0
    relations: Annotated[tuple[RelationBody, ...], Field(max_length=MOST_RELATIONS)] = ()
    active: bool = True
    merged_into: UUID | None = None

    def stated(self, organisation: UUID) -> Organisation:
        """As the domain has it. Relations have no order of their own."""
        relations = sorted(
            (Relation(**dict(relation)) for relation in self.relations), key=lambda r: (r.kind, r.organisation)
        )
        return Organisation(organisation, **{**dict(self), "relations": tuple(relations)})


class RelationResult(Result):
    """What the organisation is to another."""

    organisation: UUID
    kind: RelationKind
    until: date | None


class OrganisationResult(Result):
    """An organisation. Capacity and relations are null, except for itself and for a programme manager."""

    id: UUID
    name: str
    kind: PartnerKind
    gemeente: str | None
    regions: list[str]
    phases: list[Phase]
    target_groups: list[TargetGroup]
    means: list[Means]
    active: bool
    merged_into: UUID | None
    capacity_adoptions: int | None
    relations: list[RelationResult] | None

    @classmethod
    def of(cls, organisation: Organisation, editor: Editor) -> OrganisationResult:
        """As this editor may see it."""
        whole = cls.model_validate(organisation, from_attributes=True)
        if editor.sees_all_of(organisation):
            return whole
        return whole.model_copy(update={"capacity_adoptions": None, "relations": None})


def editor(caller: Caller | None) -> Editor:
    """What the caller may see and change."""
    if caller is None:
        return Editor(is_programme_manager=False)
    return Editor(
        caller.has(Role.PROGRAMME_MANAGER),
        caller.organisation if caller.has(Role.PARTNER) else None,
        caller.gemeente if caller.has(Role.GEMEENTE) else None,
    )


@router.get("")
async def list_organisations(
    caller: Anyone,
    tx: Tx,
    page: Paging,
    kind: PartnerKind | None = None,
    means: Means | None = None,
    gemeente: Annotated[str | None, Query(description="Only who works in this gemeente (GM0518).")] = None,
    name: Annotated[str | None, Query(max_length=300, description="A part of the name.")] = None,
) -> Page[OrganisationResult]:
    """The registry, in the order of registration."""
    wanted = Search(kind, means, None if gemeente is None else tuple(places(gemeente)), name)
    found = await store.search(tx, wanted, page.after_uuid, page.limit + 1)
    return Page.of(found, page, lambda o: o.id, lambda o: OrganisationResult.of(o, editor(caller)))


@router.get("/{organisation}")
async def get_organisation(organisation: UUID, caller: Anyone, tx: Tx) -> OrganisationResult:
    """One organisation."""
    return OrganisationResult.of(await store.read(tx, organisation), editor(caller))


@router.post("", status_code=201)
async def register_organisation(body: OrganisationBody, caller: ProgrammeManager, tx: Tx) -> OrganisationResult:
    """Adds an organisation to the registry."""
    return OrganisationResult.of(await operations.register(tx, body.stated), editor(caller))


@router.put("/{organisation}")
async def put_organisation(
    organisation: UUID, body: OrganisationBody, if_match: IfMatch, caller: Owner, tx: Tx
) -> OrganisationResult:
    """States an organisation anew. What it is, and what it goes up in, is for a programme manager to say."""
    changed = await operations.change(tx, body.stated(organisation), editor(caller), if_match)
    return OrganisationResult.of(changed, editor(caller))
