"""/v1/operations/dead-letters: records that nobody could read, for operators."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from shared.messaging import looking
from shared.messaging.looking import Letter
from shared.messaging.repairing import Named
from shared.runtime.operations.asked import (
    ActBody,
    ContentResult,
    DeskHere,
    DoneResult,
    HeaderResult,
    Operator,
    Version,
    act_of,
    headers_of,
    refusing,
)
from shared.web import Page, Paging, Result, Tx, service_router

router = service_router("/operations/dead-letters", tag="Operations")
KIND = "onleesbaar bericht"


class DeadLetterResult(Result):
    """A record that nobody could read. Its bytes are kept only when no person is recognisable in them."""

    id: UUID
    topic: str
    partition: int
    offset: int
    bytes: int
    kept: bool
    since: datetime
    reason: str

    @classmethod
    def of(cls, row: Letter) -> DeadLetterResult:
        """As it is listed."""
        return cls(**_listed(row))


class WholeDeadLetterResult(DeadLetterResult):
    """With its bytes, if they could be kept."""

    key: ContentResult | None
    headers: list[HeaderResult]
    value: ContentResult | None


class ReplayBody(ActBody):
    """Which event it is, where its own headers do not say so: the entity, the version and the event's id."""

    subject: UUID | None = None
    sequence: Version | None = None
    id: UUID | None = None


def _listed(row: Letter) -> dict[str, Any]:
    return {
        "id": row.id,
        "topic": row.topic,
        "partition": row.partition,
        "offset": row.offset,
        "bytes": row.size,
        "kept": row.bytes_kept,
        "since": row.at,
        "reason": row.reason,
    }


@router.get("")
async def list_dead_letters(_caller: Operator, tx: Tx, page: Paging) -> Page[DeadLetterResult]:
    """What nobody could read, the oldest first."""
    found = await looking.dead_letters(tx, page.after_uuid, page.limit + 1)
    return Page.of(found, page, lambda letter: letter.id, DeadLetterResult.of)


@router.get("/{letter}")
async def get_dead_letter(letter: UUID, _caller: Operator, tx: Tx) -> WholeDeadLetterResult:
    """One, whole."""
    with refusing(KIND, letter):
        found = await looking.dead_letter(tx, letter)
    return WholeDeadLetterResult(
        **_listed(found.row),
        key=ContentResult.of(found.key),
        headers=headers_of(found.headers),
        value=ContentResult.of(found.value),
    )


@router.post("/{letter}/replays")
async def replay_dead_letter(letter: UUID, body: ReplayBody, caller: Operator, desk: DeskHere) -> DoneResult:
    """Reads it again and hears it as if it came now: after a fix of the code, or as the event that is named."""
    names = Named(body.subject, body.sequence, body.id)
    with refusing(KIND, letter):
        done = await desk.replay(act_of(caller, body), letter, names, dry_run=body.dry_run)
    return DoneResult(outcome=done, dry_run=body.dry_run)


@router.post("/{letter}/discards")
async def discard_dead_letter(letter: UUID, body: ActBody, caller: Operator, desk: DeskHere) -> DoneResult:
    """Throws it away."""
    with refusing(KIND, letter):
        done = await desk.throw_away(act_of(caller, body), letter, dry_run=body.dry_run)
    return DoneResult(outcome=done, dry_run=body.dry_run)
