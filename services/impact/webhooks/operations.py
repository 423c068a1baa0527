"""What a subscriber can do with its webhooks. Nothing here sends anything: that is done by `deliveries`, outside any request."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from services.impact.feed import operations as feed
from services.impact.feed import store as places
from services.impact.feed.model import Wanted
from services.impact.webhooks import store
from services.impact.webhooks.model import (
    DEAD_KEPT,
    ERRANDS_KEPT,
    ERRANDS_WITHIN,
    MOST_ERRANDS,
    MOST_WEBHOOKS,
    SIGNS_ALONG,
    Attempt,
    DeadLetter,
    Errand,
    ErrandKind,
    Filters,
    Lag,
    NotNow,
    OneReplayPlease,
    TooManyWebhooks,
    UnfitAddress,
    UnknownTest,
    UnknownWebhook,
    Webhook,
    WebhookState,
    assert_in,
)
from shared.clock import AMSTERDAM
from shared.feeds.cursor import Place
from shared.feeds.outbound import Allowed
from shared.refusals import StaleRevision
from shared.storage import Transaction

SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Owner:
    """Who asks, and when."""

    subscriber: str
    now: datetime
    today: date


class TooManyMessages(Exception):
    """This subscriber asked for more challenges and tests than one may in a while."""


async def create(
    tx: Transaction, owner: Owner, address: str, filters: Filters, *, after: Place | None, allowed: Allowed
) -> tuple[UUID, bytes]:
    """A new webhook, from this place in the ledger or from now on, and the secret that signs for it. A challenge follows.

    Raises: UnfitAddress, UnknownGemeente, UnknownProvince, UnknownIndicator, ForeignCursor, TooManyWebhooks, TooManyMessages.
    """
    _check(address, filters, owner, allowed)
    position = await _position(tx, after)
    await store.take_turns(tx, owner.subscriber)
    if await store.count(tx, owner.subscriber) >= MOST_WEBHOOKS:
        raise TooManyWebhooks
    made = await store.add(tx, owner.subscriber, address, filters, now=owner.now, position=position)
    secret = await _new_secret(tx, made, owner)
    await _ask(tx, owner, await _own(tx, owner, made), ErrandKind.CHALLENGE)
    return made, secret


async def read(tx: Transaction, owner: Owner, webhook: UUID) -> tuple[Webhook, Lag, Place]:
    """How it stands. Raises: UnknownWebhook."""
    return await _told(tx, owner, await _own(tx, owner, webhook, lock=False))


async def list_own(
    tx: Transaction, owner: Owner, after: UUID | None, limit: int
) -> Sequence[tuple[Webhook, Lag, Place]]:
    """All of this subscriber."""
    found = await store.of_subscriber(tx, owner.subscriber, after, limit)
    return [await _told(tx, owner, webhook) for webhook in found]


async def change(
    tx: Transaction, owner: Owner, webhook: UUID, changes: Mapping[str, Any], *, seen: int, allowed: Allowed
) -> None:
    """Another address, which must show first that it wants messages, or other filters: `changes` by name.

    Raises: UnknownWebhook, StaleRevision, and what `create` raises for addresses and filters.
    """
    known = await _own(tx, owner, webhook, seen=seen)
    address, filters = changes.get("address", known.address), replace(known.filters, **_without_address(changes))
    _check(address, filters, owner, allowed)
    moves = address != known.address
    state = WebhookState.UNPROVEN if moves else known.state
    await store.save(tx, replace(known, address=address, filters=filters, state=state), owner.now)
    if moves:
        await store.withdraw_errands(tx, webhook, owner.now)
        await _ask(tx, owner, known, ErrandKind.CHALLENGE)


async def delete(tx: Transaction, owner: Owner, webhook: UUID, seen: int) -> None:
    """Nothing is kept of it. Raises: UnknownWebhook, StaleRevision."""
    await _own(tx, owner, webhook, seen=seen)
    await store.withdraw_errands(tx, webhook, owner.now)
    await store.delete(tx, webhook)


async def rotate(tx: Transaction, owner: Owner, webhook: UUID) -> tuple[bytes, datetime]:
    """A new secret, and until when the one before it signs along. Raises: UnknownWebhook."""
    await _own(tx, owner, webhook)
    return await _new_secret(tx, webhook, owner), owner.now + SIGNS_ALONG


async def pause(tx: Transaction, owner: Owner, webhook: UUID) -> None:
    """Nothing new is sent; where it was is kept. Raises: UnknownWebhook, NotNow."""
    known = await _own(tx, owner, webhook)
    assert_in(known, [WebhookState.ACTIVE], "Alleen een actieve webhook kan gepauzeerd worden.")
    await store.pause(tx, webhook)


async def resume(tx: Transaction, owner: Owner, webhook: UUID) -> None:
    """It goes on where it was. One that said 410 must show first that it wants messages.

    Raises: UnknownWebhook, NotNow, TooManyMessages.
    """
    known = await _own(tx, owner, webhook)
    assert_in(known, [WebhookState.PAUSED, WebhookState.ENDED], "Alleen een gepauzeerde webhook kan hervat worden.")
    ended = known.state is WebhookState.ENDED
    await store.save(tx, replace(known, state=WebhookState.UNPROVEN if ended else WebhookState.ACTIVE), owner.now)
    if ended:
        await _ask(tx, owner, known, ErrandKind.CHALLENGE)


async def challenge(tx: Transaction, owner: Owner, webhook: UUID) -> Errand:
    """Asks the address once more whether it wants messages. Raises: UnknownWebhook, NotNow, TooManyMessages."""
    known = await _own(tx, owner, webhook)
    assert_in(known, [WebhookState.UNPROVEN], "Een uitdaging is alleen nodig voor een adres dat nog niet bevestigd is.")
    return await _ask(tx, owner, known, ErrandKind.CHALLENGE)


async def test(tx: Transaction, owner: Owner, webhook: UUID) -> Errand:
    """Has a test message sent. Raises: UnknownWebhook, NotNow, TooManyMessages."""
    known = await _own(tx, owner, webhook)
    assert_in(known, [WebhookState.ACTIVE, WebhookState.PAUSED], "Bevestig het adres eerst met een uitdaging.")
    return await _ask(tx, owner, known, ErrandKind.TEST)


async def read_test(tx: Transaction, owner: Owner, webhook: UUID, errand: UUID) -> Errand:
    """What came of a test. Raises: UnknownWebhook, UnknownTest."""
    await _own(tx, owner, webhook, lock=False)
    if (found := await store.errand(tx, errand, webhook, ErrandKind.TEST)) is None:
        raise UnknownTest(errand)
    return found


async def replay(tx: Transaction, owner: Owner, webhook: UUID, after: Place | None, since: datetime | None) -> None:
    """Sends again what came after a place, or what was released since a moment. Raises: UnknownWebhook, OneReplayPlease."""
    known = await _own(tx, owner, webhook)
    if (after is None) == (since is None):
        raise OneReplayPlease
    position = await _position(tx, after) if since is None else await store.position_before(tx, since)
    await store.forget_waiting(tx, webhook, position)
    await store.save(tx, replace(known, position=position), owner.now)


async def revive(tx: Transaction, owner: Owner, webhook: UUID) -> int:
    """Tries all its dead letters again. How many there were. Raises: UnknownWebhook."""
    await _own(tx, owner, webhook)
    return await store.revive(tx, webhook, owner.now)


async def attempts(tx: Transaction, owner: Owner, webhook: UUID, before: int | None, limit: int) -> Sequence[Attempt]:
    """Its log. Raises: UnknownWebhook."""
    await _own(tx, owner, webhook, lock=False)
    return await store.attempts(tx, webhook, before, limit)


async def dead_letters(tx: Transaction, owner: Owner, webhook: UUID, after: int, limit: int) -> Sequence[DeadLetter]:
    """What was given up. Raises: UnknownWebhook."""
    await _own(tx, owner, webhook, lock=False)
    return await store.dead_letters(tx, webhook, after, limit)


async def forget_old(tx: Transaction, today: date) -> None:
    """What is kept for a while only; run daily, and harmless to run twice."""
    now = datetime.combine(today, time(), AMSTERDAM)
    await store.forget(tx, dead_before=now - DEAD_KEPT, errands_before=now - ERRANDS_KEPT, now=now)


async def _own(tx: Transaction, owner: Owner, webhook: UUID, *, lock: bool = True, seen: int | None = None) -> Webhook:
    known = await store.read(tx, webhook, owner.subscriber, lock=lock)
    if known is None:
        raise UnknownWebhook(webhook)
    if seen is not None and seen != known.revision:
        raise StaleRevision(seen, known.revision)
    return known


async def _told(tx: Transaction, owner: Owner, webhook: Webhook) -> tuple[Webhook, Lag, Place]:
    place = await places.place_at(tx, webhook.position) or Place()
    return webhook, await store.lag(tx, webhook.id, owner.now), place


async def _position(tx: Transaction, after: Place | None) -> int:
    """Raises: ForeignCursor."""
    if after is None:
        return await store.last(tx)
    await feed.check(tx, after)
    return after.position


async def _new_secret(tx: Transaction, webhook: UUID, owner: Owner) -> bytes:
    secret = secrets.token_bytes(SECRET_BYTES)
    await store.renew_secret(tx, webhook, secret, owner.now + SIGNS_ALONG)
    return secret


async def _ask(tx: Transaction, owner: Owner, webhook: Webhook, kind: ErrandKind) -> Errand:
    await store.take_turns(tx, owner.subscriber)
    if await store.asked_since(tx, owner.subscriber, owner.now - ERRANDS_WITHIN) >= MOST_ERRANDS:
        raise TooManyMessages
    if (asked := await store.ask(tx, webhook, kind, owner.now)) is None:
        raise NotNow("Er is al zo'n bericht onderweg. Wacht op het antwoord: dat duurt hoogstens tien seconden.")
    return asked


def _without_address(changes: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in changes.items() if name != "address"}


def _check(address: str, filters: Filters, owner: Owner, allowed: Allowed) -> None:
    if why := allowed.fault_of(address):
        raise UnfitAddress(why)
    Wanted.of(filters.gemeente, filters.province, filters.project, filters.indicator, owner.today)
