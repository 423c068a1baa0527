"""FundingReopened: a plan that was secured has a gap again, or misses the gemeente's own contribution."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from shared.contracts.events.funding import FundingTold


class ReopenedBecause(StrEnum):
    """What undid a plan that was secured: a commitment lapsed, was withdrawn, or the plan was changed."""

    LAPSED = "verlopen"
    WITHDRAWN = "ingetrokken"
    CHANGED = "gewijzigd"


class FundingReopened(FundingTold):
    """The funding plan of an adoption as it stands after something firm was firm no longer, and why that is."""

    TYPE: ClassVar[str] = "funding-reopened"

    because: ReopenedBecause
    """What undid it."""
