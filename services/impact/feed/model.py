"""What subscribers get of the ledger, and the rule by which its lines become what is shown.

A line puts aside the release of its block that it `replaces`. One that was withdrawn shows nothing from then on: hidden, not 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Self
from uuid import UUID

from services.impact.figures.model import Published
from shared.reference import current_code, gemeenten, indicator, provinces
from shared.refusals import Fault, Invalid


class UnknownProvince(Invalid):
    """No province has this code."""

    title = "Deze provincie bestaat niet"

    def __init__(self, code: str) -> None:
        detail = f"Er is geen provincie met code {code}. Een code is PV met twee cijfers, bijvoorbeeld PV28."
        super().__init__(detail, [Fault("province", detail)])


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which figures a subscriber wants; whatever is None counts for all. `scopes` are the places that figures are about."""

    scopes: frozenset[str] | None = None
    project: UUID | None = None
    indicator: str | None = None

    @classmethod
    def of(
        cls, gemeente: str | None, province: str | None, project: UUID | None, code: str | None, today: date
    ) -> Self:
        """What was asked for. Of a province: what is about it as a whole, and about the gemeenten in it.

        Raises: UnknownGemeente, UnknownProvince, UnknownIndicator.
        """
        places = [
            None if gemeente is None else frozenset({current_code(gemeente, today)}),
            None if province is None else _within(province),
        ]
        asked = [scopes for scopes in places if scopes is not None]
        scopes = frozenset.intersection(*asked) if asked else None
        return cls(scopes, project, None if code is None else indicator(code).code)

    def takes(self, line: Published) -> bool:
        """Whether this line is one of them."""
        family = line.block.family
        return (
            (self.scopes is None or line.block.scope in self.scopes)
            and self.project in (None, family.project)
            and self.indicator in (None, family.indicator)
        )


@dataclass(frozen=True, slots=True)
class State:
    """What is shown once the ledger was read up to a position: of each block that is not hidden, the line that shows it."""

    position: int = 0
    shown: Mapping[UUID, Published] = field(default_factory=lambda: MappingProxyType({}))

    def after(self, lines: Iterable[Published]) -> State:
        """Once these lines were read too, in the order of their positions. A line that comes again changes nothing."""
        shown, position = dict(self.shown), self.position
        for line in lines:
            if line.position <= position:
                continue
            position = line.position
            if line.block.shown is None:
                shown.pop(line.block.id, None)
            else:
                shown[line.block.id] = line
        return State(position, MappingProxyType(shown))


def _within(province: str) -> frozenset[str]:
    if province not in provinces():
        raise UnknownProvince(province)
    return frozenset({province, *(each.code for each in gemeenten().values() if each.province == province)})
