"""One fact said in two versions, over a real Kafka on which half is told twice: who knows the old version and who knows the
new one each get it once, services and outsiders alike."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from deploy.local.settings import ROOT
from shared.contracts.event import Event, EventData, Stream
from shared.contracts.events import ProjectWithdrawn
from shared.messaging import each
from shared.messaging.outbox import Outbox
from shared.storage import Database, Transaction
from tests.integration.shared.messaging import toy
from tests.integration.shared.messaging.running import hearing, telling, unique_group
from tests.integration.shared.messaging.test_outsiders import Forgetful, first_of_each
from tests.integration.shared.messaging.test_two_versions import ProjectWithdrawnV2
from tests.messaging import SOURCE, Schema, fresh_schema, opened, rows, withdrawn
from tests.servers import PostgresServer
from tests.topics import log_of
from tests.waiting import eventually

KEYS = [UUID(int=number) for number in range(1, 6)]
TURNS = 8
OLDER, NEWER = ProjectWithdrawn.ce_type(), ProjectWithdrawnV2.ce_type()


async def noted(tx: Transaction, event: Event[EventData]) -> None:
    """Keeps by which version a fact was heard."""
    said = f"{event.sequence} {type(event.data).__name__}"
    await tx.execute("insert into echo values ($1, $2)", event.subject, said)


@asynccontextmanager
async def hearing_in(postgres: PostgresServer, servers: str, *kinds: type[EventData]) -> AsyncIterator[Database]:
    """A service that hears these versions of the event, and what it has noted."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(opened(await fresh_schema(postgres, toy.TABLES)))
        reactions = [each(kind, noted) for kind in kinds]
        await stack.enter_async_context(hearing(database, servers, unique_group(), reactions))
        yield database


async def heard_in(database: Database) -> Counter[tuple[UUID, str]]:
    """What it heard, and how often."""
    return Counter((entity, said) for entity, said in await rows(database, "select entity, word from echo"))


def once(kind: type[EventData]) -> Counter[tuple[UUID, str]]:
    """Every fact once, by this version."""
    return Counter((key, f"{number} {kind.__name__}") for key in KEYS for number in range(1, TURNS + 1))


async def speak(database: Database) -> None:
    """The owner says the new version; the old one goes along."""
    both = Outbox(SOURCE, [ProjectWithdrawn, ProjectWithdrawnV2])
    for turn in range(TURNS):
        async with Database(database.pool, both.append).transaction() as tx:
            for key in KEYS:
                tx.say(ProjectWithdrawnV2.of(withdrawn(key, str(turn))))


async def test_two_services_of_which_one_knows_only_the_old_version_get_each_fact_once(
    database: Database, schema: Schema, postgres: PostgresServer, servers: str
) -> None:
    async with (
        hearing_in(postgres, servers, ProjectWithdrawn) as older,
        hearing_in(postgres, servers, ProjectWithdrawn, ProjectWithdrawnV2) as newer,
        telling(schema, servers, producer=Forgetful(servers, schema.name)),
    ):
        await speak(database)
        for listener, kind in ((older, ProjectWithdrawn), (newer, ProjectWithdrawnV2)):
            await eventually(partial(_has_all, listener), what=f"{kind.__name__} is heard")

        assert await heard_in(older) == once(ProjectWithdrawn)
        assert await heard_in(newer) == once(ProjectWithdrawnV2)


async def _has_all(listener: Database) -> bool:
    ((count,),) = await rows(listener, "select count(*) from heard where sequence = $1", TURNS)
    return bool(count == len(KEYS))


async def test_outsiders_that_read_as_the_example_does_get_each_fact_once_whatever_they_know(
    database: Database, schema: Schema, servers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with telling(schema, servers, producer=Forgetful(servers, schema.name)):
        await speak(database)
        await eventually(lambda: _all_told(database), what="everything is told")
    log = await log_of(servers, Stream.PROJECTS.topic)
    assert len(log) > len(first_of_each(log)) == 2 * TURNS * len(KEYS), (
        "nothing was told twice: this test shows nothing"
    )

    monkeypatch.syspath_prepend(str(ROOT / "examples" / "python"))
    example = importlib.import_module("follow_kafka")
    for known, read in (({OLDER}, OLDER), ({OLDER, NEWER}, NEWER), ({NEWER}, NEWER)):
        monkeypatch.setattr(example, "KNOWN", known)
        taken = [record for record in first_of_each(log) if example.is_ours(record)]
        assert Counter(_fact(record) for record in taken) == Counter(
            (str(key), str(number), read) for key in KEYS for number in range(1, TURNS + 1)
        ), known


def _fact(record: Any) -> tuple[str, ...]:  # noqa: ANN401 - the client has no types
    headers = {name: value.decode() for name, value in record.headers}
    return headers["ce_subject"], headers["ce_sequence"], headers["ce_type"]


async def _all_told(database: Database) -> bool:
    ((waiting,),) = await rows(database, "select count(*) from outbox")
    return bool(waiting == 0)


def test_outsiders_are_told_how_to_read_two_versions() -> None:
    for page in ("docs/subscribing.md", "examples/README.md"):
        assert "events.md#two-versions-of-one-event" in (ROOT / page).read_text(encoding="utf-8"), page
