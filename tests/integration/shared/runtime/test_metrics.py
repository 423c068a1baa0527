"""What Prometheus is told of a replica: what waits, and never anything of a person or an entity."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import httpx
import pytest
from aiokafka import TopicPartition
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from shared.clock import system_clock
from shared.contracts.event import Event
from shared.contracts.events import ProjectWithdrawn
from shared.messaging import each
from shared.runtime import sampling
from shared.runtime.metrics import metrics_route
from shared.runtime.running import Running
from shared.storage import Database, Transaction
from tests.integration.shared.messaging import toy as toys
from tests.messaging import CLUSTER, life, opened, record, withdrawn
from tests.replicas import Toy

ONE, TWO, THREE = UUID(int=1), UUID(int=2), UUID(int=3)
Samples = Mapping[tuple[str, str], float]


@pytest.fixture
async def running(toy: Toy, database: Database, monkeypatch: pytest.MonkeyPatch) -> Running:
    """A replica that was not started; it looks anew whenever it is asked."""
    monkeypatch.setattr(sampling, "EVERY_SECONDS", 0.0)
    return Running(toy.service, toy.settings, database, CLUSTER, system_clock)


async def nothing(tx: Transaction, event: Event[ProjectWithdrawn]) -> None:
    """Hears it, and does nothing."""


async def scraped(running: Running) -> Samples:
    app = FastAPI()
    app.include_router(metrics_route(running.metrics, running.sampling))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://metrics.test") as client:
        answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.text)
    return {(s.name, ",".join(s.labels.values())): s.value for family in families for s in family.samples}


async def test_at_rest_nothing_waits(running: Running) -> None:
    found = await scraped(running)
    waiting = (
        "outbox_rows",
        "outbox_oldest_seconds",
        "stopped_keys",
        "gaps_open",
        "gap_oldest_seconds",
        "dead_letters",
    )
    assert {name: found[name, ""] for name in waiting} == dict.fromkeys(waiting, 0)
    assert (found["parked_keys", "gap"], found["parked_keys", "failed"]) == (0, 0)


async def test_what_waits_is_counted(running: Running, database: Database) -> None:
    early = record(withdrawn(ONE, "b"), 2)
    broken = [record(withdrawn(TWO, "x"), n, value=b"{", offset=10 + n) for n in (1, 2)]
    nameless = record(withdrawn(THREE), 1, offset=20, changed={"ce_subject": None})
    await toys.listener(database, [each(ProjectWithdrawn, nothing)]).hear([early, *broken, nameless], [])
    async with database.transaction() as tx:
        tx.say(withdrawn(THREE))
        await tx.execute("insert into stopped (topic, key, reason) values ('t', 'k', 'r')")

    found = await scraped(running)

    assert (found["outbox_rows", ""], found["stopped_keys", ""], found["dead_letters", ""]) == (1, 1, 1)
    assert (found["gaps_open", ""], found["parked_keys", "failed"], found["parked_records", "gap"]) == (1, 1, 2)
    assert 0 < found["outbox_oldest_seconds", ""] < 60
    assert 0 < found["gap_oldest_seconds", ""] < 60
    assert not [labels for _, labels in found if str(ONE) in labels or str(TWO) in labels]


async def test_a_batch_counts_once_in_size_time_and_latency(running: Running) -> None:
    place = toys_place()
    running.metrics.heard_batch({place: life(ONE, "abc")}, 0.03)
    found = await scraped(running)
    assert (found["consumer_batch_records_count", ""], found["consumer_batch_records_sum", ""]) == (1, 3)
    assert found["consumer_records_total", place.topic] == 3
    assert found["consumer_batch_seconds_sum", ""] == pytest.approx(0.03)
    assert found["effect_latency_seconds_count", ""] == 1


def toys_place() -> TopicPartition:
    one = life(ONE, "a")[0]
    return TopicPartition(one.topic, one.partition)


async def test_without_postgres_the_rest_is_told_and_the_failure_counted(running: Running, toy: Toy) -> None:
    async with opened(toy.schema) as database:
        running.sampling._database = database
    found = await scraped(running)
    assert found["sampling_failed_total", ""] == 1
    assert "relay_confirmed_total" in {name for name, _ in found}
    assert "outbox_rows" not in {name for name, _ in found}


async def test_routes_are_counted_by_their_template_and_class_of_status(running: Running) -> None:
    app = running.server(httpx.AsyncClient()).config.app
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://metrics.test") as client:  # type: ignore[arg-type] # uvicorn's own type of an app
        for path in (f"/v1/notes/{ONE}", "/health/live", "/v1/notes"):
            await client.get(path)
    found = await scraped(running)
    requests = {labels: count for (name, labels), count in found.items() if name == "http_requests_total"}
    assert requests == {"GET,none,4xx": 1, "GET,/health/live,2xx": 1, "GET,/notes,4xx": 1}
