"""Can a subscriber look after its webhooks: try them, read what happened, change the secret, begin again from a moment?"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from shared.clock import system_clock
from tests.integration.services.impact.deliveries.delivery import Delivery, Json, Subscribes
from tests.integration.services.impact.sample import Q1, Q2, Adopts, count
from tests.receivers import Got, Receivers
from tests.waiting import eventually

PAGE = Path("docs/subscribing-webhooks.md")


async def tried(delivery: Delivery, webhook: Json) -> Json:
    """Sends a test message and waits for what came of it."""
    asked = await delivery.subscriber.post(f"/webhooks/{webhook['id']}/tests")
    assert asked.status_code == 201, asked.text

    async def told() -> Json | None:
        found: Json = (await delivery.subscriber.get(f"/webhooks/{webhook['id']}/tests/{asked.json()['id']}")).json()
        return found if found["doneAt"] else None

    done: Json = await eventually(told)
    return done


async def test_a_test_message_tells_what_the_address_answered(
    here: Receivers, subscribes: Subscribes, delivery: Delivery
) -> None:
    receiver = here.at("a", answers=lambda _: 418)
    webhook = await subscribes(receiver)
    told = await tried(delivery, webhook)
    assert (told["succeeded"], told["status"], told["fault"]) == (False, 418, None)
    (got,) = receiver.got
    assert got.event["type"] == "nl.schuldhulpprojecten.webhook-test.v1"
    receiver.answers = lambda _: 200
    assert (await tried(delivery, webhook))["succeeded"] is True
    state = (await delivery.subscriber.get(f"/webhooks/{webhook['id']}")).json()
    assert (state["waiting"], state["linesBehind"]) == (0, 0), "a test is no delivery"


async def test_the_log_has_the_last_requests_and_no_contents(
    here: Receivers, subscribes: Subscribes, delivery: Delivery, adopts: Adopts
) -> None:
    webhook = await subscribes(here.at("a"))
    await tried(delivery, webhook)
    await (await adopts()).records(count(43, Q1), count(44, Q2))
    await delivery.until(webhook, lambda told: told["linesBehind"] == 0)
    path = f"/webhooks/{webhook['id']}/attempts"
    first = (await delivery.subscriber.get(path, params={"limit": 3})).json()
    rest = (await delivery.subscriber.get(path, params={"limit": 3, "after": first["next"]})).json()
    lines = first["items"] + rest["items"]
    assert rest["next"] is None
    assert [(line["number"], line["kind"], line["status"]) for line in lines] == [
        (4, "regel", 204), (3, "regel", 204), (2, "test", 204), (1, "uitdaging", 200),
    ]  # fmt: skip
    assert set(lines[0]) == {"number", "kind", "position", "attemptedAt", "status", "fault", "milliseconds"}


async def test_while_a_secret_takes_the_place_of_another_messages_have_two_signatures(
    here: Receivers, subscribes: Subscribes, delivery: Delivery
) -> None:
    receiver = here.at("a")
    webhook = await subscribes(receiver)
    delivery.impact.now = system_clock()
    rotated = (await delivery.subscriber.post(f"/webhooks/{webhook['id']}/secrets")).json()
    await tried(delivery, webhook)
    assert len(receiver.got[-1].headers["webhook-signature"].split()) == 2
    for secret in (rotated["secret"], webhook["secret"]):
        Webhook(secret).verify(receiver.got[-1].body, dict(receiver.got[-1].headers))
    delivery.passes(hours=25)
    await tried(delivery, webhook)
    delivery.passes(hours=-25)
    assert len(receiver.got[-1].headers["webhook-signature"].split()) == 1
    await tried(delivery, webhook)
    again = (await delivery.subscriber.post(f"/webhooks/{webhook['id']}/secrets")).json()
    await tried(delivery, webhook)
    for secret in (again["secret"], rotated["secret"]):
        Webhook(secret).verify(receiver.got[-1].body, dict(receiver.got[-1].headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(webhook["secret"]).verify(receiver.got[-1].body, dict(receiver.got[-1].headers))


async def test_a_replay_from_a_moment_sends_what_was_released_since_under_the_ids_of_before(
    here: Receivers, subscribes: Subscribes, delivery: Delivery, adopts: Adopts
) -> None:
    receiver = here.at("a")
    adopted = await adopts()
    webhook = await subscribes(receiver, project=str(adopted.project))
    await adopted.records(count(43, Q1))
    delivery.passes(hours=2)
    since = delivery.impact.now - timedelta(hours=1)
    await adopted.records(count(44, Q2))
    await delivery.until(webhook, lambda told: told["linesBehind"] == 0)
    asked = {"since": since.isoformat()}
    assert (await delivery.subscriber.post(f"/webhooks/{webhook['id']}/replays", json=asked)).status_code == 201
    await eventually(lambda: len(receiver.got) == 3)
    assert receiver.got[2].id == receiver.got[1].id != receiver.got[0].id
    assert receiver.got[2].body == receiver.got[1].body


async def test_another_address_is_challenged_and_the_one_before_hears_nothing_more(
    here: Receivers, subscribes: Subscribes, delivery: Delivery, adopts: Adopts
) -> None:
    old, new = here.at("oud"), here.at("nieuw")
    webhook = await subscribes(old)
    seen = (await delivery.subscriber.get(f"/webhooks/{webhook['id']}")).headers["etag"]
    moved = await delivery.subscriber.patch(
        f"/webhooks/{webhook['id']}", json={"address": new.address}, headers={"If-Match": seen}
    )
    assert (moved.status_code, moved.json()["state"]) == (200, "onbevestigd")
    await delivery.until(webhook, lambda told: told["state"] == "actief")
    await (await adopts()).records(count(43))
    await eventually(lambda: new.taken)
    assert (old.got, len(new.challenged)) == ([], 1)


async def test_no_secret_stands_in_a_log_or_an_event(
    here: Receivers, subscribes: Subscribes, delivery: Delivery, adopts: Adopts, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    receiver = here.at("a", answers=lambda _: 500)
    webhook = await subscribes(receiver)
    await (await adopts()).records(count(43))
    await delivery.until(webhook, lambda told: told["waiting"])
    secret = webhook["secret"].removeprefix("whsec_")
    assert secret not in caplog.text
    assert all(secret not in repr((got.headers, got.body)) for got in receiver.got + receiver.challenged)
    assert all(secret not in repr(told) for told in await delivery.impact.said())


async def test_the_lines_of_python_on_the_page_verify_what_we_send(
    here: Receivers, subscribes: Subscribes, delivery: Delivery
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    defined: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), defined)
    is_genuine: Callable[[list[str], Any, bytes], bool] = defined["is_genuine"]
    receiver = here.at("a")
    webhook = await subscribes(receiver)
    delivery.impact.now = system_clock()
    await tried(delivery, webhook)
    got: Got = receiver.got[-1]
    assert is_genuine([webhook["secret"]], got.headers, got.body)
    assert not is_genuine([webhook["secret"]], got.headers, got.body + b" ")
    assert not is_genuine(["whsec_" + "A" * 44], got.headers, got.body)
    old = {**got.headers, "webhook-timestamp": str(int(time.time()) - 3600)}
    assert not is_genuine([webhook["secret"]], old, got.body)
