"""Whether everything that was said stands on Kafka, once and in order, and was heard by everybody who listens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from deploy.demo.events import Seen
from deploy.demo.readback import everything
from deploy.local.settings import SERVICES
from deploy.setup import declared
from shared.contracts.event import Stream
from shared.contracts.registry import TOPICS
from tests.platform import Platform

Versions = Mapping[UUID, Mapping[int, set[UUID]]]
"""Of each entity the versions on the log, and the ids under which each stands there."""

LEFT_OVER = {
    "outbox": "select topic, key from outbox",
    "stopped": "select topic, key, reason from stopped",
    "parked": "select stream, entity, sequence, kind, reason from parked",
    "dead_letter": "select topic, off, reason from dead_letter",
}


async def faults(platform: Platform) -> list[str]:
    """What does not add up; nothing when all is told and heard."""
    log = by_stream(await everything(platform.places.kafka))
    found = [fault for stream in Stream for fault in of_log(stream, log[stream])]
    for name in SERVICES:
        for table, sql in LEFT_OVER.items():
            found += [f"{name}.{table}: {dict(row)}" for row in await platform.fetch(name, sql)]
        said = await platform.fetch(name, "select stream, entity, sequence from said")
        heard = await platform.fetch(name, "select stream, entity, sequence, event_id from heard")
        for stream in Stream:
            if TOPICS[stream].owner == name:
                known = {row["entity"]: row["sequence"] for row in said if row["stream"] == stream}
                found += of_owner(stream, log[stream], known)
            if stream.topic in declared(name).topics:
                last = {row["entity"]: (row["sequence"], row["event_id"]) for row in heard if row["stream"] == stream}
                found += of_listener(name, stream, log[stream], last)
    return found


def by_stream(seen: Sequence[Seen]) -> Mapping[Stream, Versions]:
    """What stands on the log, by entity and version."""
    log: dict[Stream, dict[UUID, dict[int, set[UUID]]]] = {stream: defaultdict(dict) for stream in Stream}
    for event in seen:
        log[event.data.STREAM][event.subject].setdefault(event.sequence, set()).add(event.id)
    return log


def of_log(stream: Stream, log: Versions) -> Iterator[str]:
    """Every version is there, under one id."""
    for entity, versions in log.items():
        if sorted(versions) != list(range(1, len(versions) + 1)):
            yield f"{stream.topic}: {entity} has the versions {sorted(versions)}"
        yield from (f"{stream.topic}: {entity} {n} is a fork" for n, ids in versions.items() if len(ids) > 1)


def of_owner(stream: Stream, log: Versions, said: Mapping[UUID, int]) -> Iterator[str]:
    """What was said is what stands there."""
    for entity in log.keys() | said.keys():
        told = len(log.get(entity, ()))
        if said.get(entity, 0) != told:
            yield f"{stream.topic}: of {entity} {said.get(entity, 0)} was said, and {told} stands on the log"


def of_listener(name: str, stream: Stream, log: Versions, heard: Mapping[UUID, tuple[int, UUID]]) -> Iterator[str]:
    """Who listens has heard the last version of everything."""
    for entity in log.keys() | heard.keys():
        versions = log.get(entity, {})
        expected = (len(versions), *versions.get(len(versions), ()))
        if heard.get(entity) != expected:
            yield f"{name} heard {heard.get(entity)} of {entity} on {stream.topic}, and the log has {expected}"
