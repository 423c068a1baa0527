"""The portfolioboard: who sits on it, for whom, and how many must have looked at a project before it may be decided.

Source: domain.md, Afwegingskader. Quorum and voting rule are not published: they are configuration.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from uuid import UUID

from shared.conflicts import Tie
from shared.contracts.events import OrganisationChanged
from shared.refusals import Conflict, Fault, Forbidden, Invalid
from shared.terms import years_after

MOST_REVIEWS = 50
TIES_COUNT_FOR_YEARS = 2  # methods.md C: organisations of now and of the last two years


class InvalidMember(Invalid):
    """What is told of a member is wrong; every fault names its field."""


class InvalidQuorum(Invalid):
    """A quorum that the board can never have."""


class AlreadySeated(Conflict):
    """One person holds one seat at a time."""


class NotOnTheBoard(Forbidden):
    """Only who sits on the board today reviews and decides."""


class Seat(StrEnum):
    """For whom somebody sits on the board."""

    DIRECTEUR = "directeur"
    VNG = "vng"
    PARTNERS = "partners"
    INHOUDSDESKUNDIGE = "inhoudsdeskundige"
    PROGRAMMAMANAGER = "programmamanager"


@dataclass(frozen=True, slots=True)
class Affiliation:
    """An organisation that somebody works for or worked for. `until` is the last day; open means now."""

    organisation: UUID
    until: date | None = None

    def counts(self, on: date) -> bool:
        """Whether it can still make a conflict of interest."""
        return self.until is None or on <= years_after(self.until, TIES_COUNT_FOR_YEARS)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody's seat. `person` is opaque: the name stands in an erasable table. `until` is the last day on the board."""

    id: UUID
    person: UUID
    seat: Seat
    affiliations: tuple[Affiliation, ...]
    since: date
    until: date | None = None
    revision: int = 0

    def sits(self, on: date) -> bool:
        """Whether the member is on the board on this day."""
        return self.since <= on and (self.until is None or on <= self.until)

    def organisations(self, on: date) -> frozenset[UUID]:
        """The organisations that can make a conflict of interest: those of now and of the last two years."""
        return frozenset(a.organisation for a in self.affiliations if a.counts(on))

    def overlaps(self, other: Member) -> bool:
        """Whether there is a day on which both sit."""
        return self.sits(max(self.since, other.since)) and other.sits(max(self.since, other.since))

    def leave(self, last_day: date) -> Member:
        """Gives up the seat after this day. Raises: InvalidMember."""
        left = replace(self, until=last_day)
        left.check()
        return left

    def check(self) -> None:
        """Raises: InvalidMember, naming everything that is wrong at once."""
        if faults := tuple(self._faults()):
            raise InvalidMember("De gegevens van dit boardlid kloppen niet.", faults)

    def _faults(self) -> Iterator[Fault]:
        if not self.affiliations:
            yield Fault(
                "affiliations", "Noem de organisaties van dit lid. Zonder kan niemand zien of er een belang is."
            )
        if self.until is not None and self.until < self.since:
            yield Fault("until", "De laatste dag ligt voor de eerste.")


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many members must have reviewed, and from how many different seats at least."""

    reviews: int = 4
    seats: int = 3

    def check(self) -> None:
        """Raises: InvalidQuorum, naming everything that is wrong at once."""
        faults = []
        if not 1 <= self.reviews <= MOST_REVIEWS:
            faults.append(Fault("reviews", f"Geef een aantal van 1 tot en met {MOST_REVIEWS}."))
        if not 1 <= self.seats <= len(Seat):
            faults.append(Fault("seats", f"Geef een aantal van 1 tot en met {len(Seat)}: meer zetels zijn er niet."))
        elif self.seats > self.reviews:
            faults.append(Fault("seats", "Er kunnen niet meer zetels nodig zijn dan beoordelingen."))
        if faults:
            raise InvalidQuorum("Dit quorum kan niet.", faults)

    def lacking(self, reviewers: Iterable[Member]) -> str | None:
        """What is still lacking, in words for the board; None when there are enough."""
        seats = [member.seat for member in reviewers]
        if len(seats) < self.reviews:
            return f"{len(seats)} beoordelingen zijn klaar, {self.reviews} zijn nodig voor een besluit."
        if len(set(seats)) < self.seats:
            return f"De beoordelingen komen van {len(set(seats))} zetels, {self.seats} zijn nodig voor een besluit."
        return None


@dataclass(frozen=True, slots=True)
class Board:
    """Everybody who sits or sat on the board, and the quorum it works with."""

    members: tuple[Member, ...] = ()
    quorum: Quorum = Quorum()

    def sitting(self, on: date) -> tuple[Member, ...]:
        """Who is on the board on this day."""
        return tuple(member for member in self.members if member.sits(on))

    def seat_of(self, person: UUID, on: date) -> Member | None:
        """The seat that this person holds on this day, if any."""
        return next((member for member in self.sitting(on) if member.person == person), None)

    def member(self, person: UUID, on: date) -> Member:
        """The seat that this person holds on this day. Raises: NotOnTheBoard."""
        if member := self.seat_of(person, on):
            return member
        raise NotOnTheBoard("U zit op dit moment niet in het portfolioboard.")

    def seat(self, newcomer: Member) -> Board:
        """The board with this member added, or changed where the member was there already.

        Raises: InvalidMember; AlreadySeated when the same person would hold two seats on one day.
        """
        newcomer.check()
        others = tuple(member for member in self.members if member.id != newcomer.id)
        if any(member.person == newcomer.person and member.overlaps(newcomer) for member in others):
            raise AlreadySeated("Deze persoon heeft in die tijd al een zetel in het portfolioboard.")
        return replace(self, members=(*others, newcomer))


@dataclass(frozen=True, slots=True)
class Organisation:
    """What the partner registry tells of an organisation, as far as it matters for conflicts of interest."""

    id: UUID
    name: str
    merged_into: UUID | None = None
    ties: tuple[Tie, ...] = ()

    @classmethod
    def of(cls, told: OrganisationChanged) -> Organisation:
        """As it was told last."""
        ties = tuple(Tie(told.organisation, r.kind, r.organisation, r.until) for r in told.relations)
        return cls(told.organisation, told.name, told.merged_into, ties)


@dataclass(frozen=True, slots=True)
class Registry:
    """Some organisations and what binds them. One that went up in another counts as that other, and the other way round."""

    organisations: Mapping[UUID, Organisation] = field(default_factory=dict)

    @property
    def names(self) -> Mapping[UUID, str]:
        """What they are called."""
        return {organisation.id: organisation.name for organisation in self.organisations.values()}

    @property
    def ties(self) -> tuple[Tie, ...]:
        """What binds them, for each of the organisations that count as one."""
        groups = self._groups()
        return tuple(
            replace(tie, organisation=organisation, other=other)
            for known in self.organisations.values()
            for tie in known.ties
            for organisation in sorted(groups.get(tie.organisation, {tie.organisation}))
            for other in sorted(groups.get(tie.other, {tie.other}))
        )

    def same_as(self, organisations: Iterable[UUID]) -> frozenset[UUID]:
        """These organisations, with those that they went up in and those that went up in them."""
        groups = self._groups()
        return frozenset(same for organisation in organisations for same in groups.get(organisation, {organisation}))

    def _groups(self) -> Mapping[UUID, set[UUID]]:
        """Each organisation with all that count as one with it, by its id."""
        by_end: dict[UUID, set[UUID]] = {}
        for organisation in self.organisations:
            end = self._end_of(organisation)
            by_end.setdefault(end, {end}).add(organisation)
        return {organisation: group for group in by_end.values() for organisation in group}

    def _end_of(self, organisation: UUID) -> UUID:
        passed: set[UUID] = set()
        while (known := self.organisations.get(organisation)) and known.merged_into and organisation not in passed:
            passed.add(organisation)
            organisation = known.merged_into
        return organisation
