"""Delivers the ledger to webhooks: the books of who gets what, for the part of the service that sends (shared/feeds)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from services.impact.deliveries import store
from services.impact.deliveries.model import (
    CONTENT_TYPE,
    challenge_of,
    event_of,
    is_echoed,
    message_id,
    test_of,
)
from services.impact.deliveries.store import Asked, Claimed
from services.impact.feed.model import Wanted
from services.impact.figures import store as figures
from services.impact.figures.model import Published
from services.impact.webhooks.model import ErrandKind
from shared.clock import Clock, day_of
from shared.feeds.delivering import Deliveries, Errand, Work
from shared.feeds.delivering_metrics import Standing
from shared.feeds.delivering_round import Claim, Message, Outcome
from shared.feeds.outbound import Answer, Outbound
from shared.feeds.signing import Signer
from shared.runtime.service import Around
from shared.storage import Database

CHALLENGE_BYTES = 24


class LedgerBooks:
    """Who gets what of the ledger.

    `source` is that of the events that are sent. `subscribers` are those that get anything now: who leaves access.yaml gets
    nothing more, and who returns goes on where they were.
    """

    def __init__(
        self, database: Database, source: str, clock: Clock, subscribers: Callable[[], Collection[str]]
    ) -> None:
        self._database, self._source, self._clock = database, source, clock
        self._subscribers = subscribers

    async def claim(self, brisk: int, slow: int, errands: int, seconds: float) -> Work:
        """Webhooks that have something to get, brisk ones and slow ones apart, and challenges and tests that wait."""
        now, token, whose = self._clock(), uuid4(), self._subscribers()
        async with self._database.transaction() as tx:
            last = await store.last(tx)
            found = [
                *await store.claim(tx, token, whose, slow=False, now=now, last=last, most=brisk, seconds=seconds),
                *await store.claim(tx, token, whose, slow=True, now=now, last=last, most=slow, seconds=seconds),
            ]
            claimed = await store.complete(tx, found, now)
            asked = await store.errands(tx, now, errands, seconds)
        claims = [_claim(each, token, now) for each in claimed]
        return Work(last, claims, [self._errand(each, now) for each in asked])

    async def read_on(self, position: int, most: int) -> Sequence[Message]:
        """The lines of the ledger after this one, each as it is sent."""
        async with self._database.reading() as tx:
            lines = await figures.releases(tx, position, most)
        return [Message(line.position, line.block.id, event_of(line, self._source), line) for line in lines]

    async def record(self, outcomes: Sequence[tuple[Outcome, bool]], seconds: float) -> set[tuple[UUID, UUID]]:
        """What turns came to, in one transaction."""
        async with self._database.transaction() as tx:
            return await store.record(tx, outcomes, self._clock(), seconds)

    async def settle(self, errand: Errand, answer: Answer) -> None:
        """What came of a challenge or test. Who sends a challenge back gets messages from now on."""
        now = self._clock()
        async with self._database.transaction() as tx:
            settled = await store.settle(tx, errand.id, answer, now)
            if settled is None or settled[1] is not ErrandKind.CHALLENGE:
                return
            if answer.is_taken and is_echoed(errand.expects, answer.body):
                await store.prove(tx, settled[0])
            else:
                await store.tell_unproven(tx, settled[0], now)

    async def standing(self) -> Sequence[Standing]:
        """How all webhooks stand."""
        async with self._database.reading() as tx:
            return await store.standing(tx, self._subscribers(), self._clock())

    def _errand(self, asked: Asked, now: datetime) -> Errand:
        is_challenge = asked.kind is ErrandKind.CHALLENGE
        echo = secrets.token_urlsafe(CHALLENGE_BYTES)
        text = challenge_of(asked.id, self._source, now, echo) if is_challenge else test_of(asked.id, self._source, now)
        headers = Signer(asked.secrets).headers(f"msg_{asked.id.hex}", now, text)
        return Errand(asked.id, asked.address, text.encode(), {**headers, "Content-Type": CONTENT_TYPE}, echo)


def delivering(around: Around) -> Deliveries:
    """The part of a replica that delivers."""
    books = LedgerBooks(around.database, around.source, around.clock, lambda: around.declared.now().subscribers)
    return Deliveries(books, Outbound(around.allowed), around.clock)


def _claim(claimed: Claimed, token: UUID, now: datetime) -> Claim:
    row = claimed.row
    wanted = Wanted.of(row["gemeente"], row["province"], row["project"], row["indicator"], day_of(now))
    webhook = UUID(bytes=row["id"].bytes)
    return Claim(
        receiver=webhook,
        token=token,
        address=row["address"],
        sign=_signing(Signer(claimed.secrets), webhook),
        wants=_wanting(wanted),
        cursor=row["cursor"],
        revision=row["revision"],
        is_slow=row["is_slow"],
        setbacks=row["setbacks"],
        failing_since=row["failing_since"],
        waiting=claimed.waiting,
    )


def _signing(signer: Signer, webhook: UUID) -> Callable[[Message, datetime], Mapping[str, str]]:
    def sign(message: Message, at: datetime) -> Mapping[str, str]:
        headers = signer.headers(message_id(webhook, message.position), at, message.text)
        return {**headers, "Content-Type": CONTENT_TYPE}

    return sign


def _wanting(wanted: Wanted) -> Callable[[Message], bool]:
    def wants(message: Message) -> bool:
        return isinstance(message.about, Published) and wanted.takes(message.about)

    return wants
