"""A release ledger as the impact service would hold it, to try the rules of publication on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from services.impact.indicators.model import Figures
from services.impact.publication.model import Block, Contribution, Family, Release, decide, total

TODAY = date(2026, 11, 24)
COUNTED = Family(UUID(int=7), "aanmeldingen", date(2026, 7, 1), date(2026, 9, 30))
SHARED = replace(COUNTED, indicator="recidive_pct")
A, B, C, D, E = "GM0518", "GM0599", "GM0503", "GM0363", "GM0392"  # three in Zuid-Holland, two in Noord-Holland
ZUID, NOORD, NL = "PV28", "PV27", "NL"


def count(number: int) -> Figures:
    return Figures(value=Decimal(number))


def share(numerator: int, denominator: int) -> Figures:
    return Figures(numerator=numerator, denominator=denominator)


def reported(figures: Figures | None, gemeente: str = A, family: Family = COUNTED, named: bool = True) -> Contribution:
    return Contribution(family, gemeente, figures, named)


class Ledger:
    """Blocks and their releases as the service would hold them, with one day going by after each report."""

    def __init__(self, family: Family = COUNTED) -> None:
        self.family, self.today = family, TODAY
        self.reports: dict[str, Figures | None] = {}
        self.blocks: dict[str, Block] = {}
        self.releases: list[tuple[str, Release]] = []

    def report(self, gemeente: str, figures: Figures | None) -> None:
        self.reports[gemeente] = figures
        self._settle(gemeente)

    def next_day(self) -> None:
        self.today += timedelta(days=1)
        for gemeente in self.reports:
            self._settle(gemeente)

    def shown(self) -> Mapping[str, int]:
        return {g: b.shown.count for g, b in self.blocks.items() if b.shown and b.shown.count is not None}

    def total(self, region: str) -> tuple[int | None, bool] | None:
        found = total(region, self.blocks.values(), self.reports)
        return (found.shown.count, found.complete) if found else None

    def _settle(self, gemeente: str) -> None:
        block, given_ = self.blocks.get(gemeente), reported(self.reports[gemeente], gemeente, self.family)
        if release := decide(block, given_, self.today):
            held = block or Block(UUID(int=len(self.blocks) + 1), self.family, gemeente, release)
            self.blocks[gemeente] = held.after(release)
            self.releases.append((gemeente, release))


def played(stream: Iterable[tuple[str, int | None, bool]]) -> Ledger:
    ledger = Ledger()
    for gemeente, number, day_ends in stream:
        ledger.report(gemeente, None if number is None else count(number))
        if day_ends:
            ledger.next_day()
    ledger.next_day()
    return ledger
