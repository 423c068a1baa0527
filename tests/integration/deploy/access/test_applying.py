"""What is declared is done, once; what is declared no more is undone, and bites within seconds."""

from __future__ import annotations

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from deploy.access import acls, users
from deploy.access.model import Acl, Operation, Resource
from deploy.local import passwords
from deploy.local.guarding import ADMINISTRATOR
from shared.access import BadAccess
from shared.contracts.event import Stream
from shared.messaging.brokers import Brokers, lets_in
from shared.runtime.settings import NoSecret
from tests.secured import Secured, producing, with_topics
from tests.topics import administering
from tests.waiting import eventually

RELEASES = Stream.RELEASES.topic
FUND = '- {name: fund, oin: "00000099000000010002", publishes: [{event: funding-secured, gemeenten: all}]}'
OTHER = '- {name: other, oin: "00000099000000010009", publishes: [{event: project-submitted, projects: all}]}'
BOARD = "- {name: board}"
LONG_S = 60
"""A machine may be busy; otherwise it is a moment, or as long as REAUTHENTICATED_MS."""


def both(publishers: str = "", subscribers: str = "") -> str:
    """A declaration of these."""
    named = {"publishers": publishers, "subscribers": subscribers}
    return "".join(f"{kind}:\n{who}\n" for kind, who in named.items() if who) or "{}"


@pytest.fixture
async def secured(secured_kafka: Secured) -> Secured:
    """With the topics of the platform, and nobody declared."""
    await with_topics(secured_kafka)
    await secured_kafka.apply(both())
    return secured_kafka


async def state(secured: Secured) -> tuple[set[str], set[Acl], set[str]]:
    """Users, entries and topics."""
    async with administering(secured.as_(ADMINISTRATOR)) as admin:
        return set(await users.all_users(admin)), await acls.all_acls(admin), set(await admin.list_topics())


async def is_kept_out(brokers: Brokers) -> bool:
    """Whether its password no longer holds: the broker hears of that in its own log, a moment after it has answered."""
    return not await lets_in(brokers)


async def test_what_is_declared_is_done_and_the_second_time_there_is_nothing_to_do(secured: Secured) -> None:
    lines = await secured.apply(both(OTHER, BOARD))

    assert "+ user other" in lines
    assert "+ other may WRITE topic inbound.other.project-submitted" in lines
    assert f"+ board may READ topic {RELEASES}" in lines
    assert "+ board may READ groups that begin with board." in lines
    assert "+ submission may READ topic inbound.other.project-submitted" in lines
    assert [line for line in await secured.again() if not line.startswith(" ")] == []
    words = [file.read_text() for file in (secured.folder / "passwords").iterdir()]
    assert not any(word in line for word in words for line in lines)


async def test_a_dry_run_says_the_same_and_changes_nothing(secured: Secured) -> None:
    before = await state(secured)
    told = await secured.apply(both(FUND, BOARD), dry_run=True)

    assert await state(secured) == before
    assert await secured.again() == told
    assert (await state(secured))[0] == before[0] | {"fund", "board"}


async def test_who_is_declared_no_more_is_out_within_seconds_though_it_is_connected(secured: Secured) -> None:
    await secured.apply(both(FUND, BOARD))
    topic = "inbound.fund.funding-secured"
    async with producing(secured.as_("fund")) as producer:
        await producer.send_and_wait(topic, b"while it may")
        lines = await secured.apply(both("", BOARD))

        async def is_out() -> bool:
            try:
                await producer.send_and_wait(topic, b"x")
            except KafkaError:
                return True
            return False

        await eventually(is_out, within=LONG_S)
    assert {"- user fund", f"- fund may WRITE topic {topic}"} <= set(lines)
    assert any(line.startswith(f"  topic {topic}: nobody is declared") for line in lines), (
        "its topic stays, and is named"
    )
    await eventually(lambda: is_kept_out(secured.as_("fund")), within=LONG_S)
    there, entered, _ = await state(secured)
    assert "fund" not in there
    assert not any("fund" in acl.name or acl.user == "fund" for acl in entered)
    assert await lets_in(secured.as_("board")), "others are unhurt"


async def test_a_password_that_changed_is_changed_and_the_old_one_is_out_within_seconds(secured: Secured) -> None:
    await secured.apply(both("", BOARD))
    file = secured.folder / "passwords" / "board"
    old = file.read_text()
    async with administering(secured.as_("board", old)) as client:
        assert await client.list_topics() == [RELEASES]
        passwords.write(file)
        lines = await secured.again()
        assert [line for line in lines if not line.startswith(" ")] == ["~ user board: another password"]
        await eventually(lambda: is_kept_out(secured.as_("board", old)), within=LONG_S)
        await eventually(lambda: lets_in(secured.as_("board")), within=LONG_S)

        async def is_out() -> bool:
            try:
                await client.list_topics()
            except KafkaError:
                return True
            return False

        await eventually(is_out, within=LONG_S, what="the open connection is asked again who it is")


async def test_what_nobody_declared_goes_but_for_users_that_are_to_be_kept(secured: Secured) -> None:
    everybody = Acl("User:*", Resource.TOPIC, RELEASES, Operation.READ)
    tool = Acl("User:monitoring", Resource.TOPIC, RELEASES, Operation.READ)
    async with administering(secured.as_(ADMINISTRATOR)) as admin:
        for acl in (everybody, tool):
            await acls.add(admin, acl)
        for name in ("monitoring", "stranger"):
            await users.give(admin, name, "somebody-elses-own-word")

    lines = await secured.again(access_keep="monitoring, another")

    assert set(lines) >= {f"- * may READ topic {RELEASES}", "- user stranger"}
    there, entered, _ = await state(secured)
    assert "monitoring" in there
    assert tool in entered
    assert everybody not in entered
    assert f"- monitoring may READ topic {RELEASES}" in await secured.again()


async def test_an_outsiders_topic_that_was_changed_by_hand_is_put_right(secured: Secured) -> None:
    await secured.apply(both(FUND))
    topic = "inbound.fund.funding-secured"
    async with administering(secured.as_(ADMINISTRATOR)) as admin:
        assert (await config(admin, topic))["retention.ms"] == str(24 * 60 * 60 * 1000)
        assert (await config(admin, topic))["max.message.bytes"] == "262144"
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"retention.ms": "-1"})])

        async def is_changed() -> bool:
            return (await config(admin, topic))["retention.ms"] == "-1"

        await eventually(is_changed)
        lines = await secured.again()
        (line,) = [line for line in lines if not line.startswith(" ")]
        assert line.startswith(f"~ topic {topic}: ")
        assert "retention.ms -1 -> 86400000" in line

        async def is_right() -> bool:
            return (await config(admin, topic))["retention.ms"] == "86400000"

        await eventually(is_right)


async def config(admin: AIOKafkaAdminClient, topic: str) -> dict[str, str]:
    (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    (_, _, _, _, entries), *_ = answer.resources
    return {entry[0]: entry[1] for entry in entries}


async def test_everybody_without_a_password_is_named_before_anything_changes(secured: Secured) -> None:
    before = await state(secured)
    secured.declare(both(FUND, BOARD))
    for name in ("fund", "board"):
        (secured.folder / "passwords" / name).unlink()

    with pytest.raises(NoSecret, match=r"has no password for fund, board: put a file .* --make-passwords"):
        await secured.again()
    assert await state(secured) == before


@pytest.mark.parametrize("name", ["matching", "admin"])
async def test_an_outsider_cannot_have_the_name_of_a_service_or_of_the_administrator(
    secured: Secured, name: str
) -> None:
    before = await state(secured)
    with pytest.raises(BadAccess, match=f"{name}: a service or an operator has this name"):
        await secured.apply(f"subscribers: [{{name: {name}}}]")
    assert await state(secured) == before
