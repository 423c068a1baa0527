"""Does the worked example of docs/subscribing.md do what it says, as it stands there?"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.services.impact.feed.test_http import snapshot
from tests.integration.services.impact.feed.test_stream import Wire, served
from tests.integration.services.impact.sample import Adopts, correction, count
from tests.standing import Standing

NextMorning = Callable[[], Awaitable[None]]
PAGE = Path("docs/subscribing.md")


@pytest.fixture
async def wire(impact: Standing) -> AsyncIterator[Wire]:
    async with served(impact) as wire:
        yield wire


def example() -> dict[str, Any]:
    """What the Python of the page defines."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    defined: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), defined)
    return defined


async def test_whoever_does_as_the_page_says_has_what_is_shown_after_each_line(
    impact: Standing, wire: Wire, adopts: Adopts, anyone: httpx.AsyncClient, next_morning: NextMorning
) -> None:
    adopted, does = await adopts(), example()
    base, wanted = wire.base.removesuffix("/v1"), {"project": str(adopted.project)}
    (made,) = await adopted.records(count(43))
    shown, cursor = await asyncio.to_thread(does["snapshot"], base, limit=1, **wanted)
    assert [line["shown"] for line in shown.values()] == [45]
    following = does["follow"](base, shown, cursor, wait=0, **wanted)
    for number, expected in ((58, [60]), (3, []), (77, [75])):
        await next_morning()
        made = await adopted.corrects(made, correction(number))
        await asyncio.to_thread(next, following)
        assert [line["shown"] for line in shown.values()] == expected
        assert list(shown.values()) == (await snapshot(anyone, **wanted))[0]
    again = does["follow"](base, shown, cursor, wait=0, **wanted)
    cursor = await asyncio.to_thread(next, again)
    assert [line["shown"] for line in shown.values()] == [75], "lines that come again end alike"
    assert cursor == (await snapshot(anyone))[1]


def test_the_page_says_of_each_kind_what_to_do() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for kind in ("gepubliceerd", "gecorrigeerd", "ingetrokken"):
        assert f"| `{kind}` |" in text
