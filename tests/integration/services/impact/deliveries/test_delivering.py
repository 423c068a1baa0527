"""Does a subscriber get each line that it wants, in order of each block, whatever happens on the way?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import uuid4

from standardwebhooks import Webhook

from shared.contracts.events import ImpactPublished
from tests.integration.services.impact.deliveries.delivery import Delivery, Json, Subscribes
from tests.integration.services.impact.sample import DELFT, DEN_HAAG, Q1, Q2, Q3, ZOETERMEER, Adopts, correction, count
from tests.receivers import Got, Receivers
from tests.standing import SOURCE, Standing
from tests.waiting import eventually

NextMorning = Callable[[], Awaitable[None]]


def caught_up(told: Json) -> bool:
    return bool(told["linesBehind"] == 0)


async def test_a_line_of_the_ledger_comes_as_a_signed_event(
    impact: Standing, here: Receivers, subscribes: Subscribes, adopts: Adopts
) -> None:
    receiver = here.at("a")
    webhook = await subscribes(receiver)
    den_haag = await adopts()
    await den_haag.records(count(43))
    (got,) = await eventually(lambda: receiver.got)
    at = impact.now
    assert got.headers["webhook-timestamp"] == str(int(at.timestamp()))
    signed = Webhook(webhook["secret"]).sign(got.id, at, got.body.decode())
    assert got.headers["webhook-signature"] == signed
    assert got.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    event = got.event
    assert (event["specversion"], event["type"], event["source"]) == (
        "1.0", "nl.schuldhulpprojecten.impact-published.v1", SOURCE,
    )  # fmt: skip
    told = ImpactPublished.model_validate(event["data"])
    assert (told.shown, told.project, event["subject"], event["sequence"]) == (
        45,
        den_haag.project,
        str(told.block),
        "1",
    )


async def test_nothing_is_sent_before_the_address_has_answered_its_challenge(
    here: Receivers, delivery: Delivery, adopts: Adopts
) -> None:
    receiver = here.at("a", echoes=False)
    made = (await delivery.subscriber.post("/webhooks", json={"address": receiver.address})).json()
    assert (made["state"], made["notice"]) == ("onbevestigd", None)
    told = await delivery.until(made, lambda told: told["notice"])
    assert (told["state"], told["notice"]["reason"]) == ("onbevestigd", "uitdaging-niet-beantwoord")
    await (await adopts()).records(count(43))
    receiver.echoes = True
    assert (await delivery.subscriber.post(f"/webhooks/{made['id']}/challenges")).status_code == 201
    await delivery.until(made, lambda told: told["state"] == "actief" and caught_up(told))
    assert len(receiver.challenged) == 2
    assert len(receiver.got) == 1, "what came since it was made is sent once it has answered"
    assert "webhook-signature" in receiver.challenged[0].headers


async def test_a_subscriber_gets_what_its_filters_want_and_moves_past_the_rest(
    here: Receivers, subscribes: Subscribes, delivery: Delivery, adopts: Adopts
) -> None:
    project = uuid4()
    den_haag, delft = await adopts(DEN_HAAG, project), await adopts(DELFT, project)
    by_place, by_project, by_province, by_other = (here.at(name) for name in "abcd")
    made = [
        await subscribes(by_place, gemeente=DELFT, project=str(project)),
        await subscribes(by_project, project=str(project)),
        await subscribes(by_province, province="PV28", indicator="aanmeldingen"),
        await subscribes(by_other, project=str(uuid4())),
    ]
    await den_haag.records(count(43, Q1), count(44, Q2))
    await delft.records(count(21, Q1))
    for webhook in made:
        await delivery.until(webhook, caught_up)
    assert [len(receiver.got) for receiver in (by_place, by_project, by_province, by_other)] == [1, 3, 3, 0]
    assert by_place.got[0].event["data"]["scope"] == DELFT


async def test_a_later_release_waits_for_the_earlier_one_while_other_blocks_go_on(
    here: Receivers, subscribes: Subscribes, delivery: Delivery, adopts: Adopts,
    next_morning: NextMorning,
) -> None:  # fmt: skip
    den_haag = await adopts()
    refused: set[str] = set()
    receiver = here.at("a", answers=lambda got: 500 if got.event["subject"] in refused else 204)
    webhook = await subscribes(receiver, project=str(den_haag.project))
    (first,) = await den_haag.records(count(43, Q1))
    await delivery.until(webhook, caught_up)
    refused.add(receiver.taken[0].event["subject"])
    await next_morning()
    first = await den_haag.corrects(first, correction(60))
    await eventually(lambda: len(receiver.got) > 1)
    await next_morning()
    await den_haag.corrects(first, correction(70))
    await den_haag.records(count(50, Q2))
    await delivery.until(webhook, lambda told: told["waiting"] == 2 and len(receiver.taken) == 2)
    assert [got.event["data"]["shown"] for got in receiver.taken] == [45, 50]
    assert all(got.event["sequence"] != "3" for got in receiver.got), "the third release waits for the second"
    refused.clear()
    await delivery.until(webhook, caught_up, step=1)
    assert [got.event["data"]["shown"] for got in receiver.taken] == [45, 50, 60, 70]


async def test_what_is_not_taken_in_three_days_becomes_a_dead_letter_that_can_be_tried_again(
    here: Receivers, subscribes: Subscribes, delivery: Delivery, adopts: Adopts
) -> None:
    den_haag = await adopts()
    bad: set[str] = set()

    def answers(got: Got) -> int:
        return 422 if got.event["data"]["periodStart"] in bad else 204

    receiver = here.at("a", answers=answers)
    bad.add(Q1[0])
    webhook = await subscribes(receiver, project=str(den_haag.project))
    begun = delivery.impact.now
    await den_haag.records(count(43, Q1), count(44, Q2))
    told = await delivery.until(webhook, lambda told: told["deadLetters"], step=2)
    assert delivery.impact.now - begun >= timedelta(days=3)
    assert (told["deadLetters"], told["waiting"], told["state"]) == (1, 0, "actief")
    (letter,) = (await delivery.subscriber.get(f"/webhooks/{webhook['id']}/dead-letters")).json()["items"]
    assert (letter["release"], letter["attempts"] > 5) == (1, True)
    assert len({got.id for got in receiver.got if got.event["data"]["periodStart"] == Q1[0]}) == 1, "always one id"
    bad.clear()
    retried = await delivery.subscriber.post(f"/webhooks/{webhook['id']}/dead-letters/retries")
    assert retried.json() == {"retried": 1}
    await delivery.until(webhook, lambda told: not told["deadLetters"] and caught_up(told))
    assert [got.event["data"]["periodStart"] for got in receiver.taken] == [Q2[0], Q1[0]]


async def test_an_address_that_says_410_gets_nothing_until_it_is_challenged_anew(
    here: Receivers, subscribes: Subscribes, delivery: Delivery, adopts: Adopts
) -> None:
    receiver = here.at("a", answers=lambda _: 410)
    webhook = await subscribes(receiver)
    await (await adopts()).records(count(43, Q1), count(44, Q2), count(45, Q3))
    told = await delivery.until(webhook, lambda told: told["state"] != "actief")
    assert (told["state"], told["notice"]["reason"]) == ("uitgeschakeld", "adres-opgeheven")
    receiver.answers = lambda _: 200
    assert (await delivery.subscriber.post(f"/webhooks/{webhook['id']}/resumptions")).json()["state"] == "onbevestigd"
    await delivery.until(webhook, lambda told: told["state"] == "actief" and caught_up(told))
    assert len(receiver.challenged) == 2
    assert len({got.id for got in receiver.taken}) == 3, "nothing was lost"


async def test_what_fails_for_days_is_paused_with_a_notice_and_goes_on_where_it_was(
    here: Receivers, subscribes: Subscribes, delivery: Delivery, adopts: Adopts
) -> None:
    receiver = here.at("a", answers=lambda _: 503)
    webhook = await subscribes(receiver)
    project = uuid4()
    # Nine lines: one more than can be attempted before the receiver is doubted, or all may be dead in less than four days.
    for gemeente in (DEN_HAAG, DELFT, ZOETERMEER):
        await (await adopts(gemeente, project)).records(*(count(43, period) for period in (Q1, Q2, Q3)))
    begun = delivery.impact.now
    told = await delivery.until(webhook, lambda told: told["state"] == "gepauzeerd", step=2)
    assert (told["notice"]["reason"], told["linesBehind"] > 0) == ("faalt-te-lang", True)
    assert timedelta(days=4) <= delivery.impact.now - begun < timedelta(days=5)
    dead = told["deadLetters"]
    assert len(receiver.got) < 150, "one that only fails is left alone"
    receiver.answers = lambda _: 200
    assert (await delivery.subscriber.post(f"/webhooks/{webhook['id']}/resumptions")).json()["notice"] is None
    await delivery.subscriber.post(f"/webhooks/{webhook['id']}/dead-letters/retries")
    await delivery.until(webhook, lambda told: caught_up(told) and not told["deadLetters"])
    assert len({got.block for got in receiver.taken}) == 9
    assert dead < 9


async def test_a_redirect_is_a_failure_and_is_not_followed(
    here: Receivers, subscribes: Subscribes, delivery: Delivery, adopts: Adopts
) -> None:
    elsewhere = here.at("elders")
    receiver = here.at("a", answers=lambda _: redirect(elsewhere.address))
    webhook = await subscribes(receiver)
    await (await adopts()).records(count(43))
    await delivery.until(webhook, lambda told: told["waiting"] == 1)
    log = (await delivery.subscriber.get(f"/webhooks/{webhook['id']}/attempts")).json()["items"]
    assert [(line["kind"], line["status"]) for line in log] == [("regel", 307), ("uitdaging", 200)]
    assert elsewhere.got == []


async def test_a_slow_and_a_dead_subscriber_hold_up_nobody_else(
    here: Receivers, subscribes: Subscribes, delivery: Delivery, adopts: Adopts
) -> None:
    slow, dead, healthy = here.at("slow"), here.at("dead"), here.at("healthy")
    made = {name: await subscribes(here.known[name]) for name in ("slow", "dead", "healthy")}
    slow.wait, dead.wait = 3.0, 30.0
    project = uuid4()
    for gemeente in (DEN_HAAG, DELFT):
        await (await adopts(gemeente, project)).records(*(count(43, period) for period in (Q1, Q2, Q3)))
    await delivery.until(made["healthy"], caught_up)
    assert len(healthy.taken) == 6
    assert not dead.taken
    told = (await delivery.subscriber.get(f"/webhooks/{made['dead']['id']}")).json()
    assert told["linesBehind"] == 6


def redirect(address: str) -> object:
    from aiohttp import web  # noqa: PLC0415 - only here

    return web.Response(status=307, headers={"Location": address})
