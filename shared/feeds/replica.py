"""What all readers of one replica share."""

from __future__ import annotations

import asyncio

from starlette.applications import Starlette

from shared.feeds.openings import Limits, Openings


def openings_of(app: Starlette) -> Openings:
    """Who waits and follows; `stream_limits` in the application's state says how many may."""
    state = app.state
    if not hasattr(state, "openings"):
        state.openings = Openings(getattr(state, "stream_limits", Limits()))
    openings: Openings = state.openings
    return openings


def stopping_of(app: Starlette) -> asyncio.Event:
    """Set when the replica stops; the runtime puts its own into the application's state."""
    stopping: asyncio.Event = getattr(app.state, "stopping", None) or asyncio.Event()
    return stopping
