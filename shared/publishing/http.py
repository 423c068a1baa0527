"""/v1/events and /v1/publications: outside systems publish, and look up what came of it. For services that take anything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request
from pydantic import Field
from starlette.responses import JSONResponse, Response

from shared.access import Publisher
from shared.publishing import store
from shared.publishing.arriving import BATCH, BINARY, LONGEST, MOST_EVENTS, STRUCTURED, of_request
from shared.publishing.publishing import Publishing, Sent
from shared.publishing.store import Publication, Search, Status, Way
from shared.publishing.weighing import NotDeclared, weighed
from shared.refusals import UnknownEntity
from shared.web import Caller, Now, Page, Paging, Result, Role, Tx, caller_of, service_router
from shared.web.problems import MEDIA_TYPE, Problem
from shared.web.routing import repeatable_router

RETRY_AFTER_S = 10
EVENT = {
    "type": "object",
    "description": "CloudEvents 1.0. Of its attributes these are read; all others are ours to give.",
    "required": ["specversion", "id", "source", "type", "data"],
    "properties": {
        "specversion": {"type": "string", "const": "1.0"},
        "id": {
            "type": "string",
            "maxLength": LONGEST,
            "description": "Yours: the same source and id is the same event.",
        },
        "source": {"type": "string", "maxLength": LONGEST, "description": "Which of your systems it comes from."},
        "type": {"type": "string", "examples": ["nl.schuldhulpprojecten.funding-secured.v1"]},
        "data": {"type": "object", "description": "As the JSON Schema of this type says."},
    },
}
BODY = {
    "requestBody": {
        "required": True,
        "description": f"One event, or at most {MOST_EVENTS} in a batch. In binary mode the attributes are headers: ce-id.",
        "content": {
            STRUCTURED: {"schema": EVENT},
            BATCH: {"schema": {"type": "array", "items": EVENT, "minItems": 1, "maxItems": MOST_EVENTS}},
            BINARY: {"schema": {"type": "object"}},
        },
    }
}

events = repeatable_router("/events", tag="Events")
publications = service_router("/publications", tag="Publications")
ROUTERS = (events, publications)

AsPublisher = Annotated[Caller, caller_of(Role.PUBLISHER)]


class WrongFieldResult(Result):
    """A place in the event, and what to do about it, in Dutch."""

    field: str
    message: str


class RefusalResult(Result):
    """Why an event was refused (RFC 9457). `status` is the one that it would have had if it came alone."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[WrongFieldResult] = Field(default_factory=list)


class SentEventResult(Result):
    """An event that was sent, and what came of it.

    `id` is that of the publication, ours: the cause of what follows from it; null where nothing is kept. `source`, `eventId`
    and `type` are the event's own. `entity` is what it was about; `place` is where it stood in Kafka.
    """

    id: UUID | None
    status: Status
    source: str | None
    event_id: str | None
    type: str | None
    via: Way
    place: str | None
    entity: UUID | None
    received_at: datetime
    problem: RefusalResult | None

    @classmethod
    def of(cls, one: Publication) -> SentEventResult:
        """As its publisher may see it."""
        problem = None if one.problem is None else RefusalResult.model_validate(one.problem)
        shown = {name: getattr(one, name) for name in cls.model_fields if name not in ("problem", "revision")}
        return cls(**shown, problem=problem)


class SentEventsResult(Result):
    """What came of each event, in the order in which they were sent. `dryRun`: what would have come of it."""

    items: list[SentEventResult]
    dry_run: bool = False


class TooBusy(Problem):
    """More waits to be told than is good."""

    def __init__(self) -> None:
        super().__init__(
            429,
            "too-busy",
            "Het is nu te druk",
            f"Er wachten te veel gebeurtenissen. Stuur deze over {RETRY_AFTER_S} seconden nog eens, met hetzelfde id.",
            headers={"Retry-After": str(RETRY_AFTER_S)},
        )


async def _publishing(request: Request) -> Publishing:
    publishing: Publishing = request.app.state.publishing
    return publishing


Desk = Annotated[Publishing, Depends(_publishing)]


def _declared(publishing: Publishing, caller: Caller) -> Publisher:
    """Raises: NotDeclared."""
    found = publishing.declared.now().publishers.get(caller.client or "")
    if found is None:
        raise NotDeclared
    return found


@events.post(
    "", status_code=202, response_model=SentEventsResult, openapi_extra=BODY, responses={429: {}, 413: {}, 415: {}}
)
async def publish_events(
    *,
    request: Request,
    caller: AsPublisher,
    desk: Desk,
    tx: Tx,
    now: Now,
    dry_run: Annotated[bool, Query(alias="dryRun", description="Only say what would come of it.")] = False,
) -> Response:
    """Publishes CloudEvents: structured, in a batch, or binary. Whatever is sent again gets the same answer, and no effect.

    Of a batch the good events are kept, and each faulty one has its `problem`. A single event that is refused gets that problem
    as the answer; `publication` in it is where it can be looked up.
    """
    publisher = _declared(desk, caller)
    came, is_batch = of_request(request.headers.items(), await request.body())
    if not dry_run and await desk.is_too_busy(tx):
        raise TooBusy
    sent = [Sent(weighed(each, publisher.name, publisher, desk.takes)) for each in came]
    found = await (desk.try_out if dry_run else desk.publish)(tx, sent, "http", now)
    if not is_batch and found[0].problem is not None:
        return _refusal(found[0].problem, found[0].id, request.url.path)
    result = SentEventsResult(items=[SentEventResult.of(one) for one in found], dry_run=dry_run)
    return JSONResponse(result.model_dump(mode="json", by_alias=True), 200 if dry_run else 202)


def _refusal(problem: Mapping[str, Any], publication: UUID | None, path: str) -> Response:
    """The problem of one event, as the answer to the request that sent it."""
    kept = {} if publication is None else {"publication": str(publication)}
    return JSONResponse({**problem, "instance": path, **kept}, problem["status"], media_type=MEDIA_TYPE)


@publications.get("")
async def list_publications(
    *,
    caller: AsPublisher,
    desk: Desk,
    tx: Tx,
    page: Paging,
    source: Annotated[str | None, Query(max_length=LONGEST, description="The event's own source.")] = None,
    event_id: Annotated[str | None, Query(alias="id", max_length=LONGEST, description="The event's own id.")] = None,
    status: Annotated[Status | None, Query(description="accepted or refused.")] = None,
) -> Page[SentEventResult]:
    """Your own, the oldest first. What was sent is kept for 90 days."""
    wanted = Search(source, event_id, status)
    found = await store.search(tx, _declared(desk, caller).name, wanted, page.after_uuid, page.limit + 1)
    return Page.of(found, page, lambda one: one.id or UUID(int=0), SentEventResult.of)


@publications.get("/{publication}")
async def read_publication(publication: UUID, caller: AsPublisher, desk: Desk, tx: Tx) -> SentEventResult:
    """What came of one of your own events."""
    found = await store.find(tx, _declared(desk, caller).name, publication)
    if found is None:
        raise UnknownEntity("publicatie", publication)
    return SentEventResult.of(found)
