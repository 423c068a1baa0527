"""An operator has a version told again that somebody missed."""

from __future__ import annotations

from uuid import UUID

from deploy.local.ports import HOST
from shared.contracts.event import Stream
from tests.integration.shared.messaging.running import telling
from tests.integration.shared.messaging.test_relay import until_told
from tests.messaging import ended, opened
from tests.ports import free_port
from tests.replicas import Toy
from tests.topics import log_of

ONE, TOPIC = UUID(int=1), Stream.ADOPTIONS.topic
WHY = ("--reason", "x", "--actor", "y")


async def test_what_was_told_is_told_again_from_the_command_line(toy: Toy) -> None:
    servers = toy.settings.kafka_servers
    async with opened(toy.schema) as database, telling(toy.schema, servers):
        async with database.transaction() as tx:
            for word in "abc":
                tx.say(ended(ONE, word))
        await until_told(database, 3)

    away = toy.but(KAFKA_SERVERS=f"{HOST}:{free_port()}")
    code, out, complaint = await away.run("outbox", "resend", TOPIC, str(ONE), *WHY)
    assert (code, out, complaint.count("\n")) == (1, "", 1)
    assert complaint.startswith("Kafka does not answer")

    shown = await toy.ask("outbox", "resend", TOPIC, str(ONE), *WHY, "--first", "2")
    assert shown == (0, f"{ONE} told again on {TOPIC}, 2 version(s): 2-3\n", "")
    log = await log_of(servers, TOPIC)
    assert [dict(record.headers)["ce_sequence"] for record in log] == [b"1", b"2", b"3", b"2", b"3"]

    nothing = await toy.ask("outbox", "resend", TOPIC, str(ONE), *WHY, "--first", "4", "--last", "9")
    sentence = f"Of {ONE} on {TOPIC} nothing that was told is kept from version 4 to 9 (any more)."
    assert nothing == (1, "", f"{sentence} What is not told yet stands in `outbox list`.\n")
