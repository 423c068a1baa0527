"""A replica tells Prometheus all that the alerts and the dashboard ask for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.settings import ROOT
from shared.feeds.delivering_metrics import DeliveryMetrics
from tests.messaging import record, withdrawn
from tests.replicas import Replica, Toy, replica
from tests.topics import write
from tests.waiting import eventually

METRIC = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")
NOT_METRICS = {"histogram_quantile", "label_values", "min_over_time"}
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
OF_PROMETHEUS = {"up"}


def asked_for() -> set[str]:
    """The metrics that alerts and dashboard name."""
    rules = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text(encoding="utf-8"))
    board = json.loads((ROOT / "deploy/grafana/dashboards/platform.json").read_text(encoding="utf-8"))
    expressions = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    expressions += [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    expressions += [str(variable["query"]) for variable in board["templating"]["list"]]
    return {name for one in expressions for name in METRIC.findall(re.sub(r"\bby \([^)]*\)", "", one))} - NOT_METRICS


def told(text: str) -> Iterator[str]:
    """The names under which a replica's figures can be asked for."""
    for family in text_string_to_metric_families(text):
        yield from (family.name + suffix for suffix in SUFFIXES.get(family.type, ("",)))


def of_deliveries() -> set[str]:
    """What only a service that has webhooks counts."""
    registry = CollectorRegistry()
    registry.register(DeliveryMetrics())
    return set(told(generate_latest(registry).decode()))


async def metrics(one: Replica) -> str:
    answer = await one.http.get("/metrics")
    assert answer.status_code == 200
    return answer.text


def value(text: str, name: str, **labels: str) -> float:
    found: list[Any] = [s for family in text_string_to_metric_families(text) for s in family.samples if s.name == name]
    return float(sum(sample.value for sample in found if labels.items() <= sample.labels.items()))


async def test_every_metric_that_alerts_and_dashboard_name_is_there(toy: Toy) -> None:
    async with replica(toy) as one:
        await one.ready()
        lacking = asked_for() - OF_PROMETHEUS - of_deliveries() - set(told(await metrics(one)))
        assert lacking == set()
        assert await one.stop() == 0


async def test_what_was_heard_and_told_is_counted_and_no_entity_is_named(toy: Toy) -> None:
    project = UUID(int=12345)
    async with replica(toy) as one:
        await one.ready()
        await write(toy.variables["KAFKA_SERVERS"], [record(withdrawn(project, "woord"), 1)])

        async def is_told_and_up_to_date() -> str:
            text = await metrics(one)
            is_told = value(text, "relay_confirmed_total") >= 1
            return text if is_told and value(text, "consumer_lag_records") == 0 else ""

        text = await eventually(is_told_and_up_to_date, what="it heard, and told of it")
        assert value(text, "consumer_records_total", topic="nl.schuldhulpprojecten.projects") == 1
        assert value(text, "consumer_batch_records_count") == value(text, "effect_latency_seconds_count") == 1
        assert value(text, "consumer_lag_records") == value(text, "consumer_lag_seconds") == 0
        assert value(text, "consumer_placed") == 1
        assert str(project) not in text
        document = (await one.http.get("/v1/openapi.json")).text
        assert "/metrics" not in document
        assert await one.stop() == 0
