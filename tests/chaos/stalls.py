"""How long things stood still: from a command to its answer, and from its answer to where others had heard of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from math import ceil
from typing import Any, Protocol

from tests.chaos.ledger import Ledger


class Broken(Protocol):
    """A fault that happened, from one moment to another (seconds since 1970)."""

    @property
    def kind(self) -> str: ...
    @property
    def at(self) -> float: ...
    @property
    def until(self) -> float: ...


Span = tuple[float, float]
"""From a moment to a moment, in seconds since 1970."""


def figures(ledger: Ledger, faults: Iterable[Broken]) -> dict[str, Any]:
    """In seconds: answers, hearing by pair of services, and by kind of fault the longest that overlaps with it.

    `longest_s` is the longest time in which commands waited and none was answered, or between an answer and its being heard.

    Faults overlap each other: what one of them caused is then counted with all of them.
    """
    answers = answered(ledger)
    heard = dict(sorted(heard_of(ledger).items()))
    everything = [span for spans in heard.values() for span in spans]
    silent = round(max((end - start for start, end in silences(ledger)), default=0.0), 2)
    return {
        "longest_s": max(silent, percentiles(everything)["max"]),
        "answer_s": percentiles(answers),
        "heard_s": {pair: percentiles(spans) for pair, spans in heard.items()},
        "longest_without_an_answer_s": silent,
        "by_kind": by_kind(faults, answers, everything),
    }


def answered(ledger: Ledger) -> list[Span]:
    """Every command, from when it was first sent to its definite answer."""
    return [(c.sent_at, c.acknowledged_at) for c in ledger.commands if c.acknowledged_at is not None]


def heard_of(ledger: Ledger) -> dict[str, list[Span]]:
    """Every probe by its pair of services, from the answer to where it was heard."""
    found: dict[str, list[Span]] = defaultdict(list)
    for probe in ledger.heard:
        found[probe.pair].append((probe.acknowledged_at, probe.heard_at))
    return found


def silences(ledger: Ledger) -> list[Span]:
    """The times in which some command waited and no answer came at all."""
    spans = sorted(answered(ledger), key=lambda span: span[1])
    waiting_since = list(accumulate((start for start, _ in reversed(spans)), min))[::-1]
    return [
        (max(before, since), after)
        for ((_, before), (_, after)), since in zip(pairwise(spans), waiting_since[1:], strict=True)
    ]


def percentiles(spans: Sequence[Span]) -> dict[str, float]:
    """How many there are, the median, the 99th percentile and the longest (nearest rank)."""
    lengths = sorted(end - start for start, end in spans)
    if not lengths:
        return {"count": 0, "p50": 0.0, "p99": 0.0, "max": 0.0}
    shares = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {
        "count": len(lengths),
        **{name: round(lengths[ceil(len(lengths) * share) - 1], 3) for name, share in shares.items()},
    }


def by_kind(faults: Iterable[Broken], answers: Sequence[Span], heard: Sequence[Span]) -> dict[str, dict[str, float]]:
    """The longest answer and the longest hearing that overlap with a fault of each kind."""
    found: dict[str, dict[str, float]] = {}
    for fault in faults:
        longest = found.setdefault(fault.kind, {"answer_s": 0.0, "heard_s": 0.0})
        for name, spans in (("answer_s", answers), ("heard_s", heard)):
            lengths = (end - start for start, end in spans if start <= fault.until and end >= fault.at)
            longest[name] = max(longest[name], round(max(lengths, default=0.0), 2))
    return dict(sorted(found.items()))
