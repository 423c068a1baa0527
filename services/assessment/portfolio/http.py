"""/v1/portfolio: which phases are covered, and what each project that is weighed would add."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from services.assessment.portfolio import operations
from services.assessment.portfolio.model import Addition, Entry
from shared.contracts.vocabulary import Phase, TargetGroup
from shared.web import Caller, Result, Role, Today, Tx, caller_of, service_router

router = service_router("/portfolio", tag="Portfolio")


class EntryResult(Result):
    """A project version. `adoptions` counts gemeenten, `figures` what is published of its impact."""

    assessment: UUID
    project: UUID
    project_version: int
    title: str
    phases: list[Phase]
    target_groups: list[TargetGroup]
    adoptions: int
    figures: int
    valid_until: date | None

    @classmethod
    def of(cls, entry: Entry) -> EntryResult:
        """With phases and groups in the order of their lists."""
        shown = {name: getattr(entry, name) for name in cls.model_fields if name != "revision"}
        phases = [phase for phase in Phase if phase in entry.phases]
        groups = [group for group in TargetGroup if group in entry.target_groups]
        return cls(**{**shown, "phases": phases, "target_groups": groups})


class CoverageResult(Result):
    """A phase and the projects that gemeenten can take over in it; none means a gap."""

    phase: Phase
    projects: list[UUID]


class AdditionResult(Result):
    """What a project would add: phases and groups that nothing covers yet. `alike` do all of it already."""

    new_phases: list[Phase]
    new_target_groups: list[TargetGroup]
    alike: list[UUID]

    @classmethod
    def of(cls, addition: Addition) -> AdditionResult:
        """With the projects that are alike by their ids."""
        return cls(
            new_phases=list(addition.new_phases),
            new_target_groups=list(addition.new_target_groups),
            alike=[other.project for other in addition.alike],
        )


class CandidateResult(Result):
    """A project that is weighed, and what it would add."""

    entry: EntryResult
    adds: AdditionResult


class PortfolioResult(Result):
    """What can be taken over today, the seven phases in their order, and what is weighed."""

    adoptable: list[EntryResult]
    phases: list[CoverageResult]
    weighed: list[CandidateResult]


@router.get("")
async def get_portfolio(
    _caller: Annotated[Caller, caller_of(Role.BOARD_MEMBER, Role.PROGRAMME_MANAGER)], tx: Tx, today: Today
) -> PortfolioResult:
    """The portfolio as it stands today."""
    known = await operations.portfolio(tx, today)
    return PortfolioResult(
        adoptable=[EntryResult.of(entry) for entry in known.adoptable],
        phases=[
            CoverageResult(phase=phase, projects=[entry.project for entry in entries])
            for phase, entries in known.coverage.items()
        ],
        weighed=[
            CandidateResult(entry=EntryResult.of(entry), adds=AdditionResult.of(known.addition_of(entry)))
            for entry in known.weighed
        ],
    )
