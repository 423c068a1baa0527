"""Do the lines of the ledger, applied one by one, make what is shown, wherever one began and however often a line came?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.impact.feed.model import State, UnknownProvince, Wanted
from services.impact.figures.model import Published
from services.impact.publication.model import Block, Family, Release, Shown
from shared.contracts.events import ReleaseKind
from shared.reference import UnknownGemeente, UnknownIndicator

PROJECTS = [UUID(int=1), UUID(int=2)]
SCOPES = ["GM0518", "GM0503", "GM0363", "PV28", "NL"]
DAY = date(2026, 1, 1)
AT = datetime(2026, 11, 24, tzinfo=UTC)

Happening = tuple[int, int | None]
"""To which block something happens, and what it shows from then on."""
HAPPENINGS = st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(2, 20).map(lambda n: 5 * n)), max_size=40)


def ledger(happenings: list[Happening]) -> list[Published]:
    """The lines that these make, as the ledger has them: a block begins by showing something."""
    blocks: dict[int, Block] = {}
    lines: list[Published] = []
    for nth, number in happenings:
        before = blocks.get(nth)
        if before is None and number is None:
            continue
        shown = None if number is None else Shown(count=number)
        kind = ReleaseKind.PUBLISHED if shown else ReleaseKind.WITHDRAWN
        if before is None:
            family = Family(PROJECTS[nth % 2], ("aanmeldingen", "schuldenvrij_uitgestroomd")[nth % 3 % 2], DAY, DAY)
            blocks[nth] = Block(UUID(int=nth), family, SCOPES[nth % 5], Release(1, kind, shown, DAY))
        else:
            last = before.last
            blocks[nth] = before.after(
                Release(last.number + 1, kind, shown, last.released_on + timedelta(days=1), last.number)
            )
        lines.append(Published(len(lines) + 1, blocks[nth], AT))
    return lines


def as_it_stood(lines: list[Published], position: int) -> dict[UUID, Published]:
    """The newest line of each block up to there, without those that show nothing: a snapshot, told in another way."""
    newest = {line.block.id: line for line in lines if line.position <= position}
    return {block: line for block, line in newest.items() if line.block.shown}


@given(HAPPENINGS, st.data())
def test_a_snapshot_and_the_lines_after_it_make_the_next_snapshot(
    happenings: list[Happening], data: st.DataObject
) -> None:
    lines = ledger(happenings)
    start = data.draw(st.integers(0, len(lines)))
    again = data.draw(st.integers(0, start))
    state = State(start, as_it_stood(lines, start)).after(lines[again:])
    assert state == State(len(lines), as_it_stood(lines, len(lines)))
    assert state.after(lines[again:start]) == state, "what comes again changes nothing"


@given(HAPPENINGS, st.sampled_from(SCOPES[:3]), st.sampled_from(PROJECTS))
def test_what_a_filter_lets_through_makes_that_part_of_the_snapshot(
    happenings: list[Happening], gemeente: str, project: UUID
) -> None:
    lines = ledger(happenings)
    for wanted in (
        Wanted.of(gemeente, None, None, None, DAY),
        Wanted.of(None, "PV28", project, None, DAY),
        Wanted.of(None, None, project, "aanmeldingen", DAY),
    ):
        folded = State().after(line for line in lines if wanted.takes(line)).shown
        whole = as_it_stood(lines, len(lines))
        assert folded == {block: line for block, line in whole.items() if wanted.takes(line)}


def test_a_province_is_what_is_about_it_and_about_the_gemeenten_in_it() -> None:
    lines = ledger([(nth, 50) for nth in range(5)])

    def places(gemeente: str | None, province: str | None) -> list[str]:
        wanted = Wanted.of(gemeente, province, None, None, DAY)
        return [line.block.scope for line in lines if wanted.takes(line)]

    assert places(None, "PV28") == ["GM0518", "GM0503", "PV28"]
    assert places("GM0363", "PV28") == []
    assert places(None, None) == SCOPES
    assert places("GM0370", None) == [], "a gemeente that merged is looked for as what it became"


def test_what_is_not_known_is_refused() -> None:
    with pytest.raises(UnknownProvince):
        Wanted.of(None, "PV99", None, None, DAY)
    with pytest.raises(UnknownGemeente):
        Wanted.of("GM9999", None, None, None, DAY)
    with pytest.raises(UnknownIndicator):
        Wanted.of(None, None, None, "onzin", DAY)


def test_a_state_does_not_change_under_whoever_has_it() -> None:
    lines = ledger([(0, 50), (0, None)])
    first = State().after(lines[:1])
    assert first.after(lines[1:]).shown == {}
    assert [line.block.last.number for line in first.shown.values()] == [1]
    assert replace(first) == first
