"""How a service takes an event from outside: it names the event, and the operation that does it under its own rules."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

from shared.access import Publisher, Right
from shared.clock import day_of, system_clock
from shared.contracts.event import EventData
from shared.refusals import Fault, Forbidden
from shared.storage import Cause, Transaction

D = TypeVar("D", bound=EventData)


@dataclass(frozen=True, slots=True)
class Offer(Generic[D]):
    """What an outside system wants to have said.

    `publisher` is who offers it: known by its client or its topic, never by what the event says. `right` is its right to
    this type, which covers what `data` itself names (gemeente, project, organisation); what only the owner's own state
    knows, the owner holds against it. `id` is that of this publication, ours: the causation of what is said. `data` is
    validated, and no person is recognisable in it. `at` is when it came in, in UTC.
    """

    publisher: Publisher
    right: Right
    id: UUID
    data: D
    at: datetime = field(default_factory=system_clock)

    @property
    def today(self) -> date:
        """The day on which it came in, in the Netherlands."""
        return day_of(self.at)

    def within(self, tx: Transaction) -> Transaction:
        """The same transaction, in which all that is said from here on has this publication as its cause.

        No trace and no correlation of the publisher goes along: what comes from outside is not trusted.
        """
        return replace(tx, cause=Cause(correlation=self.id, causation=self.id))


Operation: TypeAlias = Callable[[Transaction, Offer[Any]], Awaitable[UUID]]
"""Does what was offered, under the owner's rules, and says it with `tx.say`. Returns the entity.

Raises what operations raise: a Refusal, whose faults name the fields of the event's data.
"""


@dataclass(frozen=True, slots=True)
class Taking:
    """An event that may come from outside, and what happens with it."""

    event: type[EventData]
    operation: Operation


def take(event: type[EventData], operation: Operation) -> Taking:
    """The service takes this event from publishers that are declared for it, and does `operation` with each."""
    return Taking(event, operation)


class NotYours(Forbidden):
    """The right of a publisher does not cover what its event is about.

    `field` is the place in the event's data that leads there; `what` names it in Dutch: "gemeente GM0268".
    """

    title = "Dit valt buiten wat u mag publiceren"

    def __init__(self, field: str, what: str) -> None:
        super().__init__(f"U mag voor {what} geen gebeurtenissen van dit type publiceren.", [_not_covered(field, what)])

    @classmethod
    def all_of(cls, beyond: Sequence[tuple[str, str]]) -> NotYours:
        """All that is not covered at once: `field` and `what` of each, of which there is at least one."""
        error = cls(*beyond[0])
        error.faults = tuple(_not_covered(field, what) for field, what in beyond)
        return error


def _not_covered(field: str, what: str) -> Fault:
    advice = "Vraag de beheerder van het platform of uw recht uitgebreid kan worden."
    return Fault(field, f"Uw recht dekt {what} niet. {advice}")
