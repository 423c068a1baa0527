"""One fact said in two schema versions has one effect: by the newest version that a service hears."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

import pytest

from shared.contracts.event import Event, EventData
from shared.contracts.events import AdoptionEnded, ProjectWithdrawn
from shared.messaging import Reaction, Say, fold
from shared.messaging.envelope import headers_of
from shared.messaging.listener import Listener
from shared.messaging.outbox import Outbox
from shared.storage import Database, Transaction
from tests.integration.shared.messaging.toy import heard, parked
from tests.messaging import Record, outbox, withdrawn

ONE = UUID(int=1)
TOLD = "select id, topic, key, sequence, headers::text, value, written from outbox order by shard, seq"


class ProjectWithdrawnV2(ProjectWithdrawn):
    """The next version of the same fact."""

    VERSION: ClassVar[int] = 2

    def in_older_version(self) -> EventData:
        """As those hear it who know only the first version."""
        return ProjectWithdrawn.of(self)


def hearing(database: Database, *kinds: type[EventData]) -> tuple[Listener, list[str]]:
    """A listener that hears these, and the list of what it heard, by type."""
    seen: list[str] = []

    async def load(tx: Transaction, keys: list[UUID]) -> Mapping[UUID, int]:
        return {}

    async def save(tx: Transaction, states: list[int]) -> None:
        pass

    def noted(state: int | None, event: Event[EventData], say: Say) -> int:
        seen.append(f"{event.sequence} {type(event.data).__name__}")
        return event.sequence

    reactions: list[Reaction] = [fold(load, save, steps=dict.fromkeys(kinds, noted))]
    return Listener(database, outbox(), reactions), seen


async def on_the_wire(database: Database, *reasons: str) -> list[Record]:
    """What a relay would tell after the owner said these, both versions of each."""
    both = Outbox("urn:nld:oin:00000099000000000001:systeem:test", [ProjectWithdrawn, ProjectWithdrawnV2])
    async with Database(database.pool, both.append).transaction() as tx:
        for reason in reasons:
            tx.say(ProjectWithdrawnV2.of(withdrawn(ONE, reason)))
    async with database.reading() as tx:
        told = await tx.fetch(TOLD)
    return [
        Record(
            row["topic"],
            0,
            offset,
            row["key"].encode(),
            row["value"],
            headers_of(row["headers"], row["id"], row["key"], row["sequence"], row["written"]),
        )
        for offset, row in enumerate(told)
    ]


async def test_rule_16_both_versions_bear_the_same_sequence_and_name_each_other(database: Database) -> None:
    """Guard: both tellings take one version (shared/messaging/outbox.py)."""
    wire = [dict(record.headers) for record in await on_the_wire(database, "a", "b")]

    first, second = b"nl.schuldhulpprojecten.project-withdrawn.v1", b"nl.schuldhulpprojecten.project-withdrawn.v2"
    assert [(h["ce_sequence"], h["ce_type"]) for h in wire] == [
        (b"1", second), (b"1", first), (b"2", second), (b"2", first)
    ]  # fmt: skip
    assert [h.get("ce_supersedes") for h in wire] == [first, None, first, None]
    assert [h.get("ce_supersededby") for h in wire] == [None, second, None, second]
    assert len({h["ce_id"] for h in wire}) == 4


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([ProjectWithdrawn], ["1 ProjectWithdrawn", "2 ProjectWithdrawn"]),
        ([ProjectWithdrawnV2], ["1 ProjectWithdrawnV2", "2 ProjectWithdrawnV2"]),
        ([ProjectWithdrawn, ProjectWithdrawnV2], ["1 ProjectWithdrawnV2", "2 ProjectWithdrawnV2"]),
        ([AdoptionEnded], []),
    ],
)
async def test_rule_16_a_service_takes_the_newest_that_it_hears_once(
    database: Database, kinds: list[type[EventData]], expected: list[str]
) -> None:
    """Guard: the other version is no arrival (shared/messaging/envelope.py)."""
    listener, seen = hearing(database, *kinds)
    wire = await on_the_wire(database, "a", "b")

    await listener.hear(wire, [])
    await listener.hear(wire[::-1], [])

    assert seen == expected
    assert await heard(database, ONE) == (2, "free")
    assert await parked(database, ONE) == []


async def test_a_service_that_learns_the_newer_version_sees_no_fork_in_what_it_heard_as_the_older(
    database: Database,
) -> None:
    wire = await on_the_wire(database, "a", "b")
    earlier, _ = hearing(database, ProjectWithdrawn)
    await earlier.hear(wire, [])

    later, seen = hearing(database, ProjectWithdrawn, ProjectWithdrawnV2)
    await later.hear(wire, [])

    assert seen == []
    assert await parked(database, ONE) == []
