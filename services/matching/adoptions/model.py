"""A gemeente that takes over a project: its milestones, who takes part, and how it ends (domain.md, Adoption)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from services.matching.partnerships.model import (
    LONGEST_TEXT,
    AlreadyPartner,
    Partnership,
    PartnershipState,
    text_faults,
)
from shared.reference import gemeenten
from shared.refusals import Conflict, Fault, Invalid, UnknownEntity

MOST_EURO = 10_000_000_000  # above this it is a typing error


class InvalidAdoption(Invalid):
    """Something that is told of an adoption is wrong; every fault names its field."""


class AdoptionHasEnded(Conflict):
    """Nothing changes any more in an adoption that has ended."""


class AlreadyAdopted(Conflict):
    """The gemeente has a running adoption of this project."""


class Step(StrEnum):
    """The ten milestones of a local lab, in their order (domain.md, Adoption)."""

    KWARTIERMAKER = "kwartiermaker"
    WERKPLAN = "werkplan"
    BESTUURLIJKE_STEUN = "bestuurlijke-steun"
    UITVOERENDE_AFDELINGEN = "uitvoerende-afdelingen"
    PROGRAMMATEAM = "programmateam"
    KEUZES = "keuzes"
    STEUN_VAN_PARTNERS = "steun-van-partners"
    INTENTIEVERKLARING = "intentieverklaring"
    PROCES = "proces"
    STARTBIJEENKOMST = "startbijeenkomst"

    @property
    def label(self) -> str:
        """What is to be done, as people read it."""
        return _LABELS[self]


_LABELS = {
    Step.KWARTIERMAKER: "Kwartiermaker aanstellen",
    Step.WERKPLAN: "Werkplan maken",
    Step.BESTUURLIJKE_STEUN: "Steun krijgen van de wethouder",
    Step.UITVOERENDE_AFDELINGEN: "Contact leggen met de afdelingen die het werk uitvoeren",
    Step.PROGRAMMATEAM: "Programmateam samenstellen",
    Step.KEUZES: "Thema's, partners en projecten kiezen",
    Step.STEUN_VAN_PARTNERS: "Steun krijgen van lokale en landelijke partners",
    Step.INTENTIEVERKLARING: "Intentieverklaring ondertekenen",
    Step.PROCES: "Afspreken hoe u dingen uitprobeert",
    Step.STARTBIJEENKOMST: "Startbijeenkomst houden",
}

BETWEEN_MILESTONES = timedelta(weeks=2)  # our own default: nobody publishes a pace; a gemeente changes each date


class MilestoneState(StrEnum):
    """How far a milestone is."""

    OPEN = "open"
    BUSY = "bezig"
    DONE = "klaar"


@dataclass(frozen=True, slots=True)
class Milestone:
    """One thing that must be done before the project runs. `owner` is an organisation; `blocker` says what holds it up."""

    step: Step
    owner: UUID
    due_on: date
    state: MilestoneState = MilestoneState.OPEN
    blocker: str | None = None

    def is_late(self, today: date) -> bool:
        """Whether it should have been done. On the due date itself it is not late yet."""
        return self.state is not MilestoneState.DONE and self.due_on < today

    def faults(self) -> Iterator[Fault]:
        """What is wrong with it."""
        if self.blocker is None:
            return
        if not self.blocker.strip() or len(self.blocker) > LONGEST_TEXT:
            yield Fault(
                "blocker", f"Zeg in hooguit {LONGEST_TEXT} tekens wat deze stap tegenhoudt, of laat het veld weg."
            )
        if self.state is MilestoneState.DONE:
            yield Fault("blocker", "Een stap die klaar is, wordt door niets meer tegengehouden. Haal de blokkade weg.")


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at adoptions: a gemeente at its own, organisations at those they take part in, SchuldenlabNL at all."""

    gemeente: str | None = None
    organisations: frozenset[UUID] = frozenset()
    sees_all: bool = False


@dataclass(frozen=True, slots=True)
class Adoption:
    """One gemeente and one version of one project. Every change gives a new value and is refused once it has ended.

    `may_be_named` is whether it may be said in public that this gemeente takes part; it is asked at the start. `measured` is
    whether a figure was recorded for it.
    """

    id: UUID
    gemeente: str
    gemeente_organisation: UUID  # the gemeente in the partner registry
    project: UUID
    project_version: int
    budget_euro: int
    may_be_named: bool
    started_on: date
    ended_on: date | None = None
    end_reason: str | None = None
    milestones: tuple[Milestone, ...] = ()
    partnerships: tuple[Partnership, ...] = ()
    measured: bool = False
    revision: int = 0

    def start(self) -> Adoption:
        """This adoption with its ten milestones: owned by the gemeente, one every two weeks.

        Raises: InvalidAdoption, naming everything that is wrong at once.
        """
        _check(self._faults())
        due = (self.started_on + BETWEEN_MILESTONES * n for n in range(1, len(Step) + 1))
        plan = (Milestone(step, self.gemeente_organisation, day) for step, day in zip(Step, due, strict=True))
        return replace(self, milestones=tuple(plan))

    @property
    def partners(self) -> frozenset[UUID]:
        """The organisations that take part, as the gemeente confirmed."""
        return frozenset(p.organisation for p in self.partnerships if p.state is PartnershipState.CONFIRMED)

    def is_invitation(self, partnership: Partnership) -> bool:
        """Whether the gemeente asked, rather than the organisation claimed. Then the organisation may answer too."""
        return partnership.claimed_by == self.gemeente_organisation

    def is_seen_whole_by(self, viewer: Viewer) -> bool:
        """Whether it is the viewer's own."""
        return viewer.sees_all or viewer.gemeente == self.gemeente

    def is_seen_by(self, viewer: Viewer) -> bool:
        """Whether it is the viewer's own, or one of its organisations takes part in it or was invited to.

        A claim alone opens nothing: else whoever claims would see what a gemeente does.
        """
        return self.is_seen_whole_by(viewer) or any(
            p.state is PartnershipState.CONFIRMED or (p.state is PartnershipState.CONCEPT and self.is_invitation(p))
            for p in self.partnerships
            if p.organisation in viewer.organisations
        )

    def shown_to(self, viewer: Viewer) -> tuple[Partnership, ...]:
        """The partnerships: for the gemeente all, for others their own and those that are confirmed."""
        if self.is_seen_whole_by(viewer):
            return self.partnerships
        own, confirmed = viewer.organisations, PartnershipState.CONFIRMED
        return tuple(p for p in self.partnerships if p.state is confirmed or p.organisation in own)

    def partnership(self, partnership: UUID) -> Partnership:
        """Raises: UnknownEntity."""
        for found in self.partnerships:
            if found.id == partnership:
                return found
        raise UnknownEntity("samenwerking", partnership)

    def allow_naming(self, *, in_public: bool) -> Adoption:
        """Also after its end: what was published under its name stays to be seen."""
        return replace(self, may_be_named=in_public)

    def with_milestone(self, changed: Milestone) -> Adoption:
        """The adoption with this milestone as it stands now. Raises: AdoptionHasEnded, InvalidAdoption."""
        self.check_goes_on()
        _check(changed.faults())
        return replace(self, milestones=tuple(changed if m.step is changed.step else m for m in self.milestones))

    def claim(self, claim: Partnership) -> Adoption:
        """With a claim that an organisation takes part; the gemeente is yet to confirm it. A refused one may be made again.

        Raises: AdoptionHasEnded, AlreadyPartner.
        """
        self.check_goes_on()
        if claim.organisation == self.gemeente_organisation:
            raise AlreadyPartner("De gemeente doet zelf al mee.")
        standing = (p for p in self.partnerships if p.state is not PartnershipState.REFUSED)
        if (claim.organisation, claim.role) in {(p.organisation, p.role) for p in standing}:
            raise AlreadyPartner(f"Deze organisatie staat al bij deze overname met de rol '{claim.role}'.")
        return replace(self, partnerships=(*self.partnerships, claim))

    def confirm(self, partnership: UUID, on: date) -> Adoption:
        """The gemeente says that it is so. Raises: AdoptionHasEnded, UnknownEntity, PartnershipDecided."""
        self.check_goes_on()
        return self._with_partnership(self.partnership(partnership).confirmed(on))

    def refuse(self, partnership: UUID, on: date, reason: str) -> Adoption:
        """It is not so. Raises: AdoptionHasEnded, UnknownEntity, PartnershipDecided, InvalidPartnership."""
        self.check_goes_on()
        return self._with_partnership(self.partnership(partnership).refused(on, reason))

    def end(self, on: date, reason: str) -> Adoption:
        """The gemeente stopped with the project, or completed it. Raises: AdoptionHasEnded, InvalidAdoption."""
        self.check_goes_on()
        early = [Fault("endedOn", "De overname kan niet eindigen voordat zij begon.")] if on < self.started_on else []
        _check([*text_faults("reason", reason), *early])
        return replace(self, ended_on=on, end_reason=reason)

    def check_goes_on(self) -> None:
        """Raises: AdoptionHasEnded."""
        if self.ended_on is not None:
            raise AdoptionHasEnded(
                f"Deze overname is beëindigd op {self.ended_on:%d-%m-%Y}. U kunt er niets meer aan wijzigen."
            )

    def _with_partnership(self, changed: Partnership) -> Adoption:
        return replace(self, partnerships=tuple(changed if p.id == changed.id else p for p in self.partnerships))

    def _faults(self) -> Iterator[Fault]:
        if self.gemeente not in gemeenten():
            yield Fault("gemeente", f"'{self.gemeente}' is geen code van een gemeente, zoals GM0518.")
        if self.project_version < 1:
            yield Fault("projectVersion", "Een versie is een getal vanaf 1.")
        if not 0 <= self.budget_euro <= MOST_EURO:
            yield Fault("budgetEuro", f"Geef een bedrag van 0 tot en met {MOST_EURO} euro, in hele euro's.")


def _check(faults: Iterator[Fault] | list[Fault]) -> None:
    if found := list(faults):
        raise InvalidAdoption("De gegevens van de overname kloppen niet.", found)
