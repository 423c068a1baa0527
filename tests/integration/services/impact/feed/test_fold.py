"""Whoever folds the feed from any snapshot has what the next snapshot shows, whatever gemeenten did in between."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.services.impact.feed.test_http import feed, snapshot
from tests.integration.services.impact.sample import (
    AMSTERDAM,
    DELFT,
    DEN_HAAG,
    Q1,
    Q2,
    Q3,
    Adopted,
    Adopts,
    Json,
    correction,
    count,
    shown,
)
from tests.standing import Standing

NextMorning = Callable[[], Awaitable[None]]
NUMBERS = (3, 9, 10, 43, 58, 77, 90)
GEMEENTEN = (DEN_HAAG, DELFT, AMSTERDAM)
FILTERS: tuple[dict[str, str], ...] = ({}, {"gemeente": DELFT}, {"province": "PV28"}, {"indicator": "aanmeldingen"})


def folded(items: list[Json], lines: list[Json]) -> dict[str, Json]:
    """What a subscriber has: the rule of docs/subscribing.md."""
    shown = {item["block"]: item for item in items}
    for line in lines:
        shown[line["block"]] = line
        if line["kind"] == "ingetrokken":
            del shown[line["block"]]
    return shown


class Playing:
    """Gemeenten that record, correct and withdraw at random."""

    def __init__(self, chance: random.Random, adopted: list[Adopted]) -> None:
        self.chance, self.adopted = chance, adopted
        self.made: list[tuple[Adopted, Json]] = []

    async def something(self) -> None:
        """One of the things that may happen."""
        number = self.chance.choice(NUMBERS)
        if self.made and self.chance.random() < 0.7:
            place = self.chance.randrange(len(self.made))
            adopted, observation = self.made[place]
            number = self.chance.choice([each for each in NUMBERS if each != int(observation["value"])])
            self.made[place] = adopted, await adopted.corrects(observation, correction(number))
        else:
            await self._records(number)

    async def _records(self, number: int) -> None:
        adopted = self.chance.choice(self.adopted)
        body = count(number, self.chance.choice((Q1, Q2, Q3)))
        answer = await adopted.own.post(f"{adopted.address}/observations", json=body)
        if answer.status_code == 201:
            self.made.append((adopted, answer.json()))
        else:
            assert answer.status_code == 409  # it was recorded before


@pytest.mark.parametrize("seed", range(4))
async def test_snapshot_plus_feed_is_the_next_snapshot(
    impact: Standing, adopts: Adopts, anyone: httpx.AsyncClient, next_morning: NextMorning, seed: int
) -> None:
    chance, project = random.Random(seed), uuid4()
    playing = Playing(chance, [await adopts(gemeente, project) for gemeente in GEMEENTEN])
    taken: list[tuple[dict[str, Any], list[Json], str]] = []
    for _ in range(4):
        for _ in range(chance.randint(1, 6)):
            await playing.something()
        asked = {"project": str(project), **chance.choice(FILTERS)}
        taken.append((asked, *await snapshot(anyone, **asked, limit=2)))
        await next_morning()
    assert len(await shown(impact, project)) == len((await snapshot(anyone, project=str(project)))[0]) > 0
    for asked, items, cursor in taken:
        lines, last = await feed(anyone, cursor, **asked, limit=3)
        now, end = await snapshot(anyone, **asked)
        assert folded(items, lines) == {item["block"]: item for item in now}
        assert last == end
        assert all(line["replaces"] == line["release"] - 1 or line["replaces"] is None for line in lines)
