"""Conflicts of interest by organisation: who is bound to whom, and through whom (methods.md C, Conflicts).

Used where a board member must not weigh a project, and where a gemeente must not choose it. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.contracts.vocabulary import RelationKind

MOST_STEPS = 2


@dataclass(frozen=True, slots=True)
class Tie:
    """One organisation is something to another: ING Nederland fonds is `dochter-van` ING."""

    organisation: UUID
    kind: RelationKind
    other: UUID
    until: date | None = None  # the last day on which it holds

    def holds(self, on: date) -> bool:
        """Whether it still stands on this day. The last day counts."""
        return self.until is None or on <= self.until


@dataclass(frozen=True, slots=True)
class Chain:
    """How a conflict comes about: from the first organisation to the last, and what binds each to the next.

    With a single organisation the conflict is direct: the same organisation stands on both sides.
    """

    organisations: tuple[UUID, ...]
    kinds: tuple[RelationKind, ...] = ()

    def then(self, kind: RelationKind, organisation: UUID) -> Chain:
        """The chain one step longer."""
        return Chain((*self.organisations, organisation), (*self.kinds, kind))


def conflict_chain(start: Collection[UUID], targets: Collection[UUID], ties: Iterable[Tie], on: date) -> Chain | None:
    """The shortest chain of hard relations from `start` to `targets`, in at most two steps; None means no conflict.

    A relation binds both ways: a parent is bound to its daughter. Soft relations (lid-van, convenant-met) never count, else
    the umbrella of all gemeenten would conflict with each of them. `start` are the organisations of a person now and in the
    last two years; `targets` those with a hard relation to the project. Of equally short chains it is always the same one.
    """
    bound = _bound(ties, on)
    reached = set(start)
    chains = [Chain((organisation,)) for organisation in sorted(reached)]
    for _ in range(MOST_STEPS):
        if found := _arrived(chains, targets):
            return found
        chains = [longer for chain in chains for longer in _longer(chain, bound, reached)]
    return _arrived(chains, targets)


def _bound(ties: Iterable[Tie], on: date) -> Mapping[UUID, list[tuple[UUID, RelationKind]]]:
    bound: dict[UUID, set[tuple[UUID, RelationKind]]] = defaultdict(set)
    for tie in ties:
        if tie.kind.is_hard and tie.holds(on):
            bound[tie.organisation].add((tie.other, tie.kind))
            bound[tie.other].add((tie.organisation, tie.kind))
    return {organisation: sorted(others) for organisation, others in bound.items()}


def _longer(chain: Chain, bound: Mapping[UUID, list[tuple[UUID, RelationKind]]], reached: set[UUID]) -> Iterable[Chain]:
    for other, kind in bound.get(chain.organisations[-1], ()):
        if other not in reached:
            reached.add(other)
            yield chain.then(kind, other)


def _arrived(chains: Iterable[Chain], targets: Collection[UUID]) -> Chain | None:
    return next((chain for chain in chains if chain.organisations[-1] in targets), None)
