"""The examples of a subscriber, each killed and started again: their tables show what everybody sees, and nothing else."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import httpx

from tests.ports import free_port
from tests.system.examples.ledger import Ledger
from tests.system.examples.programs import Subscriber, running
from tests.waiting import eventually

ASKING = ("python/follow_feed.py", "node/follow-feed.mjs")
STREAMING = ("python/follow_stream.py", "node/follow-stream.mjs")
SENT = ("python/receive_webhooks.py", "node/receive-webhooks.mjs")
KAFKA = "python/follow_kafka.py"


def all_ways(folder: Path, variables: dict[str, str], project: str) -> list[Subscriber]:
    """Every example of a subscriber."""
    filtered = [Subscriber(name, folder, variables, (f"project={project}",)) for name in (*ASKING, *STREAMING)]
    sent = [
        Subscriber(name, folder, {"PORT": str(free_port()), "WEBHOOK_SECRET_FILE": str(folder / f"of-{number}")})
        for number, name in enumerate(SENT)
    ]
    return [*filtered, *sent, Subscriber(KAFKA, folder, variables)]


async def ask_for_webhooks(http: httpx.AsyncClient, impact: str, receivers: list[Subscriber], project: str) -> None:
    """Each receiver has one that is active."""
    for receiver in receivers:
        await eventually(receiver.listens, what=f"{receiver.name} listens")
        body = {"address": f"http://127.0.0.1:{receiver.variables['PORT']}/", "project": project}
        made = await http.post(f"{impact}/webhooks", json=body, headers={"Idempotency-Key": str(uuid4())})
        assert made.status_code == 201, made.text
        Path(receiver.variables["WEBHOOK_SECRET_FILE"]).write_text(made.json()["secret"], encoding="utf-8")
        await confirm(http, f"{impact}/webhooks/{made.json()['id']}", receiver.name)


async def confirm(http: httpx.AsyncClient, webhook: str, name: str) -> None:
    """It has sent its challenge back, the first or, if that came before its secret, another.

    A subscriber may ask for few (20 in ten minutes): one for each that failed, and not one at each look.
    """
    failed: set[str] = set()

    async def is_active() -> bool:
        seen = (await http.get(webhook)).json()
        if (notice := seen["notice"]) and notice["noticedAt"] not in failed:
            failed.add(notice["noticedAt"])
            await http.post(f"{webhook}/challenges", headers={"Idempotency-Key": str(uuid4())})
        return bool(seen["state"] == "actief")

    await eventually(is_active, what=f"{name} sends its challenge back")


async def test_every_way_ends_in_the_same_table_whatever_is_killed(
    tmp_path: Path, ledger: Ledger, variables: dict[str, str], subscribed: httpx.AsyncClient
) -> None:
    project = str(ledger.project)
    ways = all_ways(tmp_path, variables, project)

    def behind() -> dict[str, object]:
        return {
            each.name: (each.table(project), each.printed[-500:])
            for each in ways
            if each.table(project) != ledger.shown
        }

    async def all_show_it() -> None:
        with suppress(AssertionError):
            await eventually(lambda: not behind(), 120)
        assert behind() == {}, ledger.shown

    async with running(*ways):
        await ask_for_webhooks(
            subscribed, variables["IMPACT_URL"], [each for each in ways if each.program in SENT], project
        )
        first, second, third = await ledger.publishes(3)
        await all_show_it()
        await ledger.shows(first, 60)
        for each in ways:
            await each.kill()

    await ledger.withdraws(second)
    await ledger.shows(third, 75)
    await ledger.publishes(2)
    assert len(behind()) == len(ways), "nothing happened while they were away: this test shows nothing"

    async with running(*ways):
        await all_show_it()
        await ledger.shows(second, 20)
        await all_show_it()
