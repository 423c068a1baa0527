"""What is heard of adoptions, and of what stands around them: whose figures these are, and what they are called.

Every state here has one stream that moves it, so any interleaving of topics ends alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from shared.contracts.events import (
    AdoptionEnded,
    AdoptionStarted,
    Event,
    FundingReopened,
    FundingSecured,
    OrganisationChanged,
    ProjectAssessed,
)
from shared.contracts.vocabulary import EvidenceLevel, Verdict
from shared.reference import UnknownGemeente, current_code, gemeenten
from shared.refusals import UnknownEntity

Say = Callable[..., None]


class UnknownAdoption(UnknownEntity):
    """It does not exist, is somebody else's, or was not heard of here yet: the three look alike on purpose."""

    def __init__(self, adoption: UUID) -> None:
        super().__init__("overname", adoption)
        self.detail += " Begon zij net? Dan kan het bericht daarover nog onderweg zijn: probeer het zo weer."


@dataclass(frozen=True, slots=True)
class Adoption:
    """What is known here of an adoption: whose figures these are, and until when anything is measured."""

    id: UUID
    gemeente: str
    project: UUID
    may_be_named: bool = False
    started_on: date | None = None
    ended_on: date | None = None
    gemeente_organisation: UUID | None = None
    project_version: int | None = None
    is_funded: bool = False

    def is_of(self, gemeente: str, today: date) -> bool:
        """Whether it is this gemeente's, also under the code of one that went up in it."""
        code = code_on(gemeente, today)
        return code in gemeenten() and code == code_on(self.gemeente, today)


@dataclass(frozen=True, slots=True)
class Assessed:
    """What the portfolioboard made known of one version of a project: its latest word on it."""

    assessment: UUID
    project: UUID
    project_version: int
    verdict: Verdict
    evidence_level: EvidenceLevel
    valid_until: date


@dataclass(frozen=True, slots=True)
class GemeenteName:
    """What the partner registry calls a gemeente."""

    organisation: UUID
    gemeente: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """An adoption with what is known around it; what was not heard yet is None."""

    adoption: Adoption
    gemeente_name: str | None = None
    assessed: Assessed | None = None


def code_on(code: str, day: date) -> str:
    """The code under which a gemeente goes on a day; a code that no gemeente has stays as it is."""
    try:
        return current_code(code, day)
    except UnknownGemeente:
        return code


def started(known: Adoption | None, event: Event[AdoptionStarted], _say: Say) -> Adoption:
    """Told again when something changed, such as whether it may be named; an adoption that ended starts no more."""
    said = event.data
    return Adoption(
        said.adoption,
        code_on(said.gemeente, said.started_on),
        said.project,
        said.may_be_named,
        said.started_on,
        known.ended_on if known else None,
        said.gemeente_organisation,
        said.project_version,
        known.is_funded if known else False,
    )


def funded(known: Adoption | None, _event: Event[FundingSecured], _say: Say) -> Adoption | None:
    """The implementation can start. An adoption's own events come in order: its start was heard before."""
    return known and replace(known, is_funded=True)


def reopened(known: Adoption | None, _event: Event[FundingReopened], _say: Say) -> Adoption | None:
    """There is a gap again. What is measured meanwhile counts all the same."""
    return known and replace(known, is_funded=False)


def ended(known: Adoption | None, event: Event[AdoptionEnded], _say: Say) -> Adoption:
    """From here on nothing is measured. What was published stays."""
    said = event.data
    return replace(known or Adoption(said.adoption, said.gemeente, said.project), ended_on=said.ended_on)


def assessed(_known: Assessed | None, event: Event[ProjectAssessed], _say: Say) -> Assessed:
    """Each version of a project has an assessment of its own: they may be heard in any order."""
    said = event.data
    return Assessed(
        said.assessment, said.project, said.project_version, said.verdict, said.evidence_level, said.valid_until
    )


def named(known: GemeenteName | None, event: Event[OrganisationChanged], _say: Say) -> GemeenteName | None:
    """Only organisations that are a gemeente, or were one, are kept."""
    said = event.data
    if known is None and said.gemeente is None:
        return None
    return GemeenteName(said.organisation, said.gemeente, said.name)
