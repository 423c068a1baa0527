"""An operator sends a service back to the beginning of a topic, once nobody hears any more."""

from __future__ import annotations

from uuid import UUID

from shared.contracts.event import Stream
from tests.messaging import life, opened, rows, value
from tests.replicas import Toy, replica
from tests.topics import topics_anew, write
from tests.waiting import eventually

ONE, TOPIC = UUID(int=1), Stream.PROJECTS.topic
WHY = ("--reason", "the topic was made anew", "--actor", "operator")
NOTES = "select word from note where entity = $1 order by id"


async def test_after_a_log_was_made_anew_a_service_reads_it_from_its_beginning_and_drops_what_it_heard(
    toy: Toy,
) -> None:
    servers = toy.settings.kafka_servers
    await write(servers, life(ONE, "abc"))
    async with opened(toy.schema) as database:
        async with replica(toy) as running:
            await running.ready()
            await eventually(lambda: value(database, "select sequence = 3 from heard"), within=60)
            code, _, complaint = await toy.ask("places", "rewind", TOPIC, *WHY)
            assert (code, "1 replica(s)" in complaint) == (1, True)
            assert await running.stop() == 0
        await topics_anew(servers)
        await write(servers, life(ONE, "ab"))
        async with replica(toy) as running:
            await eventually(lambda: running.process.poll() is not None, within=60, what="the replica ends")
            assert "places rewind TOPIC PARTITION" in str(running.lines("CRITICAL")[-1])

        shown = (await toy.ask("places", "list"))[1]
        assert TOPIC in shown
        dry = await toy.ask("places", "rewind", TOPIC, *WHY, "--dry-run")
        assert dry[0] == 0, dry
        assert await value(database, "select count(*) from positions") > 0
        done = await toy.ask("places", "rewind", TOPIC, *WHY)
        assert done[0] == 0, done
        assert await rows(database, "select actor, action, target from audit where actor <> 'relay'") == [
            ("operator", "places rewind", TOPIC)
        ]
        await write(servers, life(ONE, "cd", first=3))
        async with replica(toy) as running:
            await eventually(lambda: value(database, "select sequence = 4 from heard"), within=60)
            assert await running.stop() == 0

        assert [word for (word,) in await rows(database, NOTES, ONE)] == ["begin", *"abcd"]
        nothing = await toy.ask("places", "rewind", "nowhere", *WHY)
        assert nothing == (1, "", "This service has no place in nowhere. See `places list`.\n")
