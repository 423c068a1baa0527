"""When several replicas deliver and one of them dies: is anything missed, doubled beyond its id, or out of order?"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import AsyncExitStack

import httpx

from services.impact.deliveries.operations import LedgerBooks
from services.impact.publication.model import Shown
from shared.clock import system_clock
from shared.feeds.delivering_round import Claim, Outcome, Round
from shared.feeds.outbound import Answer
from tests.delivering import PACE
from tests.integration.services.impact.deliveries.delivery import SUBSCRIBER, Delivery, Subscribes
from tests.receivers import Receiver, Receivers
from tests.releasing import Releasing
from tests.standing import SOURCE, Standing
from tests.waiting import eventually

BLOCKS, LINES = 20, 200


async def ledger(impact: Standing) -> None:
    """Many lines: each block has many releases."""
    releasing = Releasing(impact.database)
    blocks = await releasing.add(BLOCKS)
    for number in range(1, LINES // BLOCKS):
        blocks = await releasing.follow_up(blocks, Shown(count=45 + 5 * (number % 2)))


def assert_whole(receiver: Receiver) -> None:
    """Each line came, and each block in order, once what came again is dropped by its id."""
    first: dict[str, str] = {}
    for got in receiver.taken:
        first.setdefault(got.id, got.block)
    assert len(first) == len(set(first.values())) == LINES
    releases = defaultdict(list)
    for told in first.values():
        block, _, number = told.partition("/")
        releases[block].append(int(number))
    assert all(numbers == sorted(numbers) for numbers in releases.values())


async def test_replicas_share_the_work_and_each_line_comes_once(
    impact: Standing, here: Receivers, subscribes: Subscribes, delivery: Delivery
) -> None:
    made = [await subscribes(here.at(f"r{n}")) for n in range(4)]
    others = [Delivery(impact, delivery.subscriber) for _ in range(2)]
    async with AsyncExitStack() as stack:
        for other in others:
            await stack.enter_async_context(other.running())
        await ledger(impact)
        for webhook in made:
            await delivery.until(webhook, lambda told: told["linesBehind"] == 0)
    for receiver in here.known.values():
        assert_whole(receiver)
        assert max(Counter(got.id for got in receiver.taken).values()) == 1
    shares = [each.deliveries.metrics.delivered for each in (delivery, *others)]
    assert sum(shares) == 4 * LINES


async def test_what_a_killed_replica_had_under_way_comes_again_under_the_same_id(
    impact: Standing, here: Receivers, subscribes: Subscribes, delivery: Delivery, dsn: str
) -> None:
    made = [await subscribes(here.at(f"k{n}", wait=0.005)) for n in range(2)]
    delivery.deliveries.stop()
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.delivering", dsn, SOURCE, SUBSCRIBER)
    try:
        await ledger(impact)
        await eventually(lambda: all(len(receiver.got) > LINES // 4 for receiver in here.known.values()))
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()
    assert any(len(receiver.got) < LINES for receiver in here.known.values()), "it was killed too late to tell anything"
    impact.now = system_clock()  # as the one that was killed had it
    async with Delivery(impact, delivery.subscriber, PACE, seconds=2.0).running() as survivor:
        for webhook in made:
            await survivor.until(webhook, lambda told: told["linesBehind"] == 0, step=0.01)
    for receiver in here.known.values():
        assert_whole(receiver)
        assert len(receiver.taken) - LINES <= 50, "no more than a turn comes again"


async def test_a_replica_that_stops_hands_over_at_once_and_doubles_nothing(
    impact: Standing, here: Receivers, subscribes: Subscribes, delivery: Delivery
) -> None:
    webhook = await subscribes(here.at("s", wait=0.01))
    await ledger(impact)
    await eventually(lambda: len(here.known["s"].got) > 20)
    delivery.deliveries.stop()
    async with Delivery(impact, delivery.subscriber).running() as successor:
        await successor.until(webhook, lambda told: told["linesBehind"] == 0)
    assert_whole(here.known["s"])
    assert len(here.known["s"].taken) == LINES


async def test_replays_and_pauses_while_it_runs_lose_nothing(
    impact: Standing, here: Receivers, subscribes: Subscribes, delivery: Delivery
) -> None:
    receiver = here.at("p", wait=0.002)
    webhook = await subscribes(receiver)
    by: httpx.AsyncClient = delivery.subscriber
    await ledger(impact)
    for _ in range(3):
        paused = await by.post(f"/webhooks/{webhook['id']}/pauses")
        resumed = await by.post(f"/webhooks/{webhook['id']}/resumptions")
        assert (paused.status_code, resumed.status_code) == (201, 201)
        await asyncio.sleep(0.05)
    await delivery.until(webhook, lambda told: told["linesBehind"] == 0)
    assert_whole(receiver)
    once = len(receiver.taken)
    again = await by.post(f"/webhooks/{webhook['id']}/replays", json={"after": webhook["cursor"]})
    assert (again.status_code, again.json()["linesBehind"]) == (201, LINES)
    await delivery.until(webhook, lambda told: told["linesBehind"] == 0)
    assert len(receiver.taken) >= once + LINES
    assert_whole(receiver)


async def test_what_comes_of_a_claim_that_ran_out_is_not_written_beside_that_of_the_next_one(
    impact: Standing, here: Receivers, subscribes: Subscribes, delivery: Delivery
) -> None:
    webhook = await subscribes(here.at("b"))
    delivery.deliveries.stop()
    await Releasing(impact.database).add(3)
    books = LedgerBooks(impact.database, SOURCE, lambda: impact.now, lambda: {SUBSCRIBER})
    first = (await books.claim(1, 1, 0, seconds=0)).claims[0]
    second = (await books.claim(1, 1, 0, seconds=60)).claims[0]
    assert (await books.claim(1, 1, 0, seconds=60)).claims == [], "it is somebody's"
    outcomes = [await refused(claim, books) for claim in (first, second)]
    assert await books.record([(outcome, True) for outcome in outcomes], 60) == {second.name}
    told = (await delivery.subscriber.get(f"/webhooks/{webhook['id']}")).json()
    assert told["waiting"] == 3
    log = (await delivery.subscriber.get(f"/webhooks/{webhook['id']}/attempts")).json()["items"]
    assert [line["kind"] for line in log] == 3 * ["regel"] + ["uitdaging"]


async def refused(claim: Claim, books: LedgerBooks) -> Outcome:
    """A turn in which nothing is taken."""

    async def post(address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        return Answer(500, None, 0.0)

    fresh = await books.read_on(claim.cursor, 3)
    turn = Round(claim, fresh, fresh[-1].position, {}, post=post, clock=system_clock)
    await turn.run(asyncio.Event(), 60)
    return turn.outcome()
