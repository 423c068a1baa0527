"""What may everybody see of the figures, and when does that change?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.impact.publication.model import (
    COUNTED_ELSEWHERE,
    Block,
    Contribution,
    HiddenBecause,
    Release,
    Shown,
    Standing,
    Visibility,
    decide,
    is_published,
    publishable,
    round5,
    total,
    waits,
)
from shared.contracts.events import ReleaseKind
from shared.reference import indicator
from tests.ledger import COUNTED, NL, NOORD, SHARED, TODAY, ZUID, A, B, C, D, E, Ledger, count, played, reported, share

# What is shown


@pytest.mark.parametrize(("exact", "shown"), [(9, None), (0, None), (10, 10), (12, 10), (13, 15), (42, 40), (43, 45)])
def test_a_count_is_shown_from_ten_rounded_to_five(exact: int, shown: int | None) -> None:
    assert publishable(indicator("aanmeldingen"), count(exact)) == (Shown(count=shown) if shown else None)


@pytest.mark.parametrize(
    ("numerator", "denominator", "percent"),
    [
        (10, 50, 20),
        (33, 82, 44),
        (39, 110, 36),
        (40, 50, 80),
        (9, 50, None),
        (41, 50, None),
        (20, 49, None),
        (0, 0, None),
    ],
)
def test_a_percentage_needs_fifty_people_and_ten_on_both_sides(
    numerator: int, denominator: int, percent: int | None
) -> None:
    shown = publishable(indicator("recidive_pct"), share(numerator, denominator))
    assert (shown.percent if shown else None) == percent


@pytest.mark.parametrize(
    "code", ["wachttijd_dagen", "gemiddelde_schuld_eur", "baten_kosten_ratio", "huisuitzettingen_voorkomen"]
)
def test_amounts_means_ratios_and_counts_of_events_get_no_line_in_the_ledger(code: str) -> None:
    assert decide(None, reported(count(500), family=replace(COUNTED, indicator=code)), TODAY) is None


def test_small_absent_unnamed_and_withdrawn_look_the_same() -> None:
    hidden = [reported(count(9)), reported(count(0)), reported(None), reported(count(400), named=False)]
    assert all(given_.publishable() is None and decide(None, given_, TODAY) is None for given_ in hidden)
    live = Block(UUID(int=1), COUNTED, A, Release(1, ReleaseKind.PUBLISHED, Shown(count=40), TODAY))
    tomorrow = TODAY + timedelta(days=1)
    assert {decide(live, given_, tomorrow) for given_ in hidden} == {
        Release(2, ReleaseKind.WITHDRAWN, None, tomorrow, replaces=1)
    }
    gone = live.after(Release(2, ReleaseKind.WITHDRAWN, None, tomorrow, replaces=1))
    assert total(A, [gone], [A]) is total(A, [], [A]) is None


# The worked example of methods D, as far as own blocks go


def test_the_worked_example_of_own_blocks() -> None:
    ledger = Ledger()
    for gemeente, number in ((A, 42), (B, 6), (C, 5), (D, 3), (E, 17)):
        ledger.report(gemeente, count(number))
    assert ledger.shown() == {A: 40, E: 15}
    assert (ledger.total(ZUID), ledger.total(NOORD), ledger.total(NL)) == ((40, False), (15, False), (55, False))
    ledger.next_day()
    ledger.report(A, count(44))
    assert ledger.shown() == {A: 45, E: 15}
    ledger.report(E, count(8))
    assert (ledger.total(NOORD), ledger.total(NL)) == (None, (45, False))
    ledger.report(C, count(12))
    assert (ledger.shown(), ledger.total(ZUID)) == ({A: 45, C: 10}, (55, False))
    ledger.report(B, count(20))
    assert ledger.total(ZUID) == (75, True)


# Releases


def test_the_same_rounded_figure_is_no_event() -> None:
    ledger = Ledger()
    for number in (42, 38, 40):
        ledger.report(A, count(number))
        ledger.next_day()
    assert [r.number for _, r in ledger.releases] == [1]


def test_a_second_change_on_one_day_waits_and_the_last_one_counts() -> None:
    ledger = Ledger()
    for number in (42, 52, 61):
        ledger.report(A, count(number))
    assert ledger.shown() == {A: 40}
    assert waits(ledger.blocks[A], reported(count(61)), TODAY)
    ledger.next_day()
    assert ledger.shown() == {A: 60}
    assert [(r.number, r.kind, r.replaces) for _, r in ledger.releases] == [
        (1, ReleaseKind.PUBLISHED, None),
        (2, ReleaseKind.CORRECTED, 1),
    ]


def test_a_change_that_is_undone_the_same_day_is_never_seen() -> None:
    ledger = Ledger()
    for number in (42, 8, 42):
        ledger.report(A, count(number))
    ledger.next_day()
    assert len(ledger.releases) == 1
    assert not waits(ledger.blocks[A], reported(count(42)), TODAY)


def test_a_block_that_was_withdrawn_comes_back_as_its_next_release() -> None:
    ledger = Ledger()
    for number in (42, 9, 0, 12):
        ledger.report(A, count(number))
        ledger.next_day()
    assert [(r.number, r.kind, r.replaces, r.shown) for _, r in ledger.releases] == [
        (1, ReleaseKind.PUBLISHED, None, Shown(count=40)),
        (2, ReleaseKind.WITHDRAWN, 1, None),
        (3, ReleaseKind.PUBLISHED, 2, Shown(count=10)),
    ]


def test_a_gemeente_that_began_anew_has_one_contribution_the_sum() -> None:
    both = Contribution.of(COUNTED, A, [(count(8), True), (count(6), True)])
    assert both.publishable() == Shown(count=15)
    assert Contribution.of(COUNTED, A, [(count(8), True), (count(60), False)]).publishable() is None
    assert Contribution.of(SHARED, A, [(share(9, 30), True), (share(3, 25), True)]).publishable() == Shown(
        numerator=10, denominator=55
    )
    assert Contribution.of(COUNTED, A, []).publishable() is None


def test_the_target_is_shown_beside_the_figure_rounded_like_it() -> None:
    release = decide(None, reported(count(42)), TODAY, aimed_at=Decimal("62.5"))
    assert release is not None
    assert release.target_shown == 65
    withdrawn = decide(Block(UUID(int=1), COUNTED, A, release), reported(None), TODAY + timedelta(days=1), Decimal(60))
    assert withdrawn is not None
    assert withdrawn.target_shown is None


def test_a_release_is_told_with_rounded_figures_only() -> None:
    release = decide(None, reported(share(33, 82), family=SHARED), TODAY)
    assert release is not None
    told = Block(UUID(int=3), SHARED, A, release).told(datetime(2026, 11, 24, 12, tzinfo=UTC))
    assert (told.block, told.release, told.kind, told.scope) == (UUID(int=3), 1, ReleaseKind.PUBLISHED, A)
    assert (told.shown, told.shown_numerator, told.shown_denominator) == (None, 35, 80)
    gone = Block(UUID(int=3), SHARED, A, Release(2, ReleaseKind.WITHDRAWN, None, TODAY, replaces=1))
    told = gone.told(datetime(2026, 11, 25, 12, tzinfo=UTC))
    assert (told.shown_numerator, told.shown_denominator, told.replaces) == (None, None, 1)


# Totals


def test_percentages_are_combined_through_their_rounded_figures() -> None:
    ledger = Ledger(SHARED)
    for gemeente, figures in ((A, share(33, 82)), (B, share(12, 51)), (C, share(5, 70))):
        ledger.report(gemeente, figures)
    found = total(ZUID, ledger.blocks.values(), ledger.reports)
    assert found is not None
    assert (found.shown, found.shown.percent, found.complete) == (Shown(None, 45, 130), 35, False)


reports = st.lists(
    st.tuples(st.sampled_from([A, B, C, D, E]), st.none() | st.integers(0, 70), st.booleans()), max_size=25
)


@settings(derandomize=True)
@given(reports)
def test_after_the_nightly_round_every_block_shows_its_last_report_and_no_day_has_two_versions(
    stream: list[tuple[str, int | None, bool]],
) -> None:
    ledger = played(stream)
    last = {gemeente: number for gemeente, number, _ in stream}
    assert ledger.shown() == {g: round5(n) for g, n in last.items() if n is not None and n >= 10}
    days = [(gemeente, release.released_on) for gemeente, release in ledger.releases]
    assert len(days) == len(set(days))
    assert all(r.shown is None or (r.shown.count or 0) % 5 == 0 for _, r in ledger.releases)


@settings(derandomize=True)
@given(reports, st.randoms(use_true_random=False))
def test_the_order_in_which_gemeenten_report_does_not_matter(
    stream: list[tuple[str, int | None, bool]], chance: object
) -> None:
    last = {gemeente: (gemeente, number, False) for gemeente, number, _ in stream}
    shuffled = sorted(last.values(), key=lambda _: chance.random())  # type: ignore[attr-defined]  # a Random
    assert played(shuffled).shown() == played(last.values()).shown() == played(stream).shown()


@settings(derandomize=True)
@given(reports)
def test_every_total_is_the_sum_of_the_parts_that_everybody_sees(stream: list[tuple[str, int | None, bool]]) -> None:
    ledger = played(stream)
    shown = ledger.shown()
    parts = {
        region: sum(shown.get(g, 0) for g in gemeenten) for region, gemeenten in ((ZUID, (A, B, C)), (NOORD, (D, E)))
    }
    for region, part in (*parts.items(), (NL, sum(parts.values()))):
        found = ledger.total(region)
        assert (found[0] if found else 0) == part
        assert found is None or found[0] != 0


# What the gemeente itself is told


@pytest.mark.parametrize(
    ("given_", "because"),
    [
        (reported(count(42)), None),
        (reported(count(9)), HiddenBecause.SMALL),
        (reported(None), HiddenBecause.ABSENT),
        (reported(count(400), named=False), HiddenBecause.NAME),
        (reported(count(400), family=replace(COUNTED, indicator="gemiddelde_schuld_eur")), HiddenBecause.KIND),
        (reported(share(400, 900), family=replace(COUNTED, indicator="bereik_doelgroep_pct")), HiddenBecause.KIND),
    ],
)
def test_the_gemeente_itself_is_told_why_its_figure_is_hidden(
    given_: Contribution, because: HiddenBecause | None
) -> None:
    assert given_.hidden_because() is because


def test_a_figure_is_published_hidden_or_waits() -> None:
    block = Block(UUID(int=1), COUNTED, A, Release(1, ReleaseKind.PUBLISHED, Shown(count=40), TODAY))
    gone = block.after(Release(2, ReleaseKind.WITHDRAWN, None, TODAY, replaces=1))
    seen = [
        Standing(reported(count(42)), block=block),
        Standing(reported(count(52)), waits=True, block=block),
        Standing(reported(count(2)), block=gone),
        Standing(reported(count(2))),
    ]
    assert [standing.visibility for standing in seen] == [
        Visibility.PUBLISHED, Visibility.WAITS, Visibility.HIDDEN, Visibility.HIDDEN,
    ]  # fmt: skip


@pytest.mark.parametrize(("counted", "elsewhere"), COUNTED_ELSEWHERE.items())
def test_of_two_indicators_that_count_the_same_people_one_is_published(counted: str, elsewhere: str) -> None:
    """methods.md D 10."""
    assert decide(None, reported(share(400, 900), family=replace(COUNTED, indicator=counted)), TODAY) is None
    assert is_published(indicator(elsewhere))
