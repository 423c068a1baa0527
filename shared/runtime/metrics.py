"""What a replica counts, for Prometheus, at `/metrics`. Once a batch or an exchange, never once an event.

No label has values without end: topics, partitions, routes, kinds. No person, no entity.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    ProcessCollector,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from shared.messaging.polling import Polled
from shared.runtime.sampling import Sampling

EFFECT_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)
BATCH_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
SIZE_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
HTTP_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The figures of one replica, in a registry of its own."""

    def __init__(self, gauges: Iterable[Collector]) -> None:
        registry = CollectorRegistry()
        self.registry = registry
        self.heard = Counter("consumer_records", "Records that were heard, by topic.", ["topic"], registry=registry)
        self.batch = Histogram(
            "consumer_batch_records", "Records of one batch.", buckets=SIZE_BUCKETS, registry=registry
        )
        self.duration = Histogram(
            "consumer_batch_seconds", "From a batch to its commit.", buckets=BATCH_BUCKETS, registry=registry
        )
        self.latency = Histogram(
            "effect_latency_seconds",
            "From the commit at the owner to the effect here, of the event of each batch that waited longest.",
            buckets=EFFECT_BUCKETS,
            registry=registry,
        )
        self.requests = Counter(
            "http_requests", "Requests that were answered.", ["method", "route", "status"], registry=registry
        )
        self.answering = Histogram(
            "http_request_seconds", "From a request to its answer.", ["route"], buckets=HTTP_BUCKETS, registry=registry
        )
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
        for gauge in gauges:
            registry.register(gauge)

    def heard_batch(self, batch: Polled, seconds: float) -> None:
        """One batch got its effect, which took so long."""
        self.duration.observe(seconds)
        self.batch.observe(sum(map(len, batch.values())))
        first = [records[0] for records in batch.values() if records]
        for place, records in batch.items():
            self.heard.labels(place.topic).inc(len(records))
        said = [at for record in first if (at := said_at(record)) is not None]
        if said:
            self.latency.observe(max(0.0, time.time() - min(said)))

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """One exchange. `route` is the template of the address, "none" where nothing answers to it."""
        self.requests.labels(method if method in METHODS else "other", route, f"{status // 100}xx").inc()
        self.answering.labels(route).observe(seconds)


def said_at(record: Any) -> float | None:  # noqa: ANN401 - as the client library gives it
    """When the event of a record was committed by its owner (`ce_time`), in seconds since 1970."""
    for name, value in record.headers:
        if name == "ce_time" and value is not None:
            try:
                return datetime.fromisoformat(value.decode()).timestamp()
            except ValueError:
                return None
    return None


def metrics_route(metrics: Metrics, sampling: Sampling) -> APIRouter:
    """`/metrics`, in Prometheus' own text format. Figures of the database are at most a few seconds old."""
    router = APIRouter(include_in_schema=False)

    @router.get("/metrics")
    async def exposed() -> Response:
        await sampling.refresh()
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return router
