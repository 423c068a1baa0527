"""Which organisations could join an adoption, and how well each would fit (methods.md B, Filter; domain.md, Matching).

Points are whole numbers out of 100, and the reasons add up to the fit exactly. The shares of the hundred are our defaults:
filling a role that is open counts most, then nearness and themes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from services.matching.organisations.model import Organisation
from shared.contracts.vocabulary import Means, PartnerKind, Phase, TargetGroup
from shared.reference import Nearness, nearness
from shared.rounding import half_away

Theme = Phase | TargetGroup


class PartnerExclusion(StrEnum):
    """Why an organisation is never suggested for an adoption, however well it would fit."""

    PRESENT = "doet-al-mee"
    INACTIVE = "niet-actief"
    FULL = "geen-capaciteit"
    REGION = "buiten-het-gebied"
    THEME = "geen-gedeeld-thema"
    CONFLICT = "belangenconflict"


class Ground(StrEnum):
    """What a fit is made of, in this order."""

    ROLE = "rol"
    NEARNESS = "nabijheid"
    THEMES = "themas"
    KIND = "soort"
    RELATION = "relatie"


RULE_VERSION = "2026-1"
MOST: Mapping[Ground, int] = {
    Ground.ROLE: 40,
    Ground.NEARNESS: 20,
    Ground.THEMES: 20,
    Ground.KIND: 10,
    Ground.RELATION: 10,
}
_NEAR: Mapping[Nearness, float] = {Nearness.GEMEENTE: 1.0, Nearness.PROVINCE: 0.6, Nearness.COUNTRY: 0.3}


@dataclass(frozen=True, slots=True)
class Search:
    """What an adoption looks for. `present` are the organisations that take part, with the roles they fill."""

    gemeente: str
    gemeente_organisation: UUID
    phases: frozenset[Phase]
    target_groups: frozenset[TargetGroup]
    needed_means: frozenset[Means] = frozenset()
    needed_kinds: frozenset[PartnerKind] = frozenset()
    present: Mapping[UUID, frozenset[Means]] = field(default_factory=dict)
    conflicts: frozenset[UUID] = frozenset()  # organisations that may not take part

    @property
    def themes(self) -> frozenset[Theme]:
        """The phases and target groups of the project."""
        return self.phases | self.target_groups

    @property
    def open_roles(self) -> frozenset[Means]:
        """What is needed and nobody brings yet."""
        return self.needed_means.difference(*self.present.values())


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground of a fit. `found` names what it rests on: roles, a region, themes, a kind, organisations."""

    ground: Ground
    points: int
    found: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An organisation that could join; `fit` is exactly the sum of the points of its reasons, 0..100."""

    organisation: UUID
    fit: int
    reasons: tuple[Reason, ...]
    rule_version: str = RULE_VERSION


@dataclass(frozen=True, slots=True)
class Candidates:
    """Who could join, best first, and why each of the others is left out."""

    listed: tuple[Candidate, ...]
    excluded: Mapping[UUID, PartnerExclusion]


def candidates(
    search: Search, organisations: Iterable[Organisation], taken: Mapping[UUID, int], today: date
) -> Candidates:
    """Every organisation that passes the filter, by fit and then by id; `taken` counts the adoptions it takes part in now.

    Give those that take part too: their relations count from either side. The order in which organisations come in does not
    matter. Raises: UnknownGemeente.
    """
    listed, excluded = [], {}
    known = list(organisations)
    kin = _kin(search, known, today)
    for organisation in known:
        if reason := excluded_because(search, organisation, taken.get(organisation.id, 0)):
            excluded[organisation.id] = reason
        else:
            reasons = _reasons(search, organisation, kin.get(organisation.id, frozenset()))
            listed.append(Candidate(organisation.id, sum(reason.points for reason in reasons), reasons))
    return Candidates(tuple(sorted(listed, key=lambda found: (-found.fit, found.organisation))), excluded)


def excluded_because(search: Search, organisation: Organisation, taken: int) -> PartnerExclusion | None:
    """The first hard reason not to suggest it; None when there is none. Raises: UnknownGemeente."""
    present = {search.gemeente_organisation, *search.present}
    reasons = {
        PartnerExclusion.PRESENT: organisation.id in present,
        PartnerExclusion.INACTIVE: not organisation.active,
        PartnerExclusion.FULL: taken >= organisation.capacity_adoptions,
        PartnerExclusion.REGION: not organisation.covers(search.gemeente),
        PartnerExclusion.THEME: search.themes.isdisjoint(_themes(organisation)),
        PartnerExclusion.CONFLICT: organisation.id in search.conflicts,
    }
    return next((reason for reason, applies in reasons.items() if applies), None)


def _reasons(search: Search, organisation: Organisation, kin: Collection[UUID]) -> tuple[Reason, ...]:
    near = nearness(organisation.working_regions, search.gemeente)
    roles = search.open_roles & set(organisation.means)
    shared = search.themes & _themes(organisation)
    is_needed = organisation.kind in search.needed_kinds
    return (
        _reason(Ground.ROLE, len(roles) / (len(search.open_roles) or 1), roles),
        _reason(Ground.NEARNESS, _NEAR[near] if near else 0, [near.name.lower()] if near else []),
        _reason(Ground.THEMES, len(shared) / (len(search.themes) or 1), shared),
        _reason(Ground.KIND, is_needed, [organisation.kind] if is_needed else []),
        _reason(Ground.RELATION, bool(kin), map(str, kin)),
    )


def _reason(ground: Ground, share: float, found: Iterable[str]) -> Reason:
    return Reason(ground, half_away(MOST[ground] * share), tuple(sorted(found)))


def _themes(organisation: Organisation) -> frozenset[Theme]:
    return frozenset(organisation.phases) | frozenset(organisation.target_groups)


def _kin(search: Search, organisations: Iterable[Organisation], today: date) -> Mapping[UUID, frozenset[UUID]]:
    """For each organisation those already taking part that it has a relation with, hard or soft, from either side."""
    present = {search.gemeente_organisation, *search.present}
    kin: dict[UUID, frozenset[UUID]] = {}
    for tie in (tie for organisation in organisations for tie in organisation.ties if tie.holds(today)):
        for one, other in ((tie.organisation, tie.other), (tie.other, tie.organisation)):
            if other in present:
                kin[one] = kin.get(one, frozenset()) | {other}
    return kin
