"""What the portfolioboard made known of a project's versions, as its owner sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from shared.contracts.events import Event, ProjectAssessed


class Standing(StrEnum):
    """What became of a version that was submitted."""

    UNDER_ASSESSMENT = "in-beoordeling"
    ASSESSED = "beoordeeld"
    SUPERSEDED = "vervangen"
    WITHDRAWN = "ingetrokken"


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What the portfolioboard made known of a project: per version the latest, however the versions are heard."""

    project: UUID
    of_version: Mapping[int, ProjectAssessed] = field(default_factory=dict)

    def standing(self, version: int, latest: int, *, withdrawn: bool) -> Standing:
        """What became of this version, where `latest` is the one that was submitted last.

        A decision that is known stays known. Without one, nobody decides any more on a version after which another was
        submitted, nor on any version of a project that was withdrawn.
        """
        if version in self.of_version:
            return Standing.ASSESSED
        if version < latest:
            return Standing.SUPERSEDED
        return Standing.WITHDRAWN if withdrawn else Standing.UNDER_ASSESSMENT


def project_of(event: Event[ProjectAssessed]) -> UUID:
    """Each version has its own assessment; what is kept is kept by project."""
    return event.data.project


def assessed(known: Outcomes | None, event: Event[ProjectAssessed], _say: Callable[..., None]) -> Outcomes:
    """Two versions are two assessments, so version 2 may be heard before version 1: both orders end alike."""
    said, heard = event.data, known.of_version if known else {}
    return Outcomes(said.project, {**heard, said.project_version: said})
