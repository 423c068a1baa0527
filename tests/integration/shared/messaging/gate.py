"""Holds a replica up in the middle of a batch, for as long as a test wants."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from shared.contracts.event import Event
from shared.storage import Transaction


@dataclass
class Gate:
    """Holds a handler up between what it read and its commit."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    patience_ms: int = 10_000

    async def pass_through(self, tx: Transaction, event: Event[Any]) -> None:
        """A reaction that does not come to its end until the gate is open."""
        await tx.execute(f"set local idle_in_transaction_session_timeout = {self.patience_ms}")
        self.reached.set()
        await self.open.wait()
