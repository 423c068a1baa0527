"""Delivers a log to receivers that others chose, each at its own pace: no receiver waits for another one.

A replica claims receivers that have something to get, for a while; what it leaves undone another one takes over when that
while is over. Who is slow or fails is claimed apart, with places of its own, so that it never takes those of the others.
What turns came to is written for many receivers at once. Whatever is not written down is delivered again, under the same id.
"""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from shared.clock import Clock
from shared.feeds.delivering_log import SharedLog
from shared.feeds.delivering_metrics import DeliveryMetrics, Standing
from shared.feeds.delivering_round import Claim, Message, Outcome, Round
from shared.feeds.outbound import Answer, Outbound
from shared.storage.faults import is_transient

log = logging.getLogger(__name__)
MOST_OF_A_TURN = 50
STOP_SECONDS = 4.0
AFTER_TROUBLE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things take. A turn and the longest request together end well before the claim does."""

    look_every: float = 0.2
    count_every: float = 15.0
    turn: float = 10.0
    claimed_for: float = 45.0
    brisk: int = 256
    slow: int = 128
    errands: int = 32


@dataclass(frozen=True, slots=True)
class Errand:
    """A single post that somebody asked for: a challenge, or a test. `id` names it when its answer is written down."""

    id: UUID
    address: str
    body: bytes
    headers: Mapping[str, str]
    expects: str


@dataclass(frozen=True, slots=True)
class Work:
    """What was claimed, and the newest position of the log."""

    last: int
    claims: Sequence[Claim]
    errands: Sequence[Errand]


class Books(Protocol):
    """Where it is written down who gets what. Every method may raise what the database raises."""

    async def claim(self, brisk: int, slow: int, errands: int, seconds: float) -> Work:
        """At most so many receivers of each kind that have something to get and are nobody's, for so many seconds."""
        ...

    async def read_on(self, position: int, most: int) -> Sequence[Message]:
        """The lines after this position."""
        ...

    async def record(self, outcomes: Sequence[tuple[Outcome, bool]], seconds: float) -> set[tuple[UUID, UUID]]:
        """Writes down what turns came to. With True a claim goes on: the names of those for which that holds are returned.

        What comes of a claim that is not ours any more is not written.
        """
        ...

    async def settle(self, errand: Errand, answer: Answer) -> None:
        """Writes down what came of an errand."""
        ...

    async def standing(self) -> Sequence[Standing]:
        """How all receivers stand, by state."""
        ...


class Deliveries:
    """The long-running part: `run` until `stop`."""

    def __init__(self, books: Books, outbound: Outbound, clock: Clock, pace: Pace | None = None) -> None:
        self.metrics = DeliveryMetrics()
        self._books, self._outbound, self._clock, self._pace = books, outbound, clock, pace or Pace()
        self._log = SharedLog(books.read_on)
        self._stopping = asyncio.Event()
        self._turns: dict[asyncio.Task[None], str] = {}
        self._done: list[tuple[Outcome, bool, asyncio.Future[bool]]] = []
        self._recorded = asyncio.Event()
        self._counted_at = -self._pace.count_every

    def stop(self) -> None:
        """Begins nothing new. What is on its way gets a few seconds, and is written down."""
        self._stopping.set()

    async def run(self) -> None:
        """Until told to stop. What fails for a while is tried again; nothing of this ends the service."""
        async with self._outbound:
            recording = asyncio.create_task(self._record())
            try:
                while not self._stopping.is_set():
                    await self._pause(self._pace.look_every if await self._claimed() else AFTER_TROUBLE_SECONDS)
                await self._drain()
            finally:
                for task in (recording, *self._turns):
                    task.cancel()
                await asyncio.wait([recording, *self._turns])

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _claimed(self) -> bool:
        pace, busy, began = self._pace, list(self._turns.values()), time.monotonic()
        try:
            work = await self._books.claim(
                pace.brisk - busy.count("brisk"),
                pace.slow - busy.count("slow"),
                pace.errands - busy.count("errand"),
                pace.claimed_for,
            )
            if time.monotonic() - self._counted_at > pace.count_every:
                self._counted_at = time.monotonic()
                self.metrics.standing = await self._books.standing()
        except Exception as error:
            _tell(error, "webhooks cannot be looked at")
            return False
        self._log.last = max(self._log.last, work.last)
        for claim in work.claims:
            self._begin(self._serve(claim, began), "slow" if claim.is_slow else "brisk")
        for errand in work.errands:
            self._begin(self._run(errand), "errand")
        return True

    def _begin(self, turn: Coroutine[None, None, None], kind: str) -> None:
        task = asyncio.create_task(turn)
        self._turns[task] = kind
        task.add_done_callback(lambda _: self._turns.pop(task))

    async def _serve(self, claim: Claim, claimed_at: float) -> None:
        """Turn after turn, for as long as there is something to deliver and the receiver is surely ours."""
        while True:
            try:
                round_ = await self._round(claim)
                until = claimed_at + self._pace.claimed_for - self._outbound.seconds
                with suppress(asyncio.CancelledError):  # broken off when we stop: what was answered counts
                    await round_.run(self._stopping, min(self._pace.turn, until - time.monotonic()))
            except Exception as error:  # the claim runs out, and somebody tries again
                _tell(error, "a webhook waits")
                return
            outcome = round_.outcome()
            self._count(outcome)
            claimed_at = time.monotonic()
            goes_on = outcome.more and not self._stopping.is_set()
            if not await self._written(outcome, goes_on=goes_on):
                return
            claim = outcome.claim

    async def _round(self, claim: Claim) -> Round:
        fresh: list[Message] = []
        scanned = claim.cursor
        if claim.takes_more:
            fresh, scanned = await self._log.wanted(claim, MOST_OF_A_TURN)
        due = await self._log.these(claim.due(self._clock(), MOST_OF_A_TURN))
        more = claim.cursor < scanned < self._log.last
        return Round(claim, fresh, scanned, due, post=self._outbound.post, clock=self._clock, more=more)

    def _count(self, outcome: Outcome) -> None:
        self.metrics.delivered += outcome.delivered
        self.metrics.failed += len(outcome.attempts) - outcome.delivered
        self.metrics.dead += len(outcome.dead)

    async def _run(self, errand: Errand) -> None:
        answer = await self._outbound.post(errand.address, errand.body, errand.headers)
        try:
            await self._books.settle(errand, answer)
        except Exception as error:  # it is claimed again, and run again
            _tell(error, "the answer to a test or challenge waits")

    async def _written(self, outcome: Outcome, *, goes_on: bool) -> bool:
        """Hands it to the one who writes, together with those of others. Whether the receiver is still ours."""
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._done.append((outcome, goes_on, written))
        self._recorded.set()
        return await written

    async def _record(self) -> None:
        while True:
            await self._recorded.wait()
            self._recorded.clear()
            done, self._done = self._done, []
            ours: set[tuple[UUID, UUID]] = set()
            try:
                ours = await self._recorded_within(done)
            finally:
                for outcome, _, written in done:
                    if not written.done():
                        written.set_result(outcome.claim.name in ours)

    async def _recorded_within(
        self, done: Sequence[tuple[Outcome, bool, asyncio.Future[bool]]]
    ) -> set[tuple[UUID, UUID]]:
        """Tries until it is written, or until the claims are over in any case."""
        until = time.monotonic() + self._pace.claimed_for
        while time.monotonic() < until:
            try:
                return await self._books.record([each[:2] for each in done], self._pace.claimed_for)
            except Exception as error:
                _tell(error, "what was delivered waits to be written down")
                if not is_transient(error):
                    break
                await asyncio.sleep(AFTER_TROUBLE_SECONDS)
        return set()

    async def _drain(self) -> None:
        if self._turns:
            await asyncio.wait(list(self._turns), timeout=STOP_SECONDS)
        for task in list(self._turns):
            task.cancel()
        if self._turns:
            await asyncio.wait(list(self._turns), timeout=STOP_SECONDS / 2)


def _tell(error: Exception, what: str) -> None:
    """Without the error's own words: they may repeat what somebody sent."""
    if is_transient(error):
        log.warning("%s: %s", what, type(error).__name__)
    else:
        log.error("%s: %s\n%s", what, type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
