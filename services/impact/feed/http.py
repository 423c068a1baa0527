"""/v1/snapshot and /v1/feed: what is shown now, and every line of the ledger that follows. For everybody; nothing exact."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.impact.feed import operations, store
from services.impact.feed.model import Wanted
from services.impact.figures.http import ReleaseResult
from services.impact.figures.model import Published
from services.impact.figures.store import releases
from shared.feeds.caching import kept_json
from shared.feeds.cursor import LONGEST_CURSOR, ForeignCursor, Place, decoded, encoded
from shared.feeds.openings import client_of
from shared.feeds.replica import openings_of, stopping_of
from shared.feeds.streaming import EventStream, Stream, frame
from shared.feeds.tail import Line, Tail
from shared.web import Caller, Today, Tx, anyone, service_router

router = service_router("/feed", tag="Feed")
snapshots = service_router("/snapshot", tag="Feed")

LONGEST_WAIT_S = 30
DEFAULT_LIMIT, MAX_LIMIT = 100, 1_000
KEPT: dict[int | str, dict[str, Any]] = {304: {"description": "It is as you have it."}}
BUSY: dict[int | str, dict[str, Any]] = {429: {"description": "You have too many open."}}

Anyone = Annotated[Caller | None, anyone()]
After = Annotated[
    str | None,
    Query(
        max_length=LONGEST_CURSOR, description="The `cursor` of a snapshot, or `next`. Without it: from the first line."
    ),
]
Seen = Annotated[str | None, Header(alias="If-None-Match", description="The ETag of what you have.")]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many items there are at most.")]


class SnapshotResult(BaseModel):
    """What is shown at one moment, in pages that all tell of that moment. Each item is the line that shows it.

    `cursor` is where /v1/feed goes on from; it is the same on every page.
    """

    items: list[ReleaseResult]
    next: str | None = Field(description="The value for `after`; null on the last page.")
    cursor: str


class FeedResult(BaseModel):
    """Lines of the ledger, the oldest first: each replaces the release of its block that it names.

    `next` moves on past what a filter leaves out: keep it and come back with it, also when there are no items. `more`
    tells that lines stand beyond it already.
    """

    items: list[ReleaseResult]
    next: str = Field(description="The value for `after`.")
    more: bool


async def _wanted(
    today: Today,
    gemeente: Annotated[str | None, Query(description="A gemeente, such as GM0518.")] = None,
    province: Annotated[str | None, Query(description="A province, such as PV28, with the gemeenten in it.")] = None,
    project: UUID | None = None,
    indicator: Annotated[str | None, Query(description="A code from the list of indicators.")] = None,
) -> Wanted:
    return Wanted.of(gemeente, province, project, indicator, today)


Filter = Annotated[Wanted, Depends(_wanted)]


@snapshots.get("", response_model=SnapshotResult, responses=KEPT)
async def get_snapshot(
    request: Request,
    _caller: Anyone,
    tx: Tx,
    wanted: Filter,
    after: Annotated[str | None, Query(max_length=LONGEST_CURSOR, description="The `next` of the page before.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    _seen: Seen = None,
) -> Response:
    """What is shown now, with the cursor to go on from. Pages that follow tell of the same moment as the first."""
    at, block = _page(after)
    found = await operations.snapshot(tx, wanted, at, block, limit)
    following = (
        None if found.after is None else encoded("snapshot", found.place.position, found.place.check, found.after)
    )
    result = SnapshotResult(
        items=[ReleaseResult.of(line) for line in found.shown], next=following, cursor=found.place.cursor
    )
    return kept_json(request, result.model_dump_json(by_alias=True).encode(), _link(request, following))


@router.get("", response_model=FeedResult, responses={**KEPT, **BUSY})
async def read_feed(
    request: Request,
    _caller: Anyone,
    wanted: Filter,
    after: After = None,
    wait: Annotated[
        int, Query(ge=0, le=LONGEST_WAIT_S, description="So many seconds it waits for a line, if there is none yet.")
    ] = 0,
    limit: Limit = DEFAULT_LIMIT,
    _seen: Seen = None,
) -> Response:
    """What came after a cursor: published, corrected and withdrawn figures, none skipped and in one order for everybody."""
    place = Place.of(after)
    if wait:
        with openings_of(request.app).taken(client_of(request)):
            told = await _waited(request, wanted, place, limit, wait)
    else:
        told = await _read(request, wanted, place, limit)
    return kept_json(request, told.body, _link(request, told.next.cursor))


@router.get("/stream", status_code=200, response_class=EventStream, responses=BUSY)
async def stream_feed(
    request: Request,
    _caller: Anyone,
    wanted: Filter,
    after: After = None,
    last_event_id: Annotated[
        str | None,
        Header(
            alias="Last-Event-ID",
            max_length=LONGEST_CURSOR,
            description="The id of the last event; goes before `after`.",
        ),
    ] = None,
) -> EventStream:
    """The same lines as server-sent events: `id` is the cursor, `event` the kind, and `end` says why the stream ends."""
    field = "after" if last_event_id is None else "Last-Event-ID"
    place = Place.of(last_event_id or after, field)
    async with request.app.state.database.reading() as tx:
        await operations.check(tx, place, field)
    openings = openings_of(request.app)
    held = ExitStack()
    held.enter_context(openings.taken(client_of(request)))
    return EventStream(Stream(tail_of(request), place, wanted.takes, openings.limits).frames(), held)


def tail_of(request: Request) -> Tail[Published]:
    """The end of the ledger, which all who wait and follow in this replica share."""
    state = request.app.state
    if not hasattr(state, "ledger_tail"):
        database = state.database

        async def read_on(after: int, limit: int) -> Sequence[Line[Published]]:
            async with database.reading() as tx:
                return [_line(each) for each in await releases(tx, after, limit)]

        async def newest() -> Place:
            async with database.reading() as tx:
                return await store.newest(tx)

        state.ledger_tail = Tail(read_on, newest, stopping_of(request.app))
    tail: Tail[Published] = state.ledger_tail
    return tail


@dataclass(frozen=True, slots=True)
class _Told:
    """An answer of the feed: lines that are JSON already."""

    lines: Sequence[Line[Published]]
    next: Place
    more: bool

    @property
    def body(self) -> bytes:
        """As FeedResult has it."""
        items = b",".join(line.json for line in self.lines)
        more = b"true" if self.more else b"false"
        return b'{"items":[%b],"next":"%b","more":%b}' % (items, self.next.cursor.encode(), more)


async def _read(request: Request, wanted: Wanted, after: Place, limit: int) -> _Told:
    async with request.app.state.database.reading() as tx:
        found = await operations.lines(tx, wanted, after, limit)
    return _Told([_line(each) for each in found.found], found.next, found.more)


async def _waited(request: Request, wanted: Wanted, place: Place, limit: int, seconds: int) -> _Told:
    """What came after a place or comes within so many seconds, from what all share: without a query where that reaches."""
    tail, clock = tail_of(request), asyncio.get_running_loop().time
    deadline = clock() + seconds
    async with tail.followed():
        told = _Told((), place, more=False) if tail.holds(place) else await _read(request, wanted, place, limit)
        while not told.lines and not told.more and await tail.grows(told.next.position, deadline - clock()):
            came = tail.since(told.next.position)
            if came is None:
                told = await _read(request, wanted, told.next, limit)
                continue
            taken = [line for line in came if wanted.takes(line.said)][:limit]
            reached = (taken if len(taken) == limit else came)[-1].place
            told = _Told(taken, reached, more=reached.position < tail.end.position)
    return told


def _line(line: Published) -> Line[Published]:
    place = operations.place_after(line)
    data = ReleaseResult.of(line).model_dump_json(by_alias=True).encode()
    return Line(place, line, data, frame(line.block.last.kind, data, place))


def _page(after: str | None) -> tuple[Place | None, UUID | None]:
    """At which place the snapshot is, and after which block it goes on. Raises: ForeignCursor."""
    if after is None:
        return None, None
    position, check, block = decoded("snapshot", after, 3)
    try:
        return Place.told(position, check), UUID(block)
    except ValueError:
        raise ForeignCursor from None


def _link(request: Request, following: str | None) -> dict[str, str]:
    if following is None:
        return {}
    url = request.url.include_query_params(after=following)
    return {"Link": f'<{url.path}?{url.query}>; rel="next"'}
