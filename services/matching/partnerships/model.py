"""Who takes part in an adoption. A claim stays a concept until the gemeente confirms it (domain.md, Adoption)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from uuid import UUID

from shared.contracts.vocabulary import Means
from shared.refusals import Conflict, Fault, Forbidden, Invalid

LONGEST_TEXT = 4000


class InvalidPartnership(Invalid):
    """Something that is told of a partnership is wrong; every fault names its field."""


class AlreadyPartner(Conflict):
    """The organisation takes part in this role already, or a claim that it does waits for the gemeente."""


class OrganisationNotActive(Conflict):
    """An organisation that has ended takes part in nothing new."""


class NotYoursToDecide(Forbidden):
    """Nobody confirms their own claim."""


class PartnershipDecided(Conflict):
    """The gemeente has confirmed or refused this claim before."""


class PartnershipState(StrEnum):
    """What the gemeente says of a claim that an organisation takes part."""

    CONCEPT = "concept"
    CONFIRMED = "bevestigd"
    REFUSED = "geweigerd"


@dataclass(frozen=True, slots=True)
class Partnership:
    """An organisation that takes part in one role. Until the gemeente confirms it, it is a claim and nobody is told."""

    id: UUID
    organisation: UUID
    role: Means
    claimed_by: UUID
    claimed_on: date
    state: PartnershipState = PartnershipState.CONCEPT
    decided_on: date | None = None
    refusal_reason: str | None = None

    def confirmed(self, on: date) -> Partnership:
        """Raises: PartnershipDecided."""
        self._check_waits()
        return replace(self, state=PartnershipState.CONFIRMED, decided_on=on)

    def refused(self, on: date, reason: str) -> Partnership:
        """Raises: PartnershipDecided, InvalidPartnership."""
        self._check_waits()
        if faults := [*text_faults("reason", reason)]:
            raise InvalidPartnership("Zonder reden kunt u niet weigeren.", faults)
        return replace(self, state=PartnershipState.REFUSED, decided_on=on, refusal_reason=reason)

    def _check_waits(self) -> None:
        if self.state is not PartnershipState.CONCEPT:
            raise PartnershipDecided(f"De gemeente heeft hierover al besloten: {self.state}.")


def text_faults(field: str, text: str) -> Iterator[Fault]:
    """A reason must be given, and not be endless."""
    if not text.strip() or len(text) > LONGEST_TEXT:
        yield Fault(field, f"Zeg in hooguit {LONGEST_TEXT} tekens waarom.")
