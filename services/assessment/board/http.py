"""/v1/board-members and /v1/board-settings: who weighs projects, and how many of them a decision needs."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.assessment.board import operations, store
from services.assessment.board.model import Affiliation, Member, Quorum, Seat
from services.assessment.board.operations import Seated
from shared.web import Body, Caller, IfMatch, Page, Paging, Result, Role, Tx, caller_of, naming_a_person, service_router

router = service_router("/board-members", tag="Board")
settings = service_router("/board-settings", tag="Board settings")

ProgrammeManager = Annotated[Caller, caller_of(Role.PROGRAMME_MANAGER)]
Board = Annotated[Caller, caller_of(Role.BOARD_MEMBER, Role.PROGRAMME_MANAGER)]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[ -~]+$")]


class AffiliationBody(Body):
    """An organisation that the member works for, or worked for until this day."""

    organisation: UUID
    until: date | None = None


class MemberBody(Body):
    """What is told of a member. The name is kept apart, where it can be erased."""

    seat: Seat
    affiliations: Annotated[tuple[AffiliationBody, ...], Field(max_length=50)]
    since: date
    until: date | None = None
    name: Annotated[str, StringConstraints(max_length=200)] | None = None

    def seated(self) -> Seated:
        """As the domain has it."""
        affiliations = tuple(Affiliation(a.organisation, a.until) for a in self.affiliations)
        return Seated(self.seat, affiliations, self.since, self.until, self.name)


class NewMemberBody(MemberBody):
    """A member to come, and the login (the `sub` of the token) by which the member is known."""

    subject: Subject


class AffiliationResult(Result):
    """An organisation of the member; `until` is the last day there."""

    organisation: UUID
    until: date | None


class MemberResult(Result):
    """A seat on the board. `name` is absent where the person was erased."""

    id: UUID
    seat: Seat
    affiliations: list[AffiliationResult]
    since: date
    until: date | None
    name: str | None = None

    @classmethod
    def of(cls, member: Member, name: str | None) -> MemberResult:
        """With the name, from the table where it can be erased."""
        return cls.model_validate(member, from_attributes=True).model_copy(update={"name": name})


class SettingsBody(Body):
    """How many members must have reviewed a project, and from how many different seats at least."""

    reviews: int
    seats: int


class SettingsResult(Result):
    """What a decision needs."""

    reviews: int
    seats: int

    @classmethod
    def of(cls, settings: store.Settings) -> SettingsResult:
        """As it holds now."""
        return cls(revision=settings.revision, reviews=settings.quorum.reviews, seats=settings.quorum.seats)


@router.get("")
async def list_members(_caller: Board, tx: Tx, page: Paging) -> Page[MemberResult]:
    """Who sits or sat on the board."""
    found = await store.page(tx, page.after_uuid, page.limit + 1)
    return Page.of(found, page, lambda row: row[0].id, lambda row: MemberResult.of(*row))


@router.post("", status_code=201)
@naming_a_person("subject")
async def seat_member(body: NewMemberBody, _caller: ProgrammeManager, tx: Tx) -> MemberResult:
    """Gives somebody a seat."""
    return MemberResult.of(*await operations.seat(tx, body.subject, body.seated()))


@router.put("/{member}")
async def put_member(
    member: UUID, body: MemberBody, if_match: IfMatch, _caller: ProgrammeManager, tx: Tx
) -> MemberResult:
    """Changes the seat, the organisations, the term or the name of a member."""
    return MemberResult.of(*await operations.change(tx, member, body.seated(), if_match))


@settings.get("")
async def get_settings(_caller: Board, tx: Tx) -> SettingsResult:
    """The quorum in force."""
    return SettingsResult.of(await store.settings(tx))


@settings.put("")
async def put_settings(body: SettingsBody, if_match: IfMatch, _caller: ProgrammeManager, tx: Tx) -> SettingsResult:
    """Sets the quorum for decisions from now on."""
    return SettingsResult.of(await operations.set_quorum(tx, Quorum(body.reviews, body.seats), if_match))
