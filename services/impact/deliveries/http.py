"""What a subscriber sees of the deliveries to its webhooks, and asks of them: log, tests, dead letters, replays."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.impact.webhooks import operations
from services.impact.webhooks.http import TOO_MANY, Cursor, Own, WebhookResult, counted
from shared.feeds.cursor import Place
from shared.web import Body, Page, Paging, Result, Tx, service_router
from shared.web.paging import BadCursor

router = service_router("/webhooks/{webhook}", tag="Webhooks")

Since = Annotated[datetime | None, Field(description="What was released at this moment or later.")]


class SendAgainBody(Body):
    """From where to send again: after a cursor, or since a moment."""

    after: Cursor = None
    since: Since = None


class MessageResult(Result):
    """A challenge or a test. Without `doneAt` it is on its way; then there is a `status`, or a `fault` that says why not."""

    id: UUID
    asked_at: datetime
    done_at: datetime | None
    succeeded: bool | None
    status: int | None
    fault: str | None
    milliseconds: int | None


class AttemptResult(Result):
    """One request and its answer. `position` is the line of the ledger; a test or challenge has none."""

    number: int
    kind: str
    position: int | None
    attempted_at: datetime
    status: int | None
    fault: str | None
    milliseconds: int


class UndeliveredResult(Result):
    """A line that was not delivered in more than three days: the release of a block, as /v1/releases shows it."""

    position: int
    block: UUID
    release: int
    attempts: int
    first_at: datetime | None
    dead_at: datetime


class RetriedResult(Result):
    """How many dead letters are tried again."""

    retried: int


@router.post("/challenges", status_code=201, responses=TOO_MANY)
async def challenge_webhook(webhook: UUID, owner: Own, tx: Tx) -> MessageResult:
    """Asks an address that did not answer its challenge once more. What it answers stands in the log."""
    with counted():
        asked = await operations.challenge(tx, owner, webhook)
    return MessageResult.model_validate(asked, from_attributes=True)


@router.post("/tests", status_code=201, responses=TOO_MANY)
async def test_webhook(webhook: UUID, owner: Own, tx: Tx) -> MessageResult:
    """Has a signed test message sent at once. Ask for the test by its id to read the answer."""
    with counted():
        asked = await operations.test(tx, owner, webhook)
    return MessageResult.model_validate(asked, from_attributes=True)


@router.get("/tests/{test}")
async def get_test(webhook: UUID, test: UUID, owner: Own, tx: Tx) -> MessageResult:
    """What came of a test."""
    found = await operations.read_test(tx, owner, webhook, test)
    return MessageResult.model_validate(found, from_attributes=True)


@router.get("/attempts")
async def list_attempts(webhook: UUID, owner: Own, tx: Tx, page: Paging) -> Page[AttemptResult]:
    """The last hundred requests, the newest first: when, what was answered, how long it took. No contents."""
    before = None if page.after_text is None else _number(page.after_text)
    found = await operations.attempts(tx, owner, webhook, before, page.limit + 1)
    return Page.of(
        found,
        page,
        lambda attempt: str(attempt.number),
        lambda attempt: AttemptResult.model_validate(attempt, from_attributes=True),
    )


@router.get("/dead-letters")
async def list_dead_letters(webhook: UUID, owner: Own, tx: Tx, page: Paging) -> Page[UndeliveredResult]:
    """What was not delivered in more than three days, the oldest line first. It is kept for ninety days."""
    after = 0 if page.after_text is None else _number(page.after_text)
    found = await operations.dead_letters(tx, owner, webhook, after, page.limit + 1)
    return Page.of(
        found,
        page,
        lambda letter: str(letter.position),
        lambda letter: UndeliveredResult.model_validate(letter, from_attributes=True),
    )


@router.post("/dead-letters/retries", status_code=201)
async def retry_dead_letters(webhook: UUID, owner: Own, tx: Tx) -> RetriedResult:
    """Tries all dead letters again. They may be older than what you have of their block: compare `sequence`."""
    return RetriedResult(retried=await operations.revive(tx, owner, webhook))


@router.post("/replays", status_code=201)
async def replay_webhook(webhook: UUID, body: SendAgainBody, owner: Own, tx: Tx) -> WebhookResult:
    """Sends again, from a cursor or a moment on. Messages bear the `webhook-id` that they had: who keeps these may drop them."""
    after = None if body.after is None else Place.of(body.after)
    await operations.replay(tx, owner, webhook, after, body.since)
    return WebhookResult.of(await operations.read(tx, owner, webhook))


def _number(text: str) -> int:
    """Raises: BadCursor."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadCursor
    return int(text)
