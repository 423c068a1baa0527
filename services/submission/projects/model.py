"""A project as its organisation tells of it: a description that grows, and the versions that were submitted.

Source: seed page, "Projecten aanmelden"; domain.md, Journey 1 and "Is it proven?".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from math import isfinite
from uuid import UUID

from shared.contracts.vocabulary import Criterion, Means, PartnerKind, Phase, RelationKind, TargetGroup
from shared.reference import is_region
from shared.reference.criteria import part_named
from shared.refusals import Conflict, Fault, Invalid, UnknownEntity

LONGEST_LINE, LONGEST_TEXT, LONGEST_QUOTE, LONGEST_LINK = 300, 4000, 1000, 2000
MOST_EVIDENCE, MOST_REGIONS = 40, 342
MOST_INVOLVED = 49  # and the submitter itself
MOST_EVIDENCE_BYTES = 30_000  # links and quotes together: the whole version must fit into one event of 64 KB
MOST_FTE, MOST_EURO = 10_000, 10_000_000_000  # above this it is a typing error

_TOO_MUCH_EVIDENCE = Fault("evidence", f"Voeg hooguit {MOST_EVIDENCE} stukken bewijs toe.")
_LINK = re.compile(r"https?://\S+")


class IncompleteProject(Invalid):
    """The description misses something, or something in it is wrong; every fault names its field."""


class NothingToEdit(Conflict):
    """The last version was submitted, and no next one was begun."""


class AlreadyBeingRevised(Conflict):
    """A next version was begun already."""


class NotOnOffer(Conflict):
    """Only a project that was submitted, and not withdrawn since, can be withdrawn."""


class State(StrEnum):
    """Where a project stands, as its owner sees it."""

    CONCEPT = "concept"
    SUBMITTED = "ingediend"
    WITHDRAWN = "ingetrokken"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What somebody else can check: a place and the words found there, for one part of one criterion."""

    id: UUID
    criterion: Criterion
    part: str
    link: str
    quote: str

    def faults(self, at: str) -> Iterator[Fault]:
        """What is wrong with it; `at` is its place, such as "evidence.0"."""
        if part_named(self.criterion, self.part) is None:
            yield Fault(f"{at}.part", f"Het criterium '{self.criterion}' heeft geen onderdeel '{self.part}'.")
        if not _LINK.fullmatch(self.link) or len(self.link) > LONGEST_LINK:
            yield Fault(f"{at}.link", f"Geef een volledig webadres (https://...), hooguit {LONGEST_LINK} tekens.")
        yield from _text_faults(f"{at}.quote", self.quote, LONGEST_QUOTE, "Neem de zin over waar het bewijs in staat.")


@dataclass(frozen=True, slots=True)
class Involvement:
    """An organisation behind the project, and what it is to the project."""

    organisation: UUID
    relation: RelationKind


@dataclass(frozen=True, slots=True)
class Description:
    """What is told of a project. While it is a concept everything may be missing; nothing is, once submitted."""

    title: str | None = None
    summary: str | None = None
    phases: tuple[Phase, ...] = ()
    target_groups: tuple[TargetGroup, ...] = ()
    regions: tuple[str, ...] = ()  # where it can be taken over; empty means the whole country
    available_from: date | None = None
    effort_fte: float | None = None  # what it asks of a gemeente
    cost_euro: int | None = None  # for a gemeente of average size, in the first year
    needed_kinds: tuple[PartnerKind, ...] = ()
    needed_means: tuple[Means, ...] = ()
    involvements: tuple[Involvement, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    def faults(self) -> tuple[Fault, ...]:
        """Everything that still stands in the way of submitting, each with its field."""
        return (*self._told_faults(), *self._asked_faults(), *self._evidence_faults())

    def _told_faults(self) -> Iterator[Fault]:
        yield from _text_faults("title", self.title, LONGEST_LINE, "Geef het project een naam.")
        yield from _text_faults("summary", self.summary, LONGEST_TEXT, "Vertel in het kort wat het project doet.")
        if not self.phases:
            yield Fault("phases", "Kies ten minste één fase van de schuldhulp.")
        if not self.target_groups:
            yield Fault("targetGroups", "Kies ten minste één doelgroep.")
        if len(self.regions) > MOST_REGIONS:
            yield Fault("regions", "Dat zijn meer gebieden dan er gemeenten zijn. Laat het leeg voor heel Nederland.")
        for place, region in enumerate(self.regions):
            if not is_region(region):
                yield Fault(
                    f"regions.{place}",
                    f"'{region}' is geen code van een gemeente van nu (GM0518), een provincie (PV28) of NL.",
                )
        if self.available_from is None:
            yield Fault("availableFrom", "Zeg vanaf welke dag een gemeente het project kan overnemen.")

    def _asked_faults(self) -> Iterator[Fault]:
        if self.effort_fte is None or not isfinite(self.effort_fte) or not 0 <= self.effort_fte <= MOST_FTE:
            yield Fault("effortFte", f"Geef het aantal fte dat een gemeente nodig heeft: 0 tot {MOST_FTE}.")
        if self.cost_euro is None or not 0 <= self.cost_euro <= MOST_EURO:
            yield Fault("costEuro", "Geef de kosten voor een gemeente in het eerste jaar, in hele euro's: 0 of meer.")
        if len(self.involvements) > MOST_INVOLVED:
            yield Fault("involvements", f"Noem hooguit {MOST_INVOLVED} organisaties.")

    def _evidence_faults(self) -> Iterator[Fault]:
        if not self.evidence:
            yield Fault("evidence", "Voeg ten minste één bewijs toe: een link en wat daar staat.")
        if len(self.evidence) > MOST_EVIDENCE:
            yield _TOO_MUCH_EVIDENCE
        if sum(len(f"{e.link}{e.quote}".encode(errors="replace")) for e in self.evidence) > MOST_EVIDENCE_BYTES:
            yield Fault("evidence", "Het bewijs is samen te lang. Kies per onderdeel de zin die het meest zegt.")
        for place, evidence in enumerate(self.evidence):
            yield from evidence.faults(f"evidence.{place}")

    def with_evidence(self, evidence: Evidence) -> Description:
        """With this evidence added, or changed where it was there already.

        Raises: IncompleteProject when it is wrong (it would be bound to nothing) or too much: no concept grows for ever.
        """
        if wrong := tuple(evidence.faults("evidence")):
            raise IncompleteProject("Dit bewijs klopt nog niet.", wrong)
        if any(known.id == evidence.id for known in self.evidence):
            return replace(self, evidence=tuple(evidence if e.id == evidence.id else e for e in self.evidence))
        if len(self.evidence) >= MOST_EVIDENCE:
            raise IncompleteProject(_TOO_MUCH_EVIDENCE.message, [_TOO_MUCH_EVIDENCE])
        return replace(self, evidence=(*self.evidence, evidence))

    def without_evidence(self, evidence: UUID) -> Description:
        """With this evidence gone; unchanged where it was not there."""
        return replace(self, evidence=tuple(known for known in self.evidence if known.id != evidence))

    def submitted_by(self, organisation: UUID) -> Description:
        """As it is submitted: each choice once, and the submitting organisation always among those behind it."""
        involved = tuple(dict.fromkeys(self.involvements))
        if not any(i.organisation == organisation and i.relation.is_hard for i in involved):
            involved = (*involved, Involvement(organisation, RelationKind.INDIENER))
        return replace(
            self,
            phases=tuple(phase for phase in Phase if phase in self.phases),
            target_groups=tuple(group for group in TargetGroup if group in self.target_groups),
            regions=tuple(dict.fromkeys(self.regions)),
            needed_kinds=tuple(dict.fromkeys(self.needed_kinds)),
            needed_means=tuple(dict.fromkeys(self.needed_means)),
            involvements=involved,
        )


@dataclass(frozen=True, slots=True)
class Version:
    """What was submitted; it never changes again. `number` counts from 1."""

    number: int
    description: Description
    submitted_on: date


@dataclass(frozen=True, slots=True)
class Project:
    """A project of one organisation. `concept` is the version being written, if there is one."""

    id: UUID
    organisation: UUID
    concept: Description | None = Description()
    versions: tuple[Version, ...] = ()
    withdrawn_on: date | None = None
    withdrawal_reason: str | None = None
    revision: int = 0

    @property
    def state(self) -> State:
        """Submitted as soon as one version is, even while the next one is being written."""
        return _state(self.withdrawn_on, submitted=bool(self.versions))

    @property
    def latest(self) -> Version | None:
        """The version that was submitted last."""
        return self.versions[-1] if self.versions else None

    @property
    def editable(self) -> Description:
        """The concept. Raises: NothingToEdit."""
        if self.concept is None:
            raise NothingToEdit(
                "De laatste versie is ingediend en ligt vast. Begin een nieuwe versie om iets te wijzigen."
            )
        return self.concept

    def missing(self) -> tuple[Fault, ...]:
        """What still stands in the way of submitting; nothing where the last version is submitted already."""
        return () if self.concept is None else self.concept.faults()

    def version(self, number: int) -> Version:
        """Raises: UnknownEntity."""
        if not 0 < number <= len(self.versions):
            raise UnknownEntity("versie", number)
        return self.versions[number - 1]

    def as_others_see_it(self) -> Project:
        """Without what is still being written. Raises: UnknownEntity when nothing was submitted yet."""
        if not self.versions:
            raise UnknownEntity("project", self.id)
        return replace(self, concept=None)

    def write(self, description: Description) -> Project:
        """Saves what is told so far, complete or not; evidence comes and goes by its own id. Raises: NothingToEdit."""
        return replace(self, concept=replace(description, evidence=self.editable.evidence))

    def add_evidence(self, evidence: Evidence) -> Project:
        """Adds evidence to the concept, or changes it. Raises: NothingToEdit, IncompleteProject."""
        return replace(self, concept=self.editable.with_evidence(evidence))

    def remove_evidence(self, evidence: UUID) -> Project:
        """Takes evidence out of the concept. Raises: NothingToEdit."""
        return replace(self, concept=self.editable.without_evidence(evidence))

    def submit(self, today: date) -> Project:
        """The concept becomes the next version, and is on offer (again).

        Raises: NothingToEdit; IncompleteProject with every fault at once.
        """
        description = self.editable.submitted_by(self.organisation)
        if faults := self.missing():
            raise IncompleteProject(
                "Het project is nog niet compleet. Vul aan wat ontbreekt en dien het dan in.", faults
            )
        version = Version(len(self.versions) + 1, description, today)
        return replace(
            self, concept=None, versions=(*self.versions, version), withdrawn_on=None, withdrawal_reason=None
        )

    def revise(self) -> Project:
        """Begins the next version from the last one. Raises: AlreadyBeingRevised."""
        if self.concept is not None or self.latest is None:
            raise AlreadyBeingRevised("U werkt al aan een nieuwe versie. Ga daarin verder.")
        return replace(self, concept=self.latest.description)

    def withdraw(self, reason: str, today: date) -> Project:
        """Takes the project off the offer; a concept stays. Raises: NotOnOffer, IncompleteProject."""
        if self.state is not State.SUBMITTED:
            raise NotOnOffer("U kunt alleen een project intrekken dat is ingediend en nog niet is ingetrokken.")
        if faults := tuple(_text_faults("reason", reason, LONGEST_TEXT, "Zeg waarom u het project intrekt.")):
            raise IncompleteProject("Zonder reden kunt u het project niet intrekken.", faults)
        return replace(self, withdrawn_on=today, withdrawal_reason=reason)


@dataclass(frozen=True, slots=True)
class Summary:
    """A project in a list. `version` is the one that was submitted last; `has_concept` only for its own organisation."""

    id: UUID
    organisation: UUID
    title: str | None
    phases: tuple[Phase, ...]
    version: int | None
    submitted_on: date | None
    has_concept: bool
    withdrawn_on: date | None
    revision: int

    @property
    def state(self) -> State:
        """As the project's own."""
        return _state(self.withdrawn_on, submitted=self.version is not None)


def _state(withdrawn_on: date | None, *, submitted: bool) -> State:
    if withdrawn_on is not None:
        return State.WITHDRAWN
    return State.SUBMITTED if submitted else State.CONCEPT


def _text_faults(field: str, text: str | None, longest: int, ask: str) -> Iterator[Fault]:
    if text is None or not text.strip():
        yield Fault(field, ask)
    elif len(text) > longest:
        yield Fault(field, f"Gebruik hooguit {longest} tekens; nu zijn het er {len(text)}.")
