"""What can somebody who knows all the rules find out from what is shown?

All worlds are tried, and those that look the same are put together: what differs within such a group cannot be told.
"""

from __future__ import annotations

import itertools
from collections import defaultdict

from services.impact.publication.model import Shown, is_published, publishable
from shared.reference import indicator
from tests.ledger import NL, NOORD, ZUID, A, B, D, Ledger, count, played, reported, share


def seen_of_a_count(number: int) -> Shown | None:
    return reported(count(number)).publishable()


def test_of_what_is_hidden_ten_values_stay_possible_and_of_what_is_shown_five() -> None:
    worlds: dict[Shown | None, set[int]] = defaultdict(set)
    for number in range(83):
        worlds[seen_of_a_count(number)].add(number)
    assert worlds.pop(None) == set(range(10))
    lowest = worlds.pop(Shown(count=10))
    assert lowest == {10, 11, 12}  # at the threshold itself; ten or more is no secret
    assert all(len(possible) == 5 for possible in worlds.values())


def test_of_every_correction_five_sizes_stay_possible_and_a_hidden_figure_stays_hidden() -> None:
    sizes: dict[tuple[Shown | None, ...], set[int]] = defaultdict(set)
    hidden: dict[tuple[Shown | None, ...], set[int]] = defaultdict(set)
    for before, after in itertools.product(range(58), repeat=2):
        view = (seen_of_a_count(before), seen_of_a_count(after))
        sizes[view].add(after - before)
        if view[1] is None:
            hidden[view].add(after)
    assert min(len(possible) for possible in sizes.values()) >= 5
    assert all(possible == set(range(10)) for possible in hidden.values())


def test_three_reports_in_a_row_pin_no_hidden_figure_and_no_correction() -> None:
    sizes: dict[tuple[int | None, ...], set[int]] = defaultdict(set)
    hidden: dict[tuple[int | None, ...], set[int]] = defaultdict(set)
    numbers = range(4, 18)
    for stream in itertools.product(numbers, repeat=3):
        ledger = played([(A, number, True) for number in stream])
        view = tuple((r.shown.count if r.shown else None) for _, r in ledger.releases)
        sizes[view].add(stream[2] - stream[1])
        if stream[2] < 10:
            hidden[view].add(stream[2])
    assert min(len(possible) for possible in sizes.values()) >= 5
    assert all(possible == set(range(4, 10)) for possible in hidden.values())


def test_of_a_shown_percentage_five_values_stay_possible_on_every_side_but_at_the_thresholds() -> None:
    worlds: dict[Shown | None, set[tuple[int, int]]] = defaultdict(set)
    for whole in range(121):
        for part in range(whole + 1):
            worlds[publishable(indicator("recidive_pct"), share(part, whole))].add((part, whole))
    hidden = worlds.pop(None)
    assert {part for part, _ in hidden} == set(range(121))
    for shown, possible in worlds.items():
        if shown and shown.denominator and shown.denominator >= 120:
            continue  # cut off by the edge of what is tried
        parts, wholes = {part for part, _ in possible}, {whole for _, whole in possible}
        rests = {whole - part for part, whole in possible}
        assert len(parts) >= 5 or min(parts) == 10
        assert len(wholes) >= 5 or min(wholes) == 50
        assert len(rests) >= 5
        assert min(parts) >= 10
        assert min(rests) >= 10


def test_of_every_correction_of_a_percentage_five_sizes_stay_possible() -> None:
    parts: dict[Shown | None, set[int]] = defaultdict(set)
    for whole in range(50, 88):
        for part in range(whole + 1):
            parts[publishable(indicator("recidive_pct"), share(part, whole))].add(part)
    for one, other in itertools.product(parts.values(), repeat=2):
        assert len({after - before for before in one for after in other}) >= 5


def test_no_total_tells_more_than_the_blocks_that_everybody_sees() -> None:
    """Worlds that look the same by their blocks look the same by every total."""
    told: dict[object, set[object]] = defaultdict(set)
    for numbers in itertools.product((0, 4, 9, 10, 12, 13, 17, 42), repeat=3):
        ledger = Ledger()
        for gemeente, number in zip((A, B, D), numbers, strict=True):
            ledger.report(gemeente, count(number))
        told[frozenset(ledger.shown().items())].add((ledger.total(ZUID), ledger.total(NOORD), ledger.total(NL)))
    assert all(len(totals) == 1 for totals in told.values())


def test_two_indicators_that_count_the_same_people_would_tell_together_what_each_of_them_hides() -> None:
    """Why one of the two is not published: of who drops out (uitval) nearly all others left free of debt."""
    worlds: dict[tuple[Shown | None, Shown | None], set[int]] = defaultdict(set)
    for whole in range(50, 81):
        for dropped_out in range(10, 21):
            for otherwise in range(10):  # died, moved, or went on alone: few, and shown nowhere
                percentage = publishable(indicator("recidive_pct"), share(dropped_out, whole))
                free = reported(count(whole - dropped_out - otherwise)).publishable()
                worlds[percentage, free].add(otherwise)
    assert min(len(possible) for possible in worlds.values()) < 5
    assert not is_published(indicator("uitval_pct"))
