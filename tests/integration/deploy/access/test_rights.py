"""Each right that is declared works, and everything else is refused: on a Kafka that asks who somebody is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    TopicAuthorizationFailedError,
)

from deploy.access import acls
from deploy.access.model import Acl, Operation, Resource, outsiders_topics
from deploy.local.guarding import ADMINISTRATOR
from shared.access import read_access
from shared.contracts.event import Stream
from shared.contracts.registry import TOPICS
from shared.messaging.brokers import Brokers, lets_in
from shared.messaging.producer import TOPIC_REFUSES, Outgoing, Producer
from tests.secured import Secured, read, some_group, with_topics, write
from tests.topics import administering
from tests.waiting import eventually

PROJECTS, OBSERVATIONS, RELEASES = Stream.PROJECTS.topic, Stream.OBSERVATIONS.topic, Stream.RELEASES.topic
DECLARED = """
publishers:
- {name: fund, oin: "00000099000000010002", publishes: [{event: funding-secured, gemeenten: all}]}
- name: gemeente
  oin: "00000099000000010001"
  publishes: [{event: adoption-started, gemeenten: [GM0268]}, {event: impact-recorded, gemeenten: [GM0268]}]
subscribers:
- {name: board}
- {name: board2}
- {name: exact, streams: [observations]}
"""
ALL_TOPICS = [topic.name for topic in TOPICS.values()]
REFUSED = {
    error.__name__
    for error in (
        TopicAuthorizationFailedError,
        GroupAuthorizationFailedError,
        ClusterAuthorizationFailedError,  # who may write nothing at all is refused a producer that is idempotent
    )
}


@pytest.fixture
async def secured(secured_kafka: Secured) -> Secured:
    """With what is declared above, and a record in each topic."""
    await with_topics(secured_kafka)
    await secured_kafka.apply(DECLARED)
    outsiders = [topic.name for topic in outsiders_topics(read_access(secured_kafka.folder / "access.yaml"))]
    for topic in (*ALL_TOPICS, *outsiders):
        await write(secured_kafka.as_(ADMINISTRATOR), topic, topic.encode())
    return secured_kafka


async def outcome(act: Awaitable[object]) -> str:
    """ "ok", or what Kafka said."""
    try:
        await act
    except KafkaError as error:
        return type(error).__name__
    return "ok"


async def test_a_service_writes_what_it_says_and_reads_what_it_hears_and_nothing_else(secured: Secured) -> None:
    submission, impact = secured.as_("submission"), secured.as_("impact")
    assert {topic: await outcome(write(submission, topic)) for topic in ALL_TOPICS} == {
        topic: "ok" if topic == PROJECTS else "TopicAuthorizationFailedError" for topic in ALL_TOPICS
    }
    assert await read(submission, PROJECTS, "submission")
    assert await outcome(read(submission, OBSERVATIONS)) == "TopicAuthorizationFailedError"
    assert await outcome(read(submission, PROJECTS, "assessment")) == "GroupAuthorizationFailedError"

    inbound = "inbound.gemeente.impact-recorded"
    assert await read(impact, inbound, "impact.inbound") == inbound.encode()
    assert await outcome(write(impact, "refusals.gemeente")) == "ok"
    assert await outcome(write(impact, inbound)) == "TopicAuthorizationFailedError"
    assert await outcome(read(impact, "inbound.gemeente.adoption-started")) == "TopicAuthorizationFailedError"
    assert await outcome(write(impact, "refusals.fund")) == "TopicAuthorizationFailedError"


async def test_a_publisher_writes_its_own_topics_and_reads_what_was_refused_of_its_own(secured: Secured) -> None:
    fund = secured.as_("fund")
    await write(fund, "inbound.fund.funding-secured")
    assert await read(fund, "refusals.fund", some_group("fund.")) == b"refusals.fund"

    refused = {
        "another's inbound": write(fund, "inbound.gemeente.adoption-started"),
        "a type that it may not publish": write(fund, "inbound.fund.impact-recorded"),
        "a topic of the platform": write(fund, Stream.ADOPTIONS.topic),
        "its own refusals": write(fund, "refusals.fund"),
        "what others were refused": read(fund, "refusals.gemeente"),
        "what came in": read(fund, "inbound.fund.funding-secured"),
        "figures": read(fund, RELEASES),
        "a service's group": read(fund, "refusals.fund", "matching"),
    }
    said = {what: await outcome(act) for what, act in refused.items()}
    assert set(said.values()) <= REFUSED, said


async def test_a_subscriber_reads_its_streams_in_groups_of_its_own_and_writes_nothing(secured: Secured) -> None:
    board, exact = secured.as_("board"), secured.as_("exact")
    assert await read(board, RELEASES, some_group("board."))
    assert await read(exact, OBSERVATIONS, some_group("exact."))

    refused = {
        "exact figures": read(board, OBSERVATIONS),
        "what another subscribes to": read(exact, RELEASES),
        "a group of another whose name begins alike": read(board, RELEASES, "board2.theirs"),
        "a group without its name": read(board, RELEASES, "impact"),
        "writing releases": write(board, RELEASES),
        "writing as a publisher": write(board, "inbound.fund.funding-secured"),
    }
    said = {what: await outcome(act) for what, act in refused.items()}
    assert set(said.values()) <= REFUSED, said


@pytest.mark.parametrize(
    ("who", "sees"),
    [("fund", {"inbound.fund.funding-secured", "refusals.fund"}), ("board", {RELEASES})],
)
async def test_an_outsider_sees_no_others_topics_and_changes_no_users_and_rights(
    secured: Secured, who: str, sees: set[str]
) -> None:
    password = secured.folder / "passwords" / who
    with pytest.raises(ClusterAuthorizationFailedError):
        await secured.again(
            kafka_user=who, kafka_password_file=password, access_keep=ADMINISTRATOR, access_file=empty(secured)
        )
    async with administering(secured.as_(who)) as admin:
        assert set(await admin.list_topics()) == sees


async def test_what_a_service_may_not_tell_for_a_while_is_told_once_it_may_again(secured: Secured) -> None:
    producer, record = Producer(secured.as_("submission"), "test"), Outgoing(PROJECTS, b"key", b"x", [])

    async def sent() -> object:
        return (await producer.send([record]))[0]

    try:
        assert not isinstance(await sent(), BaseException)
        async with administering(secured.as_(ADMINISTRATOR)) as admin:
            await acls.remove(admin, Acl("User:submission", Resource.TOPIC, PROJECTS, Operation.WRITE))
            await eventually_refused(sent)
        assert f"+ submission may WRITE topic {PROJECTS}" in await secured.again()

        async def is_told() -> bool:
            return not isinstance(await sent(), BaseException)

        await eventually(is_told)
    finally:
        await producer.stop()


async def eventually_refused(sent: Callable[[], Awaitable[object]]) -> None:
    """Until the answer is one of those that keep a record in the outbox."""

    async def is_refused() -> bool:
        return isinstance(await sent(), TOPIC_REFUSES)

    await eventually(is_refused)


def empty(secured: Secured) -> object:
    """A declaration of nobody."""
    (secured.folder / "nobody.yaml").write_text("{}")
    return secured.folder / "nobody.yaml"


async def test_nobody_comes_in_without_a_name_or_with_another_password(secured: Secured) -> None:
    assert not await lets_in(secured.as_("fund", "another"))
    assert not await lets_in(secured.as_("nobody", "x"))
    assert await lets_in(secured.as_("fund"))
    with pytest.raises(KafkaConnectionError):
        await write(secured.as_("fund", "another"), "inbound.fund.funding-secured")
    with pytest.raises(KafkaError):
        await write(Brokers(secured.kafka.servers), PROJECTS)
