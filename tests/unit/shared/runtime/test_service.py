"""What follows from a declaration."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from deploy.setup import SERVICES, declared
from shared.contracts.registry import TOPICS
from shared.runtime import daily
from shared.runtime.service import Service
from shared.storage import Transaction


async def nothing(tx: Transaction, today: object = None) -> None:
    """Does nothing."""


def test_a_service_that_hears_nothing_listens_to_no_topic() -> None:
    silent = Service("silent", "Silent", Path(__file__).parent, says=[], hears=[], answers=[])
    assert silent.topics == ()
    assert silent.heard_events == frozenset()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_listens_to_topics_that_are_there_each_once(name: str) -> None:
    topics = declared(name).topics
    assert set(topics) <= {topic.name for topic in TOPICS.values()}
    assert list(topics) == sorted(set(topics))


@pytest.mark.parametrize("name", SERVICES)
def test_migrations_of_what_is_shared_come_before_those_of_the_service(name: str) -> None:
    homes = [migration.name.split("/")[0] for migration in declared(name).migrations]
    assert list(dict.fromkeys(homes)) == ["messaging", "web", "publishing", "runtime", name]


def test_the_hour_of_a_daily_duty_is_checked_where_it_is_declared() -> None:
    assert daily("06:30", nothing).at == time(6, 30)
    with pytest.raises(ValueError, match="hour"):
        daily("25:00", nothing)
