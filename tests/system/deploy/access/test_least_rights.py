"""The whole platform on a Kafka that asks who somebody is: each service has a user of its own, and no right too many."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from deploy.access.__main__ import members
from deploy.demo.run import play
from deploy.demo.screen import Screen
from deploy.local.settings import SERVICES
from shared.messaging.brokers import Brokers, Login
from shared.runtime.surroundings import kafka_answers
from tests.platform import Platform, platform_up
from tests.system.test_kill import all_told_and_heard
from tests.waiting import eventually

LONG = 120


@pytest.fixture(scope="module")
def secured() -> Iterator[Platform]:
    """As `make up KAFKA_SECURITY=SASL_PLAINTEXT` starts it."""
    with platform_up(secured=True) as running:
        yield running


async def test_the_whole_journey_is_played_and_heard_by_services_that_have_their_own_rights_only(
    secured: Platform,
) -> None:
    await play(secured.places, Screen(io.StringIO()))
    await eventually(lambda: all_told_and_heard(secured), within=LONG, what="everything is told and heard")
    for name in SERVICES:
        assert "AuthorizationFailed" not in secured.program(name).daemon.log_file.read_text(), name


@pytest.mark.parametrize("name", SERVICES)
async def test_each_service_sees_that_kafka_does_its_part(secured: Platform, name: str) -> None:
    password = secured.settings.kafka_passwords / name
    brokers = Brokers(secured.settings.kafka_servers, Login(name, password.read_text))
    (member,) = [member for member in members() if member.name == name]
    topics = sorted({*member.says, *member.hears})
    assert await kafka_answers(brokers, name, topics)
    assert not await kafka_answers(brokers, next(each for each in SERVICES if each != name), topics), "another's group"
