"""/v1/gemeenten: figures of CBS for everybody; what a gemeente says of itself for itself and the programme managers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field

from services.matching.gemeenten import operations, store
from services.matching.gemeenten.model import OwnSituation, Profile, look_alikes, median_of, profile
from services.matching.organisations import store as organisations
from shared.contracts.vocabulary import Phase
from shared.reference import Column, Gemeente, gemeente, gemeenten, places, provinces
from shared.refusals import Fault, Invalid, UnknownEntity
from shared.web import Body, Caller, IfMatch, Page, Paging, Result, Role, Today, Tx, anyone, caller_of, service_router

router = service_router("/gemeenten", tag="Gemeenten")

Anyone = Annotated[Caller | None, anyone()]
Own = Annotated[Caller, caller_of(Role.GEMEENTE)]
Reader = Annotated[Caller, caller_of(Role.GEMEENTE, Role.PROGRAMME_MANAGER)]


def own_code(code: str, caller: Caller, today: date) -> str:
    """The code of today of the caller's own gemeente. Raises: UnknownEntity."""
    own = caller.gemeente if caller.has(Role.GEMEENTE) else None
    resolved = operations.resolved(code, today)
    if own is None or operations.resolved(own, today) != resolved:
        raise UnknownEntity("gemeente", code)
    return resolved


def readable_code(code: str, caller: Caller, today: date) -> str:
    """As `own_code`; a programme manager reads of every gemeente. Raises: UnknownEntity."""
    is_manager = caller.has(Role.PROGRAMME_MANAGER)
    return operations.resolved(code, today) if is_manager else own_code(code, caller, today)


class UnknownProvince(Invalid):
    """There is no such province."""

    title = "Deze provincie bestaat niet"


class GemeenteResult(Result):
    """A gemeente in the list. `organisation` is the same gemeente in the partner registry."""

    code: str
    uri: str
    name: str
    official_name: str
    province: str
    province_name: str
    population: int
    organisation: UUID | None

    @classmethod
    def of(cls, found: Gemeente, organisation: UUID | None) -> GemeenteResult:
        """As it is listed."""
        return cls(**_listed(found), organisation=organisation)


class FigureResult(Result):
    """A figure of CBS. `percentile` (0 to 1) is its place among all gemeenten, `median` the figure of the middle one."""

    column: Column
    value: float
    percentile: float
    median: float
    period: str
    source: str


class LookAlikeResult(Result):
    """A gemeente that is like this one: `weight` is near 1 for a twin, near 0 for one that is hardly alike."""

    code: str
    name: str
    weight: float


class NeighbourResult(Result):
    """A gemeente that borders on this one."""

    code: str
    name: str


class ProfileResult(GemeenteResult):
    """A gemeente by its figures. A column that was not published for it is left out."""

    households: int
    regions: list[str]
    figures: list[FigureResult]
    look_alikes: list[LookAlikeResult]
    neighbours: list[NeighbourResult]

    @classmethod
    def of_profile(cls, found: Profile, organisation: UUID | None) -> ProfileResult:
        """With its place among all, and those that are like it."""
        known, own = gemeenten(), found.gemeente
        return cls(
            **_listed(own),
            organisation=organisation,
            households=own.households,
            regions=list(places(own.code)),
            figures=[_figure(found, column) for column in Column if column in own.figures],
            look_alikes=[
                LookAlikeResult(code=alike.code, name=known[alike.code].short_name, weight=alike.weight)
                for alike in look_alikes(own.code)
            ],
            neighbours=[NeighbourResult(code=code, name=known[code].short_name) for code in sorted(own.neighbours)],
        )


class SituationBody(Body):
    """What a gemeente says of itself. `conflicts` are projects it may not choose and organisations it may not work with."""

    covered_phases: Annotated[tuple[Phase, ...], Field(max_length=7)] = ()
    available_fte: float | None = None
    available_euro: int | None = None
    conflicts: Annotated[tuple[UUID, ...], Field(max_length=100)] = ()
    wishes: str | None = None


class SituationResult(Result):
    """What a gemeente says of itself. Revision 0: it did not say anything yet."""

    gemeente: str
    covered_phases: list[Phase]
    available_fte: float | None
    available_euro: int | None
    conflicts: list[UUID]
    wishes: str | None

    @classmethod
    def of(cls, situation: OwnSituation) -> SituationResult:
        """As it stands."""
        return cls(
            revision=situation.revision,
            gemeente=situation.gemeente,
            covered_phases=list(situation.covered),
            available_fte=situation.have_fte,
            available_euro=situation.have_euro,
            conflicts=list(situation.conflicts),
            wishes=situation.wishes,
        )


def _listed(found: Gemeente) -> Mapping[str, object]:
    return {
        "code": found.code,
        "uri": found.uri,
        "name": found.short_name,
        "official_name": found.name,
        "province": found.province,
        "province_name": found.province_name,
        "population": found.population,
    }


def _figure(found: Profile, column: Column) -> FigureResult:
    return FigureResult(
        column=column,
        value=found.gemeente.figures[column],
        percentile=found.percentiles[column],
        median=median_of(column),
        period=column.period,
        source=f"Bron: {column.source}",
    )


@router.get("")
async def list_gemeenten(
    _caller: Anyone,
    tx: Tx,
    page: Paging,
    name: Annotated[str | None, Query(max_length=100, description="A part of the name.")] = None,
    province: Annotated[str | None, Query(description="A province, such as PV28.")] = None,
) -> Page[GemeenteResult]:
    """The gemeenten of today, in the order of their codes."""
    if province is not None and province not in provinces():
        message = f"Er is geen provincie met code {province}. Een code is PV met twee cijfers, bijvoorbeeld PV28."
        raise UnknownProvince(message, [Fault("province", message)])
    part, after = (name or "").casefold(), page.after_text or ""
    found = [
        g
        for g in gemeenten().values()
        if g.code > after
        and (part in g.name.casefold() or part in g.short_name.casefold())
        and province in (None, g.province)
    ][: page.limit + 1]
    known = await organisations.of_gemeenten(tx, [g.code for g in found])
    return Page.of(found, page, lambda g: g.code, lambda g: GemeenteResult.of(g, known.get(g.code)))


@router.get("/{code}")
async def get_gemeente(code: str, _caller: Anyone, tx: Tx, today: Today) -> ProfileResult:
    """One gemeente with its figures; under the code of one that has merged, its successor."""
    own = gemeente(operations.resolved(code, today))
    known = await organisations.of_gemeenten(tx, [own.code])
    return ProfileResult.of_profile(profile(own.code), known.get(own.code))


@router.get("/{code}/situation")
async def get_situation(code: str, caller: Reader, tx: Tx, today: Today) -> SituationResult:
    """What the gemeente says of itself."""
    return SituationResult.of(await store.read(tx, readable_code(code, caller, today)))


@router.put("/{code}/situation")
async def put_situation(
    code: str, body: SituationBody, if_match: IfMatch, caller: Own, tx: Tx, today: Today
) -> SituationResult:
    """States it anew. The first time, If-Match is "0"."""
    stated = OwnSituation(
        own_code(code, caller, today),
        body.covered_phases,
        body.available_fte,
        body.available_euro,
        body.conflicts,
        body.wishes,
    )
    return SituationResult.of(await operations.tell(tx, stated, if_match))
