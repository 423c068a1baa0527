"""One turn of one receiver: what is due and what is new goes out, in order of each key, and what came of it is told as a whole.

Nothing is written for a message that was delivered but the place of the receiver in the log, which moves on; a row of its
own has only what failed, or came after something of its key that did.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from shared.clock import Clock
from shared.feeds.delivering_schedule import DOUBTED_AFTER, is_given_up, next_attempt, rests_until
from shared.feeds.outbound import Answer, Fault

LANES, LANES_OF_SLOW = 4, 2
"""Requests that one receiver has at once: what it is good for, and no more than a small part of what we have."""
MOST_WAITING = 1_000
"""Rows that one receiver has at most, or a turn more; beyond them its place in the log stays where it is."""
SLOW_SECONDS = 1.0
GONE = 410


@dataclass(frozen=True, slots=True)
class Message:
    """A line of the log: its place, whose life it is part of, and what is posted. `about` is what filters look at."""

    position: int
    key: UUID
    text: str
    about: object
    wire: bytes = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "wire", self.text.encode())


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that was not delivered. Without `next_at` it waits behind an earlier one of its key."""

    position: int
    key: UUID
    attempts: int = 0
    first_at: datetime | None = None
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A receiver that is ours for a while. All to `cursor` was taken up: delivered, or in `waiting` (in order of position)."""

    receiver: UUID
    token: UUID
    address: str
    sign: Callable[[Message, datetime], Mapping[str, str]]
    wants: Callable[[Message], bool]
    cursor: int
    revision: int
    is_slow: bool = False
    setbacks: int = 0
    failing_since: datetime | None = None
    waiting: tuple[Waiting, ...] = ()

    @property
    def name(self) -> tuple[UUID, UUID]:
        """This claim and no other: a receiver may be claimed again while a turn of before still waits to be written down."""
        return self.receiver, self.token

    @property
    def is_doubted(self) -> bool:
        """Whether it failed so often in a row that single attempts must show first that it is back."""
        return self.setbacks >= DOUBTED_AFTER

    @property
    def takes_more(self) -> bool:
        """Whether anything new is sent: not while too much waits, nor to one that is doubted while anything waits."""
        return len(self.waiting) < (1 if self.is_doubted else MOST_WAITING)

    def due(self, now: datetime, most: int) -> list[int]:
        """The positions of what waits and is due, each key from its first; of one that is doubted only the very first."""
        if self.is_doubted:
            return [each.position for each in self.waiting[:1]]
        heads = _heads(self.waiting)
        return [each.position for each in self.waiting if (heads[each.key].next_at or now) <= now][:most]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request: when, and what was answered."""

    position: int
    at: datetime
    status: int | None
    fault: Fault | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that changes for a receiver. `kept` are rows to write, `dropped` rows to remove, `dead` those that are given up."""

    claim: Claim
    attempts: tuple[Attempt, ...]
    delivered: int
    kept: tuple[Waiting, ...]
    dropped: tuple[int, ...]
    dead: tuple[Waiting, ...]
    due_at: datetime | None
    resting_until: datetime | None
    gone: bool
    given_up: bool
    more: bool


Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[Answer]]


class Round:
    """`fresh`: what it wants of the log up to `scanned`; `due`: the messages of what is due; `more`: the log goes on."""

    def __init__(
        self,
        claim: Claim,
        fresh: Sequence[Message],
        scanned: int,
        due: Mapping[int, Message],
        *,
        post: Post,
        clock: Clock,
        more: bool = False,
    ) -> None:
        self._claim, self._fresh, self._scanned, self._more = claim, fresh, scanned, more
        self._known = {**due, **{message.position: message for message in fresh}}
        self._post, self._clock = post, clock
        self._begun = clock()
        self._setbacks, self._gone = claim.setbacks, False
        self._answers: dict[int, Answer] = {}
        self._attempts: list[Attempt] = []
        self._queues = deque(self._planned())

    async def run(self, stopping: asyncio.Event, seconds: float) -> None:
        """Sends until all is done, the time is over, the receiver is doubted, or the service stops. Then call `outcome`."""
        self._deadline, self._stopping = time.monotonic() + seconds, stopping
        most = LANES_OF_SLOW if self._claim.is_slow else LANES
        async with asyncio.TaskGroup() as lanes:
            for _ in range(min(most, len(self._queues))):
                lanes.create_task(self._lane())

    def _planned(self) -> list[list[int]]:
        """Positions, key by key. A key of which something waits that is not sent now is not touched."""
        blocked = {each.key for each in self._claim.waiting if each.position not in self._known}
        queues: dict[UUID, list[int]] = {}
        for each in self._claim.waiting:
            if each.position in self._known:
                queues.setdefault(each.key, []).append(each.position)
        for message in self._fresh:
            if message.key not in blocked:
                queues.setdefault(message.key, []).append(message.position)
        planned = list(queues.values())
        return [planned[0][:1]] if planned and self._claim.is_doubted else planned

    def _goes_on(self) -> bool:
        is_enough = bool(self._attempts) if self._claim.is_doubted else self._setbacks >= DOUBTED_AFTER
        return not (is_enough or self._gone or self._stopping.is_set() or time.monotonic() > self._deadline)

    async def _lane(self) -> None:
        while self._queues and self._goes_on():
            for position in self._queues.popleft():
                if not (self._goes_on() and await self._sent(position)):
                    break

    async def _sent(self, position: int) -> bool:
        message, at = self._known[position], self._clock()
        headers = self._claim.sign(message, at)
        answer = await self._post(self._claim.address, message.wire, headers)
        self._answers[position] = answer
        self._attempts.append(Attempt(position, at, answer.status, answer.fault, answer.seconds))
        self._setbacks = 0 if answer.is_taken else self._setbacks + 1
        self._gone = self._gone or answer.status == GONE
        return answer.is_taken

    def outcome(self) -> Outcome:
        """What came of it, also when it was broken off."""
        now, before, cursor = self._clock(), self._claim, self._reached()
        had = frozenset(before.waiting)
        taken_up = (Waiting(message.position, message.key) for message in self._fresh if message.position <= cursor)
        left = [(each, self._left(each, now)) for each in (*before.waiting, *taken_up)]
        dead = tuple(now_is for was, now_is in left if now_is and now_is.attempts > was.attempts and not now_is.next_at)
        delivered = sum(answer.is_taken for answer in self._answers.values())
        waits = [each for _, each in left if each and each not in dead]
        waiting = _timed(waits, now, recovered=before.is_doubted and delivered > 0)
        claim = replace(
            before,
            cursor=cursor,
            setbacks=self._setbacks,
            failing_since=self._failing_since(now, delivered),
            is_slow=self._is_slow(),
            waiting=waiting,
        )
        due_at = min((each.next_at for each in _heads(waiting).values() if each.next_at), default=None)
        goes_on = self._more or cursor < self._scanned or (due_at is not None and due_at <= now)
        return Outcome(
            claim=claim,
            attempts=tuple(self._attempts),
            delivered=delivered,
            kept=tuple(each for each in waiting if each not in had),
            dropped=tuple({each.position for each in had} - {each.position for each in waiting}),
            dead=dead,
            due_at=due_at,
            resting_until=self._rests_until(claim, now, due_at),
            gone=self._gone,
            given_up=is_given_up(claim.failing_since, now),
            more=goes_on and not claim.is_doubted and not self._gone,
        )

    def _reached(self) -> int:
        """The place to go on from: what lies before the last message that was sent is never scanned again."""
        heads = _heads(self._claim.waiting)
        sent = [m.position for m in self._fresh if m.position in self._answers]
        failed = {m.key for m in self._fresh if m.position in self._answers and not self._answers[m.position].is_taken}
        last = max(sent, default=self._claim.cursor)
        for message in self._fresh:
            handled = message.position in self._answers or message.key in failed or message.key in heads
            if message.position > last and not handled:
                return message.position - 1
        return self._scanned

    def _left(self, each: Waiting, now: datetime) -> Waiting | None:
        """What remains of it: nothing, when it was delivered; a dead one has no next attempt."""
        answer = self._answers.get(each.position)
        if answer is None:
            return each
        if answer.is_taken:
            return None
        attempts, first_at = each.attempts + 1, each.first_at or self._begun
        chance = random.random()  # noqa: S311 - it only spreads
        return Waiting(each.position, each.key, attempts, first_at, next_attempt(attempts, first_at, now, chance))

    def _failing_since(self, now: datetime, delivered: int) -> datetime | None:
        if self._setbacks == 0:
            return None
        return now if delivered or self._claim.failing_since is None else self._claim.failing_since

    def _rests_until(self, claim: Claim, now: datetime, due_at: datetime | None) -> datetime | None:
        chance = random.random()  # noqa: S311 - it only spreads
        return rests_until(self._setbacks, now, chance) or (None if claim.takes_more else due_at)

    def _is_slow(self) -> bool:
        if not self._attempts:
            return self._claim.is_slow
        took = sum(attempt.seconds for attempt in self._attempts) / len(self._attempts)
        return took > SLOW_SECONDS or self._setbacks > 0


def _heads(waiting: Sequence[Waiting]) -> dict[UUID, Waiting]:
    """The first of each key, by which the others wait."""
    found: dict[UUID, Waiting] = {}
    for each in waiting:
        found.setdefault(each.key, each)
    return found


def _timed(waiting: Sequence[Waiting], now: datetime, *, recovered: bool) -> tuple[Waiting, ...]:
    """The first of each key has a next attempt: now, if it waited behind another, and for all when the receiver is back."""
    in_order = sorted(waiting, key=lambda one: one.position)
    heads = _heads(in_order)
    return tuple(
        replace(each, next_at=now) if each is heads[each.key] and (recovered or each.next_at is None) else each
        for each in in_order
    )
