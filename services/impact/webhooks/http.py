"""/v1/webhooks: a subscriber has published impact sent to addresses of its own, and sees how that goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import Depends, Request
from pydantic import Field

from services.impact.webhooks import operations
from services.impact.webhooks.model import (
    ERRANDS_WITHIN,
    NOTICES,
    Filters,
    Lag,
    NoticeReason,
    Webhook,
    WebhookState,
)
from services.impact.webhooks.operations import Owner, TooManyMessages
from shared.feeds.cursor import LONGEST_CURSOR, Place
from shared.feeds.outbound import Allowed
from shared.feeds.signing import shown
from shared.web import Body, Caller, IfMatch, Now, Page, Paging, Result, Role, Today, Tx, caller_of, service_router
from shared.web.problems import Problem

router = service_router("/webhooks", tag="Webhooks")

LONGEST_ADDRESS = 2_000
Address = Annotated[str, Field(min_length=10, max_length=LONGEST_ADDRESS, description="Begins with https://.")]
Gemeente = Annotated[str | None, Field(description="Only figures of this gemeente, such as GM0518.")]
Province = Annotated[str | None, Field(description="Only figures of this province, such as PV28, and its gemeenten.")]
Project = Annotated[UUID | None, Field(description="Only figures of this project.")]
Indicator = Annotated[str | None, Field(description="Only figures of this indicator, by its code.")]
Cursor = Annotated[
    str | None, Field(max_length=LONGEST_CURSOR, description="The cursor of a snapshot, feed or webhook.")
]
TOO_MANY: dict[int | str, dict[str, Any]] = {429: {"description": "You asked for too many messages."}}


async def _owner(caller: Annotated[Caller, caller_of(Role.SUBSCRIBER)], now: Now, today: Today) -> Owner:
    return Owner(caller.client or "", now, today)


async def _allowed(request: Request) -> Allowed:
    """What may be sent to; nothing but https on the internet, unless the runtime says otherwise."""
    allowed: Allowed = getattr(request.app.state, "allowed", Allowed())
    return allowed


Own = Annotated[Owner, Depends(_owner)]
MaySendTo = Annotated[Allowed, Depends(_allowed)]


class WebhookBody(Body):
    """Where to send to, and what. `after` is where to begin: the cursor of a snapshot; without it, with what comes now."""

    address: Address
    gemeente: Gemeente = None
    province: Province = None
    project: Project = None
    indicator: Indicator = None
    after: Cursor = None


def _no_default(schema: dict[str, Any]) -> None:
    """A field that is not sent is not changed: what stands in for it is no address, and is shown to nobody."""
    del schema["default"]


class WebhookPatch(Body):
    """What to change: only the fields that are sent. A filter that is null counts for all."""

    address: Address = Field(default="https://", json_schema_extra=_no_default)
    gemeente: Gemeente = None
    province: Province = None
    project: Project = None
    indicator: Indicator = None


class NoticeResult(Result):
    """Why nothing is sent any more, and what to do."""

    reason: NoticeReason
    detail: str
    noticed_at: datetime

    @classmethod
    def of(cls, webhook: Webhook) -> NoticeResult | None:
        """In words that help."""
        if webhook.notice is None or webhook.notice_at is None:
            return None
        return cls(reason=webhook.notice, detail=NOTICES[webhook.notice], noticed_at=webhook.notice_at)


class WebhookResult(Result):
    """A webhook, and how far it is behind.

    `linesBehind` counts lines of the ledger, wanted or not; `secondsBehind` is the age of the oldest of them. `cursor` lies
    after the last line that was taken up; `waiting` of those before it are tried again, `deadLetters` not any more.
    """

    id: UUID
    address: str
    gemeente: str | None
    province: str | None
    project: UUID | None
    indicator: str | None
    state: WebhookState
    notice: NoticeResult | None
    created_at: datetime
    cursor: str
    lines_behind: int
    seconds_behind: int
    waiting: int
    dead_letters: int
    last_delivered_at: datetime | None
    failing_since_at: datetime | None
    resting_until_at: datetime | None
    earlier_secret_until_at: datetime | None

    @classmethod
    def of(cls, known: tuple[Webhook, Lag, Place], **more: object) -> Self:
        """As it stands."""
        webhook, lag, place = known
        told = {
            **{name: getattr(webhook.filters, name) for name in ("gemeente", "province", "project", "indicator")},
            "revision": webhook.revision,
            "id": webhook.id,
            "address": webhook.address,
            "state": webhook.state,
            "notice": NoticeResult.of(webhook),
            "created_at": webhook.created_at,
            "cursor": place.cursor,
            "lines_behind": lag.lines,
            "seconds_behind": int(lag.seconds),
            "waiting": lag.waiting,
            "dead_letters": lag.dead,
            "last_delivered_at": webhook.delivered_at,
            "failing_since_at": webhook.failing_since,
            "resting_until_at": webhook.resting_until,
            "earlier_secret_until_at": webhook.earlier_secret_until,
        }
        return cls.model_validate({**told, **more})


class NewWebhookResult(WebhookResult):
    """With the secret that its messages are signed with: it is shown this once."""

    secret: str


class SecretResult(Result):
    """A new secret, shown this once. The one before it signs along until `earlierSecretUntilAt`."""

    secret: str
    earlier_secret_until_at: datetime


@contextmanager
def counted() -> Iterator[None]:
    """Raises: Problem 429, when this subscriber asked for too many messages."""
    try:
        yield
    except TooManyMessages:
        minutes = int(ERRANDS_WITHIN.total_seconds() // 60)
        raise Problem(
            429,
            "too-many-messages",
            "Te veel berichten gevraagd",
            f"U vroeg in {minutes} minuten te veel uitdagingen en tests aan. Wacht even en probeer het opnieuw.",
            headers={"Retry-After": str(minutes * 60)},
        ) from None


@router.post("", status_code=201, responses=TOO_MANY)
async def create_webhook(body: WebhookBody, owner: Own, tx: Tx, allowed: MaySendTo) -> NewWebhookResult:
    """Adds a webhook. Its address first gets a challenge: it must send back the `challenge` in it, within ten seconds."""
    filters = Filters(body.gemeente, body.province, body.project, body.indicator)
    after = None if body.after is None else Place.of(body.after)
    with counted():
        made, secret = await operations.create(tx, owner, body.address, filters, after=after, allowed=allowed)
    return NewWebhookResult.of(await operations.read(tx, owner, made), secret=shown(secret))


@router.get("")
async def list_webhooks(owner: Own, tx: Tx, page: Paging) -> Page[WebhookResult]:
    """Your own webhooks, the oldest first."""
    found = await operations.list_own(tx, owner, page.after_uuid, page.limit + 1)
    return Page.of(found, page, lambda known: known[0].id, WebhookResult.of)


@router.get("/{webhook}")
async def get_webhook(webhook: UUID, owner: Own, tx: Tx) -> WebhookResult:
    """How it stands, and how far it is behind."""
    return WebhookResult.of(await operations.read(tx, owner, webhook))


@router.patch("/{webhook}", responses=TOO_MANY)
async def change_webhook(
    webhook: UUID, body: WebhookPatch, if_match: IfMatch, owner: Own, tx: Tx, allowed: MaySendTo
) -> WebhookResult:
    """Changes what is sent in the body. A new address gets a challenge first, and no messages before it has answered."""
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    with counted():
        await operations.change(tx, owner, webhook, changes, seen=if_match, allowed=allowed)
    return WebhookResult.of(await operations.read(tx, owner, webhook))


@router.delete("/{webhook}", status_code=204)
async def delete_webhook(webhook: UUID, if_match: IfMatch, owner: Own, tx: Tx) -> None:
    """Deletes it, with its secrets, its log and its dead letters."""
    await operations.delete(tx, owner, webhook, if_match)


@router.post("/{webhook}/secrets", status_code=201)
async def rotate_secret(webhook: UUID, owner: Own, tx: Tx) -> SecretResult:
    """Makes a new secret. For 24 hours messages have two signatures: one of the new secret, one of the one before."""
    secret, until = await operations.rotate(tx, owner, webhook)
    return SecretResult(secret=shown(secret), earlier_secret_until_at=until)


@router.post("/{webhook}/pauses", status_code=201)
async def pause_webhook(webhook: UUID, owner: Own, tx: Tx) -> WebhookResult:
    """Sends nothing new until it is resumed. Nothing is lost."""
    await operations.pause(tx, owner, webhook)
    return WebhookResult.of(await operations.read(tx, owner, webhook))


@router.post("/{webhook}/resumptions", status_code=201, responses=TOO_MANY)
async def resume_webhook(webhook: UUID, owner: Own, tx: Tx) -> WebhookResult:
    """Goes on where it was. One that had answered 410 gets a challenge first."""
    with counted():
        await operations.resume(tx, owner, webhook)
    return WebhookResult.of(await operations.read(tx, owner, webhook))
