"""The steps of the journey: each is shown as it happens, with what it said on Kafka and how long that took."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from deploy.demo.client import Wire
from deploy.demo.events import owner_of
from deploy.demo.failing import DemoFailed
from deploy.demo.follower import Follower
from deploy.demo.screen import Screen, duration
from shared.contracts.event import EventData

D = TypeVar("D", bound=EventData)
T = TypeVar("T")
EVENT_WITHIN_S = 20.0
MORE_AFTER_RETRY_S = 60.0
LOOK_EVERY_S = 0.05


@dataclass
class Step:
    """One thing that is done. What it says must come on Kafka, and be heard, before the next one begins."""

    number: int
    title: str
    stage: Stage
    _mark: int
    _retries: int

    async def event(
        self,
        kind: type[D],
        subject: UUID | str | None,
        told: Callable[[D], str],
        where: Callable[[D], bool] | None = None,
    ) -> D:
        """The event that this step must lead to. `told` says in words what it tells.

        Raises: DemoFailed, when it does not come.
        """
        entity = UUID(subject) if isinstance(subject, str) else subject
        try:
            came = await self.stage.follower.expect(
                kind, entity, where or (lambda _: True), since=self._mark, within=self._patience
            )
        except TimeoutError:
            of_whom = f" van {entity}" if entity else ""
            raise DemoFailed(
                f"Binnen {self._patience():.0f} s kwam geen {kind.__name__}{of_whom} op {kind.STREAM.topic}.",
                self.stage.wire.places.advice(owner_of(kind)),
            ) from None
        seen, took = came.seen, duration(self.stage.wire.since_asked(came.moment))
        self.stage.screen.event(f"{seen.name} nummer {seen.sequence}: {told(came.data)} (na {took})")
        return came.data

    async def heard(self, service: str, what: str, look: Callable[[], Awaitable[T | None]]) -> T:
        """What `look` finds as soon as it finds it: another service has heard what was said.

        Raises: DemoFailed, when it does not in time.
        """
        clock = asyncio.get_running_loop().time
        began = clock()
        while True:
            if found := await look():
                self.line(f"{service} heeft het gehoord: {what} (na {duration(clock() - began)})")
                return found
            if clock() - began > self._patience():
                raise DemoFailed(
                    f"Na {self._patience():.0f} s had {service} het nog niet gehoord: {what}.",
                    self.stage.wire.places.advice(service),
                )
            await asyncio.sleep(LOOK_EVERY_S)

    def line(self, text: str) -> None:
        """Shows something that was found or done."""
        self.stage.screen.line(text)

    def must(self, truth: object, otherwise: str, service: str) -> None:
        """Raises: DemoFailed, when something that must be so is not."""
        if not truth:
            raise DemoFailed(otherwise, self.stage.wire.places.advice(service))

    def _patience(self) -> float:
        """Longer once something had to be tried again: a service that was away has to come back first."""
        return self.stage.patience_s + (MORE_AFTER_RETRY_S if self.stage.wire.retries > self._retries else 0)


@dataclass
class Stage:
    """Where the steps are played. `before` is called with the title of each step, before it begins.

    `patience_s` is how long a step waits for what it must lead to.
    """

    screen: Screen
    wire: Wire
    follower: Follower
    before: Callable[[str], Awaitable[None]] | None = None
    patience_s: float = EVENT_WITHIN_S
    titles: list[str] = field(default_factory=list)

    def chapter(self, title: str, note: str = "") -> None:
        """A part of the journey begins."""
        self.screen.chapter(title, note)

    @asynccontextmanager
    async def step(self, title: str) -> AsyncIterator[Step]:
        """Plays one step. Raises: DemoFailed, naming it."""
        self.titles.append(title)
        number = len(self.titles)
        self.wire.keys.step = f"{number} {title}"
        self.screen.step(number, title)
        if self.before:
            await self.before(title)
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            yield Step(number, title, self, self.follower.mark, self.wire.retries)
            self.follower.check()
        except DemoFailed as failed:
            raise DemoFailed(f"De demo stopt bij stap {number}, '{title}'. {failed.what}", failed.look) from None
        self.screen.done(clock() - began)
