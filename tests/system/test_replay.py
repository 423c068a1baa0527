"""The whole of every topic, heard again by services that run: nothing changes, for every effect was had already."""

from __future__ import annotations

import io
from collections.abc import Mapping

from deploy.demo.run import play
from deploy.demo.screen import Screen
from deploy.local.settings import SERVICES
from tests.platform import Platform
from tests.system.test_kill import all_told_and_heard, lag_of
from tests.waiting import eventually

PLACES = {"positions", "confirmed"}
"""Tables that say how far the log was read: what the test itself sets back, and what a relay looks at when it starts."""
TABLES = "select tablename from pg_tables where schemaname = $1 order by tablename"
SUM = "select md5(coalesce(string_agg(t::text, e'\\n' order by t::text), '')) as sum, count(*) as rows from {} t"
FORGET = "delete from positions where topic not like 'inbound.%' returning next"
"""Of what services tell each other. What has no id on a topic from outside is refused anew when it is read again."""
UNTOLD = "select from publication where untold"
LONG = 120


async def sums(platform: Platform, service: str) -> Mapping[str, tuple[str, int]]:
    """A checksum of each table of a service, and how many rows it has."""
    names = [row["tablename"] for row in await platform.fetch(service, TABLES, service)]
    found = {}
    for name in names:
        if name not in PLACES:
            (row,) = await platform.fetch(service, SUM.format(f'"{name}"'))
            found[name] = (row["sum"], row["rows"])
    return found


async def all_refusals_told(platform: Platform) -> bool:
    """Whether nobody has still to hear of a refusal."""
    return not any([await platform.fetch(service, UNTOLD) for service in SERVICES])


async def test_every_topic_heard_again_whole_by_the_running_services_changes_nothing(platform: Platform) -> None:
    await play(platform.places, Screen(io.StringIO()))
    await eventually(lambda: all_told_and_heard(platform), within=LONG, what="everything is told and heard")
    await eventually(lambda: all_refusals_told(platform), within=LONG, what="all refusals are told")
    before = {service: await sums(platform, service) for service in SERVICES}
    assert all(tables["heard"][1] for tables in before.values())

    for service in SERVICES:
        platform.kill(service)
        read = await platform.fetch(service, FORGET)
        assert sum(row["next"] for row in read) > 0
        await platform.start(service)
    await eventually(lambda: all_told_and_heard(platform), within=LONG, what="everything was heard again")

    for service in SERVICES:
        assert await lag_of(platform, service) == 0
        assert await sums(platform, service) == before[service], service
