"""A gemeente that takes over a project: its milestones, who takes part, and how it ends (domain.md, Adoption)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from shared.contracts.vocabulary import Means
from shared.reference import gemeenten
from shared.refusals import Conflict, Fault, Invalid, UnknownEntity

MOST_EURO = 10_000_000_000  # above this it is a typing error
LONGEST_TEXT = 4000


class InvalidAdoption(Invalid):
    """Something that is told of an adoption is wrong; every fault names its field."""


class AdoptionHasEnded(Conflict):
    """Nothing changes any more in an adoption that has ended."""


class AlreadyPartner(Conflict):
    """The organisation takes part in this role already, or a claim that it does waits for the gemeente."""


class PartnershipDecided(Conflict):
    """The gemeente has confirmed or refused this claim before."""


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


class PartnershipState(StrEnum):
    """What the gemeente says of a claim that an organisation takes part."""

    CONCEPT = "concept"
    CONFIRMED = "bevestigd"
    REFUSED = "geweigerd"


@dataclass(frozen=True, slots=True)
class Partnership:
    """An organisation that takes part in one role. Until the gemeente confirms it, it is a claim and nobody is told."""

    id: UUID
    organisation: UUID
    role: Means
    claimed_by: UUID
    claimed_on: date
    state: PartnershipState = PartnershipState.CONCEPT
    decided_on: date | None = None
    refusal_reason: str | None = None

    def confirmed(self, on: date) -> Partnership:
        """Raises: PartnershipDecided."""
        self._check_waits()
        return replace(self, state=PartnershipState.CONFIRMED, decided_on=on)

    def refused(self, on: date, reason: str) -> Partnership:
        """Raises: PartnershipDecided, InvalidAdoption."""
        self._check_waits()
        _check(_text_faults("reason", reason))
        return replace(self, state=PartnershipState.REFUSED, decided_on=on, refusal_reason=reason)

    def _check_waits(self) -> None:
        if self.state is not PartnershipState.CONCEPT:
            raise PartnershipDecided(f"De gemeente heeft hierover al besloten: {self.state}.")


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
    def has_ended(self) -> bool:
        """Whether the gemeente stopped with the project or completed it."""
        return self.ended_on is not None

    @property
    def partners(self) -> frozenset[UUID]:
        """The organisations that take part, as the gemeente confirmed."""
        return frozenset(p.organisation for p in self.partnerships if p.state is PartnershipState.CONFIRMED)

    def partnership(self, partnership: UUID) -> Partnership:
        """Raises: UnknownEntity."""
        for found in self.partnerships:
            if found.id == partnership:
                return found
        raise UnknownEntity("samenwerking", partnership)

    def allow_naming(self, *, in_public: bool) -> Adoption:
        """Raises: AdoptionHasEnded."""
        self.check_goes_on()
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
        """The gemeente says that it is not so. Raises: AdoptionHasEnded, UnknownEntity, PartnershipDecided, InvalidAdoption."""
        self.check_goes_on()
        return self._with_partnership(self.partnership(partnership).refused(on, reason))

    def end(self, on: date, reason: str) -> Adoption:
        """The gemeente stopped with the project, or completed it. Raises: AdoptionHasEnded, InvalidAdoption."""
        self.check_goes_on()
        early = [Fault("endedOn", "De overname kan niet eindigen voordat zij begon.")] if on < self.started_on else []
        _check([*_text_faults("reason", reason), *early])
        return replace(self, ended_on=on, end_reason=reason)

    def with_measurement(self) -> Adoption:
        """A figure was recorded. It may be heard after the end, and more than once: both end alike."""
        return replace(self, measured=True)

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


def _text_faults(field: str, text: str) -> Iterator[Fault]:
    if not text.strip() or len(text) > LONGEST_TEXT:
        yield Fault(field, f"Zeg in hooguit {LONGEST_TEXT} tekens waarom.")


def _check(faults: Iterator[Fault] | list[Fault]) -> None:
    if found := list(faults):
        raise InvalidAdoption("De gegevens van de overname kloppen niet.", found)
