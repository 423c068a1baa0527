"""Inbound topics that cannot be heard keep a replica away from its work for a moment only."""

from __future__ import annotations

from typing import cast

import pytest

from shared.messaging.passing_places import PassingPlaces
from shared.publishing.inbound import Inbound, Intake
from shared.runtime import inbound
from shared.runtime.inbound import InboundTopics, Topics

WANTED = {"inbound.fonds.funding-secured": Inbound("fonds", "funding-secured")}


def not_running(wanted: Topics) -> InboundTopics:
    """One that never gets so far as to hear anything."""

    def intake(_: Topics) -> Intake:
        raise NotImplementedError

    return InboundTopics("127.0.0.1:1", "group", lambda: wanted, intake, cast("PassingPlaces", None))


async def test_it_is_ready_without_what_it_cannot_hear(monkeypatch: pytest.MonkeyPatch) -> None:
    topics = not_running(WANTED)
    assert await topics.problem() == "inbound topics were not looked at yet"
    monkeypatch.setattr(inbound, "READY_WITHOUT_SECONDS", -1.0)
    assert await topics.problem() is None


async def test_where_nobody_is_declared_there_is_nothing_to_wait_for() -> None:
    assert await not_running({}).problem() is None
