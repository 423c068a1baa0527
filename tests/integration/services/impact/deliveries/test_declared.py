"""Who leaves access.yaml gets nothing more; who returns goes on where it was."""

from __future__ import annotations

from shared.web import Role
from tests.integration.services.impact.deliveries.delivery import SUBSCRIBER, Delivery, Subscribes
from tests.integration.services.impact.sample import Adopts, count
from tests.receivers import Receivers
from tests.standing import Standing
from tests.waiting import eventually

OTHER = "somebody-else"


async def test_a_subscriber_that_is_declared_no_more_gets_nothing_until_it_is_again(
    impact: Standing, here: Receivers, subscribes: Subscribes, delivery: Delivery, adopts: Adopts
) -> None:
    left, stays = here.at("left"), here.at("stays")
    await subscribes(left)
    async with impact.client_for(Role.SUBSCRIBER, client=OTHER) as client:
        delivery.declared = {OTHER}
        assert (await client.post("/webhooks", json={"address": stays.address})).status_code == 201
        await eventually(lambda: stays.challenged)
        await (await adopts()).records(count(43))
        await eventually(lambda: stays.got)
        assert left.got == []

        delivery.declared = {OTHER, SUBSCRIBER}
        await eventually(lambda: left.got)
    assert [got.event["id"] for got in left.got] == [got.event["id"] for got in stays.got]
