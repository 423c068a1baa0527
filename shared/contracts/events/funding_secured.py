"""FundingSecured: firm commitments cover the budget, and the gemeente's own is among them (domain.md, Funding)."""

from __future__ import annotations

from typing import ClassVar

from shared.contracts.events.funding import FundingTold


class FundingSecured(FundingTold):
    """The implementation can start: nothing is left open."""

    TYPE: ClassVar[str] = "funding-secured"
