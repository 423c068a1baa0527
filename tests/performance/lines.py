"""The rows of the page: what was measured, under which key of build/bench.json, and what it should be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Results = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One row: what was measured, under which key, and what it should be.

    `kind`: "x" is a ratio, "/s" a speed, "ms" and "MB" what they say. `beside` names keys to show along.
    `target`: at least so much; of ms, at most.
    """

    what: str
    key: str
    kind: str
    target: float | None = None
    beside: tuple[tuple[str, str], ...] = ()

    def shown(self, results: Results) -> str:
        """As a row of a Markdown table."""
        kind = "MB" if self.kind == "MB" else "/s"
        beside = ", ".join(f"{name} {_figure(results[key], kind)}" for name, key in self.beside if key in results)
        cells = (self.what, self._measured(results), beside, self._wanted(), self.verdict(results))
        return f"| {' | '.join(cells)} |"

    def verdict(self, results: Results) -> str:
        """Whether the target was met, and by how much it was missed."""
        if self.key not in results:
            return "not run"
        if self.target is None:
            return ""
        value = results[self.key]
        missed = value - self.target if self.kind == "ms" else self.target - value
        return "met" if missed <= 0 else f"**missed by {missed / self.target:.0%}**"

    def _measured(self, results: Results) -> str:
        return _figure(results[self.key], self.kind) if self.key in results else "-"

    def _wanted(self) -> str:
        if self.target is None:
            return ""
        return f"{'<=' if self.kind == 'ms' else '>='} {_figure(self.target, self.kind)}"


def _figure(value: float, kind: str) -> str:
    if kind == "x":
        return f"{value:.2f} x"
    return f"{value:.1f} ms" if kind == "ms" else f"{value:,.0f} {kind}" if kind == "MB" else f"{value:,.0f}{kind}"


def _beside(key: str, other: str, name: str) -> tuple[tuple[str, str], ...]:
    return (("ours", f"{key}_per_s"), (name, other))


def _consume(batch: int, entities: str, target: float) -> Line:
    key = f"consume_{batch}_{entities}"
    which = "all of new entities" if entities == "new" else f"of {int(entities):,} entities"
    return Line(f"hear, batch {batch:,}, {which}", key, "x", target, _beside(key, f"{key}_bare_per_s", "bare loop"))


def _tell(told: str, target: float, commit: str = "") -> Line:
    key = f"relay_told_{told}"
    title = f"tell, `told` {told}{', beside a bare relay that commits as ours does' if commit else ''}"
    beside = (("ours", f"{key}_per_s"), ("bare relay", f"relay_bare{commit}_per_s"))
    return Line(title, key + commit, "x", target, beside)


def _feeds(how: str, title: str, target: float | None) -> tuple[Line, ...]:
    key = f"feed_{how}"
    return (
        Line(f"{title}, 200 readers: commit to the last reader, p50", f"{key}_p50_ms", "ms", target),
        Line(f"{title}, 200 readers: commit to the last reader, p99", f"{key}_p99_ms", "ms"),
        Line(f"{title}, 200 readers: lines told in all", f"{key}_lines_per_s", "/s"),
    )


def _publish(how: str, title: str) -> tuple[Line, ...]:
    key = f"publish_{how}"
    return (
        Line(f"{title}: accepted", f"{key}_per_s", "/s"),
        Line(f"{title}: a request, p50", f"{key}_p50_ms", "ms"),
        Line(f"{title}: a request, p99", f"{key}_p99_ms", "ms"),
    )


def _writers(which: str, title: str, target: float | None) -> Line:
    key = f"writers_{which}"
    return Line(title, key, "x", target, _beside(key, f"{key}_without_said_per_s", "without `said`"))


LINES: tuple[Line, ...] = (
    _consume(500, "1000", 0.9),
    _consume(500, "50000", 0.7),
    _consume(500, "new", 0.75),
    _consume(2000, "1000", 1.0),
    _consume(2000, "50000", 0.8),
    Line(
        "typed reactions of matching, as projects live, batch 500",
        "typed_life_500_per_s",
        "/s",
        25_000,
        (("batch 2,000", "typed_life_2000_per_s"), ("two replicas", "typed_life_replicas_per_s")),
    ),
    Line(
        "the same, as many of each of the five types",
        "typed_even_500_per_s",
        "/s",
        None,
        (("batch 2,000", "typed_even_2000_per_s"), ("two replicas", "typed_even_replicas_per_s")),
    ),
    _tell("off", 0.9),
    _tell("on", 0.7),
    _tell("off", 0.9, commit="_same_commit"),
    _tell("on", 0.7, commit="_same_commit"),
    Line("commit to effect, 1,000/s, p50", "effect_p50_ms", "ms", 8),
    Line("commit to effect, 1,000/s, p99", "effect_p99_ms", "ms"),
    Line("commit to effect, 100/s, p50", "effect_100_p50_ms", "ms", 5),
    Line("commit to effect, 100/s, p99", "effect_100_p99_ms", "ms"),
    _writers("1", "write and say, 1 connection", 0.9),
    _writers("4", "write and say, 4 connections", 0.9),
    _writers("16", "write and say, 16 connections", 0.9),
    _writers("hot", "write and say, 16 connections, one entity", None),
    Line("FastStream consumer, one transaction a message", "naive_faststream_per_s", "/s"),
    Line(
        "faststream-outbox as a relay, 1 worker",
        "faststream_outbox_per_s",
        "/s",
        None,
        (("16 workers", "faststream_outbox_16_workers_per_s"),),
    ),
    *_publish("single", "publish over HTTP, one event a request"),
    *_publish("batch", "publish over HTTP, 100 events a request"),
    *_feeds("stream", "server-sent events", 100),
    *_feeds("poll", "feed by long poll", None),
    Line(
        "webhooks, 200 of which 20 are dead and 20 are slow: messages to the healthy ones",
        "webhooks_mixed_per_s",
        "/s",
        500,
    ),
    Line(
        "the same, by 200 of which all are healthy",
        "webhooks_mixed_ratio",
        "x",
        0.9,
        (("beside the dead and slow", "webhooks_mixed_per_s"), ("all healthy", "webhooks_healthy_per_s")),
    ),
    Line(
        "hear beside 10 million entities, by beside 10 thousand; the newest are heard of",
        "growth_10k_to_10m",
        "x",
        0.9,
        (("10 million", "growth_newest_10m_per_s"), ("10 thousand", "growth_newest_10k_per_s")),
    ),
    Line(
        "the same; those that are heard of lie spread over all",
        "growth_spread",
        "x",
        None,
        (("10 million", "growth_spread_10m_per_s"), ("10 thousand", "growth_spread_10k_per_s")),
    ),
    Line("tell a backlog of a million, by the usual speed", "backlog_1m_relay_ratio", "x", 0.9),
    Line("hear a backlog of a million, by the usual speed", "backlog_1m_consumer_ratio", "x", 0.9),
    Line(
        "most memory of the processes that did that",
        "backlog_1m_rss_mb",
        "MB",
        None,
        (("usual relay", "backlog_usual_relay_rss_mb"), ("usual consumer", "backlog_usual_consumer_rss_mb")),
    ),
)
