"""What can happen to the board, and what it hears of organisations. Each is one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.assessment.board import store
from services.assessment.board.model import Affiliation, Member, Organisation, Quorum, Seat
from services.assessment.board.store import Settings
from shared.contracts.events import Event, OrganisationChanged
from shared.refusals import UnknownEntity
from shared.storage import StaleRevision, Transaction
from shared.web.people import person_of

NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Seated:
    """What is told of a member: the seat, the organisations, the term, and how the person is called."""

    seat: Seat
    affiliations: tuple[Affiliation, ...]
    since: date
    until: date | None
    name: str | None

    def member(self, member: UUID, person: UUID, revision: int = 0) -> Member:
        """As the domain has it, without the name."""
        return Member(member, person, self.seat, self.affiliations, self.since, self.until, revision)


async def seat(tx: Transaction, subject: str, seated: Seated) -> tuple[Member, str | None]:
    """Gives the person with this login a seat; with the name. Raises: InvalidMember, AlreadySeated."""
    await store.lock(tx)
    member = seated.member(NOBODY, await person_of(tx, subject))
    (await store.board(tx)).seat(member)
    name = await store.name(tx, member.person, seated.name)
    return await store.add(tx, member), name


async def change(tx: Transaction, member: UUID, seated: Seated, seen: int) -> tuple[Member, str | None]:
    """Changes what is told of a member; with the name, None of who was erased.

    Raises: UnknownEntity, StaleRevision, InvalidMember, AlreadySeated.
    """
    await store.lock(tx)
    board = await store.board(tx)
    known = next((each for each in board.members if each.id == member), None)
    if known is None:
        raise UnknownEntity("boardlid", member)
    if seen != known.revision:
        raise StaleRevision(seen, known.revision)
    changed = seated.member(member, known.person, known.revision)
    board.seat(changed)
    name = await store.name(tx, changed.person, seated.name)
    return await store.save(tx, changed), name


async def set_quorum(tx: Transaction, quorum: Quorum, seen: int) -> Settings:
    """Sets what a decision needs from now on. Raises: StaleRevision, InvalidQuorum."""
    await store.lock(tx)
    known = await store.settings(tx)
    if seen != known.revision:
        raise StaleRevision(seen, known.revision)
    quorum.check()
    return await store.save_settings(tx, quorum)


async def keep_organisations(tx: Transaction, events: Sequence[Event[OrganisationChanged]]) -> None:
    """Keeps each organisation as it was told last: its events come in order, and each tells all of it."""
    latest = {event.subject: Organisation.of(event.data) for event in events}
    await store.save_organisations(tx, [latest[organisation] for organisation in sorted(latest)])
