"""FundingReopened: a plan that was secured has a gap again, or misses the gemeente's own contribution."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from shared.contracts.events.funding import FundingTold


class ReopenedBecause(StrEnum):
    """What undid it."""

    LAPSED = "verlopen"
    WITHDRAWN = "ingetrokken"
    CHANGED = "gewijzigd"


class FundingReopened(FundingTold):
    """Something firm is firm no longer, and says why."""

    TYPE: ClassVar[str] = "funding-reopened"

    because: ReopenedBecause
