"""Does whoever takes a snapshot and follows the feed from there have what everybody sees, and miss nothing?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.impact.publication.store import TAKE
from shared.feeds.cursor import Place
from tests.integration.services.impact.sample import (
    AMSTERDAM,
    DELFT,
    DEN_HAAG,
    Q1,
    Q2,
    Adopts,
    Json,
    correction,
    count,
    share,
    shown,
)
from tests.messaging import until_blocked
from tests.releasing import Releasing
from tests.standing import Standing, fields

NextMorning = Callable[[], Awaitable[None]]


async def snapshot(anyone: httpx.AsyncClient, **asked: Any) -> tuple[list[Json], str]:
    """All pages of it, and where to go on."""
    items: list[Json] = []
    params = asked
    while True:
        answer = await anyone.get("/snapshot", params=params)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        if page["next"] is None:
            return items, page["cursor"]
        params = {**asked, "after": page["next"]}


async def feed(anyone: httpx.AsyncClient, after: str | None, **asked: Any) -> tuple[list[Json], str]:
    """The lines from here on, and where to go on."""
    lines: list[Json] = []
    while True:
        answer = await anyone.get("/feed", params={**asked, **({"after": after} if after else {})})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        lines, after = [*lines, *page["items"]], page["next"]
        if not page["more"]:
            return lines, page["next"]


async def end(anyone: httpx.AsyncClient) -> str:
    """Where the ledger ends now."""
    return (await snapshot(anyone))[1]


async def test_a_snapshot_is_what_is_shown_and_its_cursor_leads_to_every_line_that_follows(
    impact: Standing, adopts: Adopts, anyone: httpx.AsyncClient, next_morning: NextMorning
) -> None:
    den_haag = await adopts()
    project = str(den_haag.project)
    first, second = await den_haag.records(count(43, Q1), count(52, Q2))
    items, cursor = await snapshot(anyone, project=project)
    assert [item["shown"] for item in items] == [45, 50]
    assert await feed(anyone, cursor, project=project) == ([], await end(anyone))
    await next_morning()
    await den_haag.corrects(first, correction(58))
    await den_haag.corrects(second, correction(3))
    lines, later = await feed(anyone, cursor, project=project)
    assert [(line["kind"], line["shown"], line["release"], line["replaces"]) for line in lines] == [
        ("gecorrigeerd", 60, 2, 1), ("ingetrokken", None, 2, 1),
    ]  # fmt: skip
    assert [line["block"] for line in lines] == [item["block"] for item in items]
    again, same = await snapshot(anyone, project=project)
    assert same == later
    assert [(item["shown"], item["release"]) for item in again] == [(60, 2)]
    assert {item["block"]: item["shown"] for item in again} == {
        item["block"]: item["shown"] for item in await shown(impact, den_haag.project)
    }


async def test_both_are_found_by_gemeente_province_project_and_indicator(
    adopts: Adopts, anyone: httpx.AsyncClient
) -> None:
    project, start = uuid4(), await end(anyone)
    for gemeente, figures in ((DEN_HAAG, [count(43), share(33, 82)]), (DELFT, [count(21)]), (AMSTERDAM, [count(30)])):
        await (await adopts(gemeente, project)).records(*figures)

    async def scopes(**asked: str) -> list[str]:
        found, _ = await snapshot(anyone, project=str(project), **asked)
        followed, _ = await feed(anyone, start, project=str(project), **asked)
        assert [item["position"] for item in followed] == sorted(item["position"] for item in found)
        return [item["scope"] for item in followed]

    assert await scopes() == [DEN_HAAG, DEN_HAAG, DELFT, AMSTERDAM]
    assert await scopes(province="PV28") == [DEN_HAAG, DEN_HAAG, DELFT]
    assert await scopes(gemeente=DELFT) == [DELFT]
    assert await scopes(gemeente=DELFT, province="PV27") == []
    assert await scopes(indicator="recidive_pct") == [DEN_HAAG]
    assert await scopes(indicator="recidive_pct", gemeente=DELFT) == []
    for name, wrong in (("gemeente", "GM9999"), ("province", "PV99"), ("indicator", "onzin")):
        for path in ("/snapshot", "/feed", "/feed/stream"):
            answer = await anyone.get(path, params={name: wrong})
            assert (answer.status_code, fields(answer)) == (400, {name})


async def test_all_pages_of_a_snapshot_tell_of_one_moment(impact: Standing, anyone: httpx.AsyncClient) -> None:
    releasing = Releasing(impact.database)
    blocks = await releasing.add(5)
    asked: dict[str, Any] = {"project": str(releasing.project), "limit": 2}
    first = (await anyone.get("/snapshot", params=asked)).json()
    await releasing.follow_up(blocks, None)
    await releasing.add(3)
    pages = [first]
    while pages[-1]["next"]:
        pages.append((await anyone.get("/snapshot", params={**asked, "after": pages[-1]["next"]})).json())
    assert [item["block"] for page in pages for item in page["items"]] == [str(block.id) for block in blocks]
    assert len({page["cursor"] for page in pages}) == 1
    lines, _ = await feed(anyone, first["cursor"], project=str(releasing.project))
    assert [line["kind"] for line in lines] == ["ingetrokken"] * 5 + ["gepubliceerd"] * 3


async def test_next_moves_on_past_what_the_filter_leaves_out(impact: Standing, anyone: httpx.AsyncClient) -> None:
    start = await end(anyone)
    releasing = Releasing(impact.database)
    await releasing.add(30)
    page = (await anyone.get("/feed", params={"after": start, "project": str(uuid4())})).json()
    assert (page["items"], page["more"], page["next"]) == ([], False, await end(anyone))
    page = (await anyone.get("/feed", params={"after": start, "project": str(releasing.project), "limit": 10})).json()
    assert (len(page["items"]), page["more"]) == (10, True)
    rest, _ = await feed(anyone, page["next"], project=str(releasing.project), limit=10)
    assert len(rest) == 20


async def test_a_narrow_filter_has_a_long_ledger_looked_through_part_by_part(
    impact: Standing, anyone: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.impact.feed.operations.LOOK_THROUGH", 10)
    start, releasing = await end(anyone), Releasing(impact.database)
    await releasing.add(35)
    wanted = Releasing(impact.database)
    await wanted.add()
    page = (await anyone.get("/feed", params={"after": start, "project": str(wanted.project)})).json()
    assert (page["items"], page["more"]) == ([], True)
    lines, last = await feed(anyone, start, project=str(wanted.project))
    assert [line["project"] for line in lines] == [str(wanted.project)]
    assert last == await end(anyone)


async def test_rule_22_a_reader_never_passes_a_line_that_is_committed_late(
    impact: Standing, adopts: Adopts, anyone: httpx.AsyncClient
) -> None:
    """Guard: whoever adds holds the row of `ledger` until the commit (TAKE in services/impact/publication/store.py)"""
    hurries = await adopts(DELFT)
    start = await end(anyone)
    late = Releasing(impact.database)
    async with impact.database.transaction() as slow:
        await late.add_in(slow, 2)
        hurrying = asyncio.create_task(hurries.records(count(17)))
        await until_blocked(impact.database)
        waiting = asyncio.create_task(feed(anyone, start, wait=30))
        assert await feed(anyone, start) == ([], start), "nobody may be told of what comes after what is not there yet"
        assert (await snapshot(anyone))[1] == start
        assert not waiting.done()
    await hurrying
    told, last = await waiting
    rest, _ = await feed(anyone, last)
    projects = [line["project"] for line in [*told, *rest]]
    assert projects == [str(late.project)] * 2 + [str(hurries.project)]
    positions = [line["position"] for line in [*told, *rest]]
    assert positions == list(range(positions[0], positions[0] + 3))


async def test_a_transaction_that_is_taken_back_leaves_no_hole(impact: Standing, anyone: httpx.AsyncClient) -> None:
    start, releasing = await end(anyone), Releasing(impact.database)
    with suppress(ZeroDivisionError):
        async with impact.database.transaction() as tx:
            await tx.execute(TAKE, 3)
            raise ZeroDivisionError
    await releasing.add()
    lines, _ = await feed(anyone, start)
    assert [line["project"] for line in lines] == [str(releasing.project)]


async def test_who_waits_is_told_as_soon_as_a_line_is_there(impact: Standing, anyone: httpx.AsyncClient) -> None:
    start, releasing = await end(anyone), Releasing(impact.database)
    asked: dict[str, Any] = {"after": start, "wait": 30, "project": str(releasing.project)}
    waiting = [asyncio.create_task(anyone.get("/feed", params=asked)) for _ in range(20)]
    await Releasing(impact.database).add()  # wakes nobody: it is not what they want
    clock = asyncio.get_running_loop().time
    await releasing.add()
    added = clock()
    pages = [answer.json() for answer in await asyncio.gather(*waiting)]
    assert clock() - added < 20, "they were woken; they did not wait until their time was over"
    assert all([line["project"] for line in page["items"]] == [str(releasing.project)] for page in pages)
    assert {page["next"] for page in pages} == {await end(anyone)}


async def test_who_waits_in_vain_is_told_where_to_go_on(impact: Standing, anyone: httpx.AsyncClient) -> None:
    start = await end(anyone)
    waiting = asyncio.create_task(anyone.get("/feed", params={"after": start, "wait": 1, "project": str(uuid4())}))
    await Releasing(impact.database).add()
    page = (await waiting).json()
    assert (page["items"], page["more"]) == ([], False)
    assert page["next"] in {start, await end(anyone)}


@pytest.mark.parametrize("path", ["/snapshot", "/feed"])
async def test_what_did_not_change_is_not_sent_again(impact: Standing, anyone: httpx.AsyncClient, path: str) -> None:
    first = await anyone.get(path, params={"limit": 1000})
    again = await anyone.get(path, params={"limit": 1000}, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert again.headers["api-version"]
    await Releasing(impact.database).add()
    changed = await anyone.get(path, params={"limit": 1000}, headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    assert changed.headers["cache-control"] == "public, no-cache"


@pytest.mark.parametrize("path", ["/feed", "/snapshot", "/feed/stream"])
async def test_a_cursor_that_is_not_of_this_ledger_is_refused_with_what_to_do(
    impact: Standing, anyone: httpx.AsyncClient, path: str
) -> None:
    await Releasing(impact.database).add()
    page_of_releases = (await anyone.get("/releases", params={"limit": 1})).json()["next"]
    other_installation = Place.after(1, uuid4(), 1).cursor
    before_a_restore = Place.after(999_999_999, uuid4(), 1).cursor
    for foreign in ("onzin", page_of_releases, other_installation, before_a_restore, "x" * 300):
        answer = await anyone.get(path, params={"after": foreign})
        assert (answer.status_code, fields(answer)) == (400, {"after"}), foreign
    answer = await anyone.get(path, params={"after": other_installation})
    assert "/v1/snapshot" in answer.json()["errors"][0]["message"]


async def test_the_last_event_id_goes_before_the_address_and_is_checked_alike(anyone: httpx.AsyncClient) -> None:
    answer = await anyone.get("/feed/stream", headers={"Last-Event-ID": "onzin"}, params={"after": await end(anyone)})
    assert (answer.status_code, fields(answer)) == (400, {"Last-Event-ID"})


@pytest.mark.parametrize("asked", [{"wait": 31}, {"wait": -1}, {"limit": 0}, {"limit": 1001}, {"gemeent": DELFT}])
async def test_what_cannot_be_asked_is_refused(anyone: httpx.AsyncClient, asked: Json) -> None:
    answer = await anyone.get("/feed", params=asked)
    assert (answer.status_code, fields(answer)) == (400, set(asked))


async def test_whoever_has_a_bad_token_is_refused_and_who_has_none_is_not(impact: Standing) -> None:
    async with impact.client_for() as client:
        assert (await client.get("/feed")).status_code == 200
        assert (await client.get("/feed", headers={"Authorization": "Bearer onzin"})).status_code == 401
