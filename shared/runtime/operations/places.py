"""/v1/operations/places: where a service is in the log, for operators."""

from __future__ import annotations

from uuid import UUID

from shared.messaging import rewinding
from shared.runtime.operations.asked import Operator
from shared.web import Result, Tx, service_router

router = service_router("/operations/places", tag="Operations")


class LogPlaceResult(Result):
    """The next offset of a partition, and the event that was read before it; null where that had no id."""

    topic: str
    partition: int
    next: int
    cluster: str
    event: UUID | None


class LogPlacesResult(Result):
    """A place for each partition that was read."""

    places: list[LogPlaceResult]


@router.get("")
async def get_places(_caller: Operator, tx: Tx) -> LogPlacesResult:
    """Where this service is in each partition that it reads. To send it back: the command `places rewind`."""
    found = [
        LogPlaceResult(topic=t, partition=p, next=n, cluster=c, event=e) for t, p, n, c, e in await rewinding.places(tx)
    ]
    return LogPlacesResult(places=found)
