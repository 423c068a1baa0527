"""FundingSecured: firm commitments cover the budget of an adoption, and the gemeente's own is among them."""

from __future__ import annotations

from typing import ClassVar

from shared.contracts.events.funding import FundingTold


class FundingSecured(FundingTold):
    """The funding plan of an adoption as it stands now that nothing is left open: the implementation can start."""

    TYPE: ClassVar[str] = "funding-secured"
