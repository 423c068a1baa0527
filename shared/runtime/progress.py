"""How far consumer, relay and producer are, read from themselves when somebody asks."""

from __future__ import annotations

import time
from collections.abc import Iterator

from aiokafka import TopicPartition
from prometheus_client import Metric
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from shared.messaging.consumer import Consumer
from shared.messaging.producer import Producer
from shared.messaging.relay import Relay
from shared.runtime.stillness import Stillness


class Progress(Collector):
    """The moving parts of one replica. `stillness` knows how long each partition with lag has not moved."""

    def __init__(self, consumer: Consumer, relay: Relay, producer: Producer, stillness: Stillness) -> None:
        self._consumer, self._relay, self._producer, self._stillness = consumer, relay, producer, stillness

    def collect(self) -> Iterator[Metric]:
        """All families."""
        consumer, relay = self._consumer, self._relay
        yield from self._lag()
        yield GaugeMetricFamily("consumer_placed", "1 when it has its partitions.", int(consumer.is_placed))
        yield GaugeMetricFamily(
            "stalled_seconds", "How long what should move has stood still, the longest.", self._stillness.longest()
        )
        yield CounterMetricFamily("consumer_retries", "Attempts that failed and were made again.", consumer.retried)
        heard = consumer.listener
        yield CounterMetricFamily("consumer_repeats", "Records that were heard before, without effect.", heard.repeated)
        yield CounterMetricFamily("consumer_early", "Records that came before an earlier version.", heard.early)
        yield CounterMetricFamily("relay_confirmed", "Events that Kafka confirmed.", relay.confirmed)
        yield CounterMetricFamily("relay_setbacks", "Sends that failed and were put off.", relay.set_back)
        yield GaugeMetricFamily(
            "relay_last_pass_seconds", "Time since the relay looked last.", time.monotonic() - relay.last_pass
        )
        yield CounterMetricFamily("producer_restarts", "New producers after an error.", self._producer.renewed)

    def _lag(self) -> Iterator[Metric]:
        labels = ["topic", "partition"]
        records = GaugeMetricFamily("consumer_lag_records", "Records still to be heard.", labels=labels)
        seconds = GaugeMetricFamily(
            "consumer_lag_seconds", "Age of the oldest record still to be heard.", labels=labels
        )
        for place, lag in self._consumer.lag().items():
            names = [place.topic, str(place.partition)]
            records.add_metric(names, lag)
            seconds.add_metric(names, self._age(place) if lag else 0.0)
        yield records
        yield seconds

    def _age(self, place: TopicPartition) -> float:
        """Of the first record of the batch in flight; of what was not polled yet, how long it stood still at least."""
        still = self._stillness.seconds.get(f"{place.topic}/{place.partition}", 0.0)
        at, held = self._consumer.at[place].next, self._consumer.under_way.get(place, ())
        first: float = next((getattr(record, "timestamp", 0) for record in held if record.offset >= at), 0) / 1000
        return max(still, time.time() - first) if first else still
