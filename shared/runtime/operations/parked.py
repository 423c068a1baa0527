"""/v1/operations/parked: records that wait, for operators."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import Field, model_validator

from shared.contracts.event import Stream
from shared.messaging import looking
from shared.messaging.looking import Parked, Place
from shared.messaging.parking import Kind
from shared.messaging.repairing import Repair
from shared.runtime.operations.asked import (
    ActBody,
    ContentResult,
    DeskHere,
    DoneResult,
    HeaderResult,
    Operator,
    StreamName,
    Version,
    act_of,
    headers_of,
    refusing,
)
from shared.web import Page, Paging, Result, Tx, service_router
from shared.web.paging import BadCursor, PageAsked

router = service_router("/operations/parked", tag="Operations")
KIND = "wachtend bericht"


class ParkedRecordResult(Result):
    """A record that waits: a `gap` for what is missing before it, a failure (`failed`) for an operator."""

    stream: str
    entity: UUID
    version: int
    kind: Kind
    since: datetime
    reason: str

    @classmethod
    def of(cls, row: Parked) -> ParkedRecordResult:
        """As it is listed."""
        return cls(**_listed(row))


class WholeParkedRecordResult(ParkedRecordResult):
    """With all that was kept of it. `behind`: the versions that wait for it, as in "3-7, 9"."""

    event: UUID
    topic: str
    partition: int
    offset: int
    headers: list[HeaderResult]
    value: ContentResult | None
    behind: str


class FixBody(ActBody):
    """The data anew (`data`), or single values by path (`values`: {"involvements.0.relation": "indiener"}); headers."""

    data: dict[str, Any] | None = None
    values: dict[str, Any] = Field(default_factory=dict)
    headers: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _changes_something(self) -> FixBody:
        if self.data is None and not self.values and not self.headers:
            raise ValueError("Geef data, values of headers.")
        return self


def _listed(row: Parked) -> dict[str, Any]:
    return {
        "stream": row.stream.name.lower(),
        "entity": row.entity,
        "version": row.sequence,
        "kind": row.kind,
        "since": row.parked_at,
        "reason": row.reason,
    }


def _after(page: PageAsked) -> Place | None:
    text = page.after_text
    if text is None:
        return None
    try:
        at, stream, entity, sequence = text.split()
        return datetime.fromisoformat(at), Stream(int(stream)), UUID(entity), int(sequence)
    except ValueError:
        raise BadCursor from None


def _cursor(row: Parked) -> str:
    at, stream, entity, sequence = row.place
    return f"{at.isoformat()} {int(stream)} {entity} {sequence}"


@router.get("")
async def list_parked(
    _caller: Operator,
    tx: Tx,
    page: Paging,
    kind: Annotated[Kind | None, Query(description="Only gaps, or only failures.")] = None,
) -> Page[ParkedRecordResult]:
    """What waits, the oldest first. A failure needs an operator; a gap releases itself, unless its reason says to release it."""
    found = await looking.parked(tx, _after(page), kind, page.limit + 1)
    return Page.of(found, page, _cursor, ParkedRecordResult.of)


@router.get("/{stream}/{entity}/{version}")
async def get_parked(
    stream: StreamName, entity: UUID, version: Version, _caller: Operator, tx: Tx
) -> WholeParkedRecordResult:
    """One, whole: headers, data if it could be kept, and which versions wait behind it."""
    with refusing(KIND, f"{entity}/{version}"):
        found = await looking.parked_one(tx, Stream[stream.upper()], entity, version)
    return WholeParkedRecordResult(
        **_listed(found.row),
        event=found.event_id,
        topic=found.topic,
        partition=found.partition,
        offset=found.offset,
        headers=headers_of(found.headers),
        value=ContentResult.of(found.value),
        behind=found.behind.which,
    )


@router.post("/{stream}/{entity}/{version}/fixes")
async def fix_parked(
    stream: StreamName, entity: UUID, version: Version, *, body: FixBody, caller: Operator, desk: DeskHere
) -> DoneResult:
    """Gives a failed record the data that it should have had; then it is to be released."""
    repair = Repair(body.data, body.values, body.headers)
    with refusing(KIND, f"{entity}/{version}"):
        done = await desk.fix(
            act_of(caller, body), Stream[stream.upper()], entity, version, repair, dry_run=body.dry_run
        )
    return DoneResult(outcome=done, dry_run=body.dry_run)


@router.post("/{stream}/{entity}/releases")
async def release_parked(
    stream: StreamName, entity: UUID, body: ActBody, caller: Operator, desk: DeskHere
) -> DoneResult:
    """Tries what failed again, and then what waits behind it, in order: at most 500 versions at once.

    After a discard or a release with `moreToDo` this is asked to go on.
    """
    with refusing(KIND, entity):
        done = await desk.release(act_of(caller, body), Stream[stream.upper()], entity, dry_run=body.dry_run)
    return DoneResult(outcome=str(done), more_to_do=done.goes_on, dry_run=body.dry_run)


@router.post("/{stream}/{entity}/{version}/discards")
async def discard_parked(
    stream: StreamName, entity: UUID, version: Version, *, body: ActBody, caller: Operator, desk: DeskHere
) -> DoneResult:
    """Gives up one version: it counts as heard, without effect. Then what waits behind it goes on, at most 500 versions at once.

    With `moreToDo` the rest waits for POST /operations/parked/{stream}/{entity}/releases: this version is discarded.
    """
    with refusing(KIND, f"{entity}/{version}"):
        done = await desk.discard(act_of(caller, body), Stream[stream.upper()], entity, version, dry_run=body.dry_run)
    return DoneResult(outcome=str(done), more_to_do=done.goes_on, dry_run=body.dry_run)
