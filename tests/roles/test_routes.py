"""Everybody asks every route: allowed, or refused without a word about what is another's. `make roles` shows the count."""

from __future__ import annotations

import pytest

from tests.platform import Platform
from tests.roles import result
from tests.roles.conftest import Asked
from tests.roles.matrix import hints

pytestmark = pytest.mark.timeout(1_200)  # the first of them starts a platform, on a machine that may be busy


async def test_the_result_is_written(asked: Asked) -> None:
    report = asked.report
    result.write("routes", report.cells, [*report.leaks, *hints(report)], report.unexpected)
    assert report.cells > 4_000


async def test_everybody_may_what_the_table_says_and_no_more(asked: Asked) -> None:
    assert sorted(asked.report.unexpected) == []


async def test_no_answer_shows_what_is_anothers(asked: Asked) -> None:
    assert sorted(asked.report.leaks) == []


async def test_what_is_anothers_looks_like_what_is_not_there(asked: Asked) -> None:
    assert hints(asked.report) == []


async def test_whatever_was_refused_changed_nothing(asked: Asked) -> None:
    assert asked.after == asked.before


async def test_every_mark_is_seen_by_somebody(asked: Asked) -> None:
    """Otherwise it would be no proof that others do not see it."""
    seen = asked.report.seen
    hidden = [mark.name for mark in asked.marks if mark.readers and mark.name not in seen]
    assert hidden == []


async def test_no_log_holds_a_mark(asked: Asked, platform: Platform) -> None:
    logs = {part.name: part.daemon.log_file for part in platform.stack.programs}
    found = [
        f"{name}: {mark.name}"
        for name, file in logs.items()
        for mark in asked.marks
        if mark.is_in(file.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []
