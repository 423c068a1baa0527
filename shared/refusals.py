"""What the domain does not allow, in words for the person who asked. The web turns each kind into a problem (RFC 9457).

Pure: a `model.py` may raise these. A feature names its own (`class ConflictOfInterest(Forbidden)`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with what was sent.

    `field` is the place as the sender knows it ("fundingPlan.budgetEuro", "If-Match"); `message` says what to do, in Dutch.
    """

    field: str
    message: str


class Refusal(Exception):
    """Something that was asked and may not happen. `title` is the same for every case, `detail` tells of this one."""

    title: ClassVar[str] = "Dit kan niet"

    def __init__(self, detail: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = tuple(faults)


class Invalid(Refusal):
    """What was sent is not well-formed or not complete; `faults` names everything that is wrong, at once."""

    title = "De gegevens kloppen niet"


class Forbidden(Refusal):
    """The caller may know that this exists, but may not do it."""

    title = "U mag dit niet doen"


class UnknownEntity(Refusal):
    """It does not exist, or not for this caller: the two look alike on purpose."""

    title = "Niet gevonden"

    def __init__(self, kind: str, entity: object) -> None:
        super().__init__(f"Er is geen {kind} met id {entity}, of u heeft er geen toegang toe.")


class Conflict(Refusal):
    """It cannot be done in the state in which things are now."""

    title = "Dit kan nu niet"


class StaleRevision(Refusal):
    """Somebody else changed it since the caller looked."""

    title = "Iemand anders heeft dit intussen gewijzigd"

    def __init__(self, seen: int, actual: int) -> None:
        super().__init__(
            f"U zag versie {seen}, maar intussen is er versie {actual}. Haal de gegevens opnieuw op en probeer het nog eens."
        )
        self.actual = actual
