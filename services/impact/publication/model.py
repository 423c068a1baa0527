"""What everybody may see of the figures: disclosure control by disjoint building blocks.

Source: methods.md D, steps 1, 4 (own blocks), 6 and 7 (a gemeente alone). A figure lies in at most one published block, and
every other public figure is a sum of blocks, never computed from observations: there is nothing to subtract. What is hidden
because it is small, because the gemeente is not named, or because it was withdrawn, looks the same; it is never 0.

Amounts, means, ratios, breakdowns and what is left over per province (the other steps of D) are not published: no release.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from uuid import UUID

from services.impact.indicators.model import Figures, combined
from shared.contracts.events import ImpactPublished, ReleaseKind
from shared.reference import COUNTRY, Figure, Indicator, covers, indicator

LEAST_COUNT = 10
LEAST_DENOMINATOR = 50
BASE = 5
DAYS_BETWEEN_VERSIONS = 1  # a second change on one day waits for the next; then the last one counts

COUNTED_ELSEWHERE = {
    "bereik_doelgroep_pct": "aanmeldingen",  # its numerator
    "afgerond_succes_pct": "schuldenvrij_uitgestroomd",  # its numerator
    "uitval_pct": "schuldenvrij_uitgestroomd",  # nearly all that its numerator leaves over
    "contact_bereikt_pct": "hulpaanbod_geaccepteerd_pct",  # its numerator is the denominator there
    "regelingen_boven_120_dagen_pct": "slagingspercentage_regeling_pct",  # its denominator is the numerator there
}
"""Percentages that are not published, and the indicator that shows those people (methods D 10: a quantity has one family).
Two that are rounded apart, or over periods of different length, would show together what is hidden in between."""


def is_published(of: Indicator) -> bool:
    """Whether figures of this indicator are published at all; of any other there is no family, no block, no release."""
    return of.is_public_now and of.code not in COUNTED_ELSEWHERE


def round5(number: int) -> int:
    """To the nearest multiple of five."""
    return BASE * ((number + 2) // BASE)


@dataclass(frozen=True, slots=True)
class Shown:
    """A public figure: a count, or a percentage by its numerator and denominator. Every number is a multiple of five."""

    count: int | None = None
    numerator: int | None = None
    denominator: int | None = None

    @property
    def percent(self) -> int | None:
        """In whole percents, from the rounded figures; None for a count."""
        if self.numerator is None or not self.denominator:
            return None
        return (200 * self.numerator + self.denominator) // (2 * self.denominator)

    def plus(self, other: Shown) -> Shown:
        """Both together; percentages through their rounded numerators and denominators."""
        return Shown(
            _sum(self.count, other.count),
            _sum(self.numerator, other.numerator),
            _sum(self.denominator, other.denominator),
        )


@dataclass(frozen=True, slots=True, order=True)
class Family:
    """What is counted together: a project, an indicator, a period (both days included)."""

    project: UUID
    indicator: str
    period_start: date
    period_end: date


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One gemeente in one family."""

    family: Family
    gemeente: str


class Visibility(StrEnum):
    """What everybody sees of what a gemeente reported."""

    PUBLISHED = "gepubliceerd"
    WAITS = "wacht"  # what is seen is the version of before; the next one comes a day later
    HIDDEN = "verborgen"


class HiddenBecause(StrEnum):
    """Why nobody else sees it. Only the gemeente itself is told: to all others every hidden figure looks the same."""

    KIND = "soort-nog-niet-openbaar"
    NAME = "gemeente-niet-genoemd"
    ABSENT = "geen-cijfer"
    SMALL = "te-klein"


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one gemeente reported to a family; None where it reported nothing, or withdrew it.

    A gemeente that may not be named has no block of its own: the place of the block would name it.
    """

    family: Family
    gemeente: str
    figures: Figures | None
    may_be_named: bool = True

    @classmethod
    def of(cls, family: Family, gemeente: str, reported: Iterable[tuple[Figures, bool]]) -> Contribution:
        """All that a gemeente reported, each with whether that adoption may be named.

        A gemeente that ended its adoption and began anew has two adoptions, and one contribution: the sum.
        """
        given = tuple(reported)
        figures = combined(indicator(family.indicator), (figures for figures, _ in given))
        return cls(family, gemeente, figures, all(named for _, named in given))

    def publishable(self) -> Shown | None:
        """What may be shown of it alone; None means hidden."""
        if self.figures is None or not self.may_be_named:
            return None
        return publishable(indicator(self.family.indicator), self.figures)

    def hidden_because(self) -> HiddenBecause | None:
        """Why it may not be shown; None when it may."""
        if self.publishable() is not None:
            return None
        if not is_published(indicator(self.family.indicator)):
            return HiddenBecause.KIND
        if self.figures is None:
            return HiddenBecause.ABSENT
        return HiddenBecause.SMALL if self.may_be_named else HiddenBecause.NAME


@dataclass(frozen=True, slots=True)
class Release:
    """One line of the ledger: what a block showed from a day on. Lines are only added, never changed.

    `number` counts within the block; `replaces` is the one before it. Without `shown` the block is hidden.
    """

    number: int
    kind: ReleaseKind
    shown: Shown | None
    released_on: date
    replaces: int | None = None
    target_shown: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A gemeente's own block in a family, by its newest release. It exists from its first release on."""

    id: UUID
    family: Family
    scope: str
    last: Release

    @property
    def shown(self) -> Shown | None:
        """What it shows now; None while it is withdrawn."""
        return self.last.shown

    def after(self, release: Release) -> Block:
        """The block once this release is written."""
        return replace(self, last=release)

    def told(self, released_at: datetime) -> ImpactPublished:
        """What the others hear of its newest release."""
        shown = self.last.shown or Shown()
        return ImpactPublished.of(
            self.family,
            block=self.id,
            scope=self.scope,
            release=self.last.number,
            replaces=self.last.replaces,
            kind=self.last.kind,
            shown=shown.count,
            shown_numerator=shown.numerator,
            shown_denominator=shown.denominator,
            target_shown=self.last.target_shown,
            released_at=released_at,
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """How one gemeente stands in one family: what it contributes, and what is seen of it."""

    contribution: Contribution
    waits: bool = False
    block: Block | None = None

    @property
    def visibility(self) -> Visibility:
        """What everybody sees."""
        if self.waits:
            return Visibility.WAITS
        return Visibility.PUBLISHED if self.block and self.block.shown else Visibility.HIDDEN


@dataclass(frozen=True, slots=True)
class Total:
    """A sum of blocks. Where something in its place is hidden it is not complete, and reads "ten minste"."""

    shown: Shown
    complete: bool


def publishable(of: Indicator, figures: Figures) -> Shown | None:
    """A count from 10, rounded; a percentage from a denominator of 50 with at least 10 on both sides; else hidden."""
    if not is_published(of):
        return None
    if of.figure is Figure.COUNT:
        return Shown(count=round5(figures.count)) if figures.count >= LEAST_COUNT else None
    having, total_of = figures.numerator or 0, figures.denominator or 0
    if total_of < LEAST_DENOMINATOR or having < LEAST_COUNT or total_of - having < LEAST_COUNT:
        return None
    return Shown(numerator=round5(having), denominator=round5(total_of))


def decide(block: Block | None, given: Contribution, today: date, aimed_at: Decimal | None = None) -> Release | None:
    """The release that this contribution calls for; None when nothing is to be said, or not yet (`waits`).

    The same rounded figure is no event. `aimed_at` is the target of the plan: a plan, no observation.
    """
    if _is_settled(block, given) or waits(block, given, today):
        return None
    shown, before = given.publishable(), block.last if block else None
    return Release(
        number=before.number + 1 if before else 1,
        kind=_kind(before, shown),
        shown=shown,
        released_on=today,
        replaces=before.number if before else None,
        target_shown=_target_shown(aimed_at) if shown else None,
    )


def waits(block: Block | None, given: Contribution, today: date) -> bool:
    """Whether a release is due but comes a day later: a block has one version a day.

    Whoever sees several versions a day could count how many corrections there were, and how large each was.
    """
    if block is None or _is_settled(block, given):
        return False
    return (today - block.last.released_on).days < DAYS_BETWEEN_VERSIONS


def total(region: str, blocks: Iterable[Block], members: Collection[str]) -> Total | None:
    """The live blocks of one family that lie wholly inside a region; None means hidden, and is never 0.

    `members` are the gemeenten that take part: the total is complete when each of them inside the region shows its figure.
    So it rests on who takes part and on what everybody sees, never on what somebody reported: a figure that is hidden and
    one that was never reported make it incomplete alike.
    """
    live = {block.scope: block.shown for block in blocks if block.shown and _lies_in(block.scope, region)}
    if not live:
        return None
    shown = Shown()
    for part in live.values():
        shown = shown.plus(part)
    return Total(shown, complete=all(gemeente in live for gemeente in members if _lies_in(gemeente, region)))


def _is_settled(block: Block | None, given: Contribution) -> bool:
    return (block.shown if block else None) == given.publishable()


def _kind(before: Release | None, shown: Shown | None) -> ReleaseKind:
    if shown is None:
        return ReleaseKind.WITHDRAWN
    return ReleaseKind.CORRECTED if before and before.shown else ReleaseKind.PUBLISHED


def _target_shown(aimed_at: Decimal | None) -> int | None:
    if aimed_at is None or aimed_at < 0:
        return None
    return round5(int(aimed_at.to_integral_value(ROUND_HALF_UP)))


def _lies_in(scope: str, region: str) -> bool:
    return region in (scope, COUNTRY) or covers((region,), scope)


def _sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other
