"""What a replica counts of its deliveries, and how all webhooks stand, for Prometheus. No webhook and no subscriber by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prometheus_client import Metric
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector


@dataclass(frozen=True, slots=True)
class Standing:
    """All receivers of one state together: how many, how far the last of them is behind, and what was given up for them."""

    state: str
    webhooks: int
    lines: int
    seconds: float
    dead: int


class DeliveryMetrics(Collector):
    """Counted since the replica began; `standing` is looked up now and then."""

    def __init__(self) -> None:
        self.delivered = self.failed = self.dead = 0
        self.standing: Sequence[Standing] = ()

    def collect(self) -> Iterator[Metric]:
        """All families."""
        counted = CounterMetricFamily(
            "webhook_deliveries", "Messages that were posted to webhooks.", labels=["outcome"]
        )
        counted.add_metric(["delivered"], self.delivered)
        counted.add_metric(["failed"], self.failed)
        counted.add_metric(["dead"], self.dead)
        yield counted
        count = GaugeMetricFamily("webhooks", "Webhooks of subscribers.", labels=["state"])
        lines = GaugeMetricFamily("webhook_lag_lines", "Lines that the last of them is behind.", labels=["state"])
        seconds = GaugeMetricFamily("webhook_lag_seconds", "Age of the oldest of these lines.", labels=["state"])
        letters = GaugeMetricFamily("webhook_dead_letters", "Messages that were given up.", labels=["state"])
        for each in self.standing:
            count.add_metric([each.state], each.webhooks)
            lines.add_metric([each.state], each.lines)
            seconds.add_metric([each.state], each.seconds)
            letters.add_metric([each.state], each.dead)
        yield from (count, lines, seconds, letters)
