"""/v1/operations/verification: did this service hear what was said? For operators."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from aiokafka.errors import KafkaError
from fastapi import Query, Request

from shared.contracts.event import Stream
from shared.messaging.verified import Verified
from shared.refusals import Conflict
from shared.runtime.comparing import UnderWay
from shared.runtime.operations.asked import BeingRepaired, Operator
from shared.runtime.settings import NoSecret
from shared.web import Result, service_router

router = service_router("/operations/verification", tag="Operations")
Wait = Annotated[
    float, Query(ge=0, le=30, description="How many seconds what is under way may take to come.", examples=[10])
]


class CannotCompare(Conflict):
    """It has no right to look at others."""

    title = "Deze service kan niet vergelijken"


class MissingVersionsResult(Result):
    """Versions that were told and did not come. The owner tells them again: `outbox/{topic}/{entity}/resends`, there."""

    owner: str
    stream: str
    topic: str
    entity: UUID
    first: int
    last: int


class AheadOfOwnerResult(Result):
    """More was heard than its owner knows to have said: the owner was put back. It needs `said adopt-log`."""

    owner: str
    stream: str
    entity: UUID
    said: int
    heard: int


class VerificationResult(Result):
    """What was found. Of `missing` and `ahead` the first 200 are named each, and all are counted.

    `undecided`: entities that could not be heard in time. `waiting`: those that are parked here.
    """

    missing_entities: int
    ahead_entities: int
    undecided: int
    waiting: int
    not_told_yet: int
    records_behind: int
    versions_behind: int
    missing: list[MissingVersionsResult]
    ahead: list[AheadOfOwnerResult]

    @classmethod
    def of(cls, found: Verified) -> VerificationResult:
        """As it is shown."""
        return cls(
            missing_entities=found.missing_entities,
            ahead_entities=found.ahead_entities,
            undecided=found.undecided,
            waiting=found.waiting,
            not_told_yet=found.not_told_yet,
            records_behind=found.records_behind,
            versions_behind=found.versions_behind,
            missing=[
                MissingVersionsResult(
                    topic=m.stream.topic, entity=m.entity, first=m.first, last=m.last, **_whose(found, m.stream)
                )
                for m in found.missing
            ],
            ahead=[
                AheadOfOwnerResult(entity=a.entity, said=a.said, heard=a.heard, **_whose(found, a.stream))
                for a in found.ahead
            ],
        )


def _whose(found: Verified, stream: Stream) -> dict[str, str]:
    return {"owner": found.owners[stream], "stream": stream.name.lower()}


@router.get("")
async def get_verification(_caller: Operator, request: Request, wait: Wait = 10) -> VerificationResult:
    """Compares now, entity by entity, what was said with what was heard here. The metric shows what came of it."""
    try:
        return VerificationResult.of(await request.app.state.compare(wait))
    except UnderWay:
        raise BeingRepaired("Een andere vergelijking loopt nog. Probeer het opnieuw als die klaar is.") from None
    except NoSecret:
        raise CannotCompare("Het wachtwoord van de rol verifier ontbreekt. Laat een beheerder dat instellen.") from None
    except KafkaError as error:
        raise OSError(str(error)) from None
