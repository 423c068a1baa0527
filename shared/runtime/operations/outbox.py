"""/v1/operations/outbox: what was said, and is not told yet or is to be told again; for operators."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from shared.contracts.event import Stream
from shared.messaging import looking
from shared.messaging.looking import StoppedKey
from shared.runtime.operations.asked import (
    ActBody,
    DeskHere,
    DoneResult,
    Operator,
    Version,
    act_of,
    refusing,
)
from shared.web import Page, Paging, Result, Tx, service_router
from shared.web.paging import BadCursor, PageAsked

router = service_router("/operations/outbox", tag="Operations")
KIND = "gestopte sleutel"
TOLD_WITHIN_SECONDS = 8.0
"""Less than the 10 s after which Postgres ends a transaction that stands idle."""
TopicName = Annotated[str, StringConstraints(pattern=f"^({'|'.join(stream.topic for stream in Stream)})$")]
Key = Annotated[str, StringConstraints(max_length=100)]


class UntoldResult(Result):
    """How many events of a topic are not told yet, and since when."""

    topic: str
    events: int
    oldest: datetime


class OutboxResult(Result):
    """What is not told yet."""

    waiting: list[UntoldResult]


class StoppedKeyResult(Result):
    """A key of which an event could not be sent; its later ones wait."""

    topic: str
    key: str
    since: datetime
    reason: str

    @classmethod
    def of(cls, row: StoppedKey) -> StoppedKeyResult:
        """As it is listed."""
        return cls(topic=row.topic, key=row.key, since=row.since, reason=row.reason)


class ResendBody(ActBody):
    """From which version on, and up to which."""

    first: Version = 1
    last: Version | None = None


class ResentResult(DoneResult):
    """What was told again. `moreToDo`: ask again with `first` as `nextFirst` says, and another key, to go on."""

    next_first: int | None = None


def _after(page: PageAsked) -> tuple[str, str] | None:
    text = page.after_text
    if text is None:
        return None
    topic, found, key = text.partition(" ")
    if not found:
        raise BadCursor
    return topic, key


@router.get("")
async def get_outbox(_caller: Operator, tx: Tx) -> OutboxResult:
    """How much waits to be told, by topic."""
    found = await looking.waiting(tx)
    return OutboxResult(waiting=[UntoldResult(topic=o.topic, events=o.events, oldest=o.oldest) for o in found])


@router.get("/stopped-keys")
async def list_stopped_keys(_caller: Operator, tx: Tx, page: Paging) -> Page[StoppedKeyResult]:
    """Keys of which an event could not be sent."""
    found = await looking.stopped(tx, _after(page), page.limit + 1)
    return Page.of(found, page, lambda row: f"{row.topic} {row.key}", StoppedKeyResult.of)


@router.post("/{topic}/{entity}/releases")
async def release_stopped_key(
    topic: TopicName, entity: Key, body: ActBody, caller: Operator, desk: DeskHere
) -> DoneResult:
    """Lets a stopped key try again."""
    with refusing(KIND, entity):
        done = await desk.go_on(act_of(caller, body), topic, entity, dry_run=body.dry_run)
    return DoneResult(outcome=done, dry_run=body.dry_run)


@router.post("/{topic}/{entity}/resends")
async def resend_events(
    topic: TopicName, entity: Key, body: ResendBody, caller: Operator, desk: DeskHere
) -> ResentResult:
    """Tells again, unchanged, what was told of a key: at once the first 500 that are kept, from `first` on."""
    with refusing("verteld bericht", entity):
        done = await desk.resend(
            act_of(caller, body),
            topic,
            entity,
            body.first,
            body.last,
            dry_run=body.dry_run,
            within=TOLD_WITHIN_SECONDS,
        )
    return ResentResult(
        outcome=done.on(topic, entity),
        more_to_do=done.goes_on_from is not None,
        next_first=done.goes_on_from,
        dry_run=body.dry_run,
    )
