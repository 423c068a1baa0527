"""/v1/operations/hearing: which code hears, for operators."""

from __future__ import annotations

from fastapi import APIRouter

from shared.messaging import hearing
from shared.messaging.hearing import HearingState
from shared.runtime.operations.asked import Operator
from shared.runtime.service import Service
from shared.web import Result, Tx, service_router


class ListeningResult(Result):
    """That a reaction hears a type, and how that stands."""

    stream: str
    type: str
    reaction: str
    state: HearingState


class HearingResult(Result):
    """The generation that hears, and what this replica's code makes of it."""

    generation: int
    is_this_code: bool
    reactions: list[ListeningResult]


def routes(service: Service) -> APIRouter:
    """The routes of a service that declares these reactions."""
    router = service_router("/operations/hearing", tag="Operations")
    ours = hearing.declared(service.hears)

    @router.get("")
    async def get_hearing(_caller: Operator, tx: Tx) -> HearingResult:
        """What the code of the replica that answers hears, and how it stands to the code that hears now."""
        now = await hearing.standing(tx, ours)
        described = [(*hearing.described(one), now.state_of(one)) for one in sorted(ours | now.current)]
        reactions = [ListeningResult(stream=s, type=t, reaction=r, state=state) for s, t, r, state in described]
        return HearingResult(generation=now.generation, is_this_code=now.is_current, reactions=reactions)

    return router
