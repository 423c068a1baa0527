"""Does what everybody sees follow what is recorded, at once, hidden where it is small, and at most once a day?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from services.impact.publication import model
from tests.integration.services.impact.sample import (
    Q1,
    Q2,
    Q3,
    Adopted,
    Adopts,
    correction,
    count,
    plan,
    share,
    shown,
    started,
    stopped,
)
from tests.standing import Standing, Told, if_match, record_of

NextMorning = Callable[[], Awaitable[None]]
PUBLISHED = "nl.schuldhulpprojecten.impact-published.v1"


async def told(impact: Standing, project: UUID) -> list[Told]:
    """What was said of the public figures of a project."""
    return [said for said in await impact.said() if said.data["project"] == str(project) and said.type == PUBLISHED]


def numbers(said: list[Told]) -> list[tuple[Any, ...]]:
    """Of each release: its number, what it replaces, what happened, and the count."""
    data = [each.data for each in said]
    return [(each["release"], each.get("replaces"), each["kind"], each.get("shown")) for each in data]


async def stored(impact: Standing, project: UUID) -> list[tuple[Any, ...]]:
    """The contributions of a project: version, value and whether a release waits."""
    async with impact.database.reading() as tx:
        found = await tx.fetch(
            "select c.version, c.value, c.numerator, c.waits from contribution c join family f on f.id = c.family"
            " where f.project = $1 order by f.period_start",
            project,
        )
    return [tuple(row) for row in found]


async def test_a_figure_is_published_in_the_moment_of_recording(impact: Standing, adopted: Adopted) -> None:
    planned = {"plans": [plan(endsOn="2026-09-30")]}
    await adopted.own.put(f"{adopted.address}/plan", json=planned, headers=if_match(0))
    await adopted.records(count(43))
    (said,) = await told(impact, adopted.project)
    assert (said.topic, said.sequence) == ("nl.schuldhulpprojecten.releases", 1)
    assert said.data == {
        "block": str(said.entity), "release": 1, "kind": "gepubliceerd", "project": str(adopted.project),
        "indicator": "aanmeldingen", "periodStart": "2026-07-01", "periodEnd": "2026-09-30", "scope": "GM0518",
        "shown": 45, "targetShown": 60, "releasedAt": "2026-11-24T10:00:00Z",
    }  # fmt: skip
    (figure,) = await shown(impact, adopted.project)
    assert (figure["block"], figure["shown"], figure["release"]) == (str(said.entity), 45, 1)


async def test_a_figure_on_its_way_to_the_target_bears_none(impact: Standing, adopted: Adopted) -> None:
    await adopted.own.put(f"{adopted.address}/plan", json={"plans": [plan(endsOn="2026-09-30")]}, headers=if_match(0))
    await adopted.records(count(33, Q2), count(43, Q3), count(53, Q1))
    assert {each["periodStart"]: each["targetShown"] for each in await shown(impact, adopted.project)} == {
        Q1[0]: None, Q2[0]: None, Q3[0]: 60,
    }  # fmt: skip


async def test_what_is_small_has_a_contribution_and_nothing_else(impact: Standing, adopted: Adopted) -> None:
    await adopted.records(count(9), count(0, Q2), share(9, 60, Q1))
    assert await told(impact, adopted.project) == []
    assert await shown(impact, adopted.project) == []
    assert await stored(impact, adopted.project) == [(1, None, 9, False), (1, 0, None, False), (1, 9, None, False)]


@pytest.mark.parametrize(
    "stated",
    [
        count("40170.50", indicator="gemiddelde_schuld_eur"),
        count(11, indicator="wachttijd_dagen"),
        count(500, indicator="huisuitzettingen_voorkomen"),
        count(400, breakdown="jongeren"),
        {**share(400, 900), "indicator": "bereik_doelgroep_pct"},
        {**share(400, 900), "indicator": "uitval_pct"},
    ],
    ids=["amount", "mean", "events", "breakdown", "numerator of another indicator", "rest of another indicator"],
)
async def test_what_is_not_published_yet_leaves_no_row(
    impact: Standing, adopted: Adopted, stated: dict[str, Any]
) -> None:
    await adopted.records(stated)
    assert await told(impact, adopted.project) == []
    assert await stored(impact, adopted.project) == []


async def test_what_is_shown_of_an_indicator_that_is_published_no_longer_goes_the_next_morning(
    impact: Standing, adopted: Adopted, next_morning: NextMorning, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(model, "COUNTED_ELSEWHERE", {})
        await adopted.records({**share(33, 82), "indicator": "uitval_pct"}, count(43))
    assert len(await shown(impact, adopted.project)) == 2
    await next_morning()
    assert [each["indicator"] for each in await shown(impact, adopted.project)] == ["aanmeldingen"]
    gone = (await told(impact, adopted.project))[-1].data
    assert (gone["indicator"], gone["kind"], gone["release"]) == ("uitval_pct", "ingetrokken", 2)


async def test_a_percentage_is_published_as_both_its_numbers(impact: Standing, adopted: Adopted) -> None:
    await adopted.records(share(33, 82))
    (figure,) = await shown(impact, adopted.project)
    assert (figure["shown"], figure["shownNumerator"], figure["shownDenominator"], figure["percent"]) == (
        None, 35, 80, 44,
    )  # fmt: skip


async def test_a_correction_within_the_same_rounding_is_no_release(impact: Standing, adopted: Adopted) -> None:
    (made,) = await adopted.records(count(43))
    await adopted.corrects(made, correction(47))
    assert numbers(await told(impact, adopted.project)) == [(1, None, "gepubliceerd", 45)]
    assert await stored(impact, adopted.project) == [(2, 47, None, False)]


async def test_a_second_change_on_one_day_waits_for_the_morning_and_the_last_one_counts(
    impact: Standing, adopted: Adopted, next_morning: NextMorning
) -> None:
    (made,) = await adopted.records(count(43))
    again = await adopted.corrects(made, correction(58))
    await adopted.corrects(again, correction(71))
    assert [each["shown"] for each in await shown(impact, adopted.project)] == [45]
    assert (await adopted.cell())["publication"]["visibility"] == "wacht"
    await next_morning()
    assert [each["shown"] for each in await shown(impact, adopted.project)] == [70]
    said = await told(impact, adopted.project)
    assert numbers(said) == [(1, None, "gepubliceerd", 45), (2, 1, "gecorrigeerd", 70)]
    assert [each.sequence for each in said] == [1, 2]
    assert said[1].data["releasedAt"] == "2026-11-25T05:30:00Z"
    assert await stored(impact, adopted.project) == [(3, 71, None, False)]
    await next_morning()
    assert len(await told(impact, adopted.project)) == 2


async def test_a_change_undone_on_the_same_day_is_never_seen(
    impact: Standing, adopted: Adopted, next_morning: NextMorning
) -> None:
    (made,) = await adopted.records(count(43))
    await adopted.corrects(await adopted.corrects(made, correction(5)), correction(43, "Toch goed"))
    await next_morning()
    assert numbers(await told(impact, adopted.project)) == [(1, None, "gepubliceerd", 45)]


async def test_a_correction_on_another_day_is_released_at_once(
    impact: Standing, adopted: Adopted, next_morning: NextMorning
) -> None:
    (made,) = await adopted.records(count(43))
    await next_morning()
    await adopted.corrects(made, correction(58))
    assert numbers(await told(impact, adopted.project))[1:] == [(2, 1, "gecorrigeerd", 60)]


async def test_a_figure_that_becomes_small_or_is_withdrawn_goes_alike_and_comes_back(
    impact: Standing, adopted: Adopted, next_morning: NextMorning
) -> None:
    small, gone = await adopted.records(count(43), count(44, Q2))
    await next_morning()
    await adopted.corrects(small, correction(9))
    await adopted.own.post(f"/observations/{gone['id']}/withdrawals", json={"reason": "Dubbel"})
    assert await shown(impact, adopted.project) == []
    said = await told(impact, adopted.project)
    lines = [{k: v for k, v in s.data.items() if k not in ("block", "periodStart", "periodEnd")} for s in said[2:]]
    assert lines[0] == lines[1]
    assert numbers(said[2:]) == [(2, 1, "ingetrokken", None)] * 2
    async with impact.database.reading() as tx:
        blocks = await tx.fetch(
            "select b.scope, b.members, b.withdrawn_at is not null as gone from block b join family f on f.id = b.family"
            " where f.project = $1",
            adopted.project,
        )
    assert [tuple(row) for row in blocks] == [("GM0518", ["GM0518"], True)] * 2
    await next_morning()
    await adopted.corrects({**small, "revision": 2}, correction(12))
    assert numbers(await told(impact, adopted.project))[4:] == [(3, 2, "gepubliceerd", 10)]


async def test_two_adoptions_of_one_gemeente_make_one_figure(
    impact: Standing, adopts: Adopts, next_morning: NextMorning
) -> None:
    first = await adopts()
    await first.records(count(8))
    await impact.hear(stopped(first.id, first.project, impact.now.date()))
    again = await adopts(project=first.project)
    await again.records(count(6))
    assert [each["shown"] for each in await shown(impact, first.project)] == [15]
    await next_morning()
    await impact.hear(started(again.id, again.project, may_be_named=False))
    assert [each["shown"] for each in await shown(impact, first.project)] == [15]  # the event is of the first day
    await next_morning()
    assert await shown(impact, first.project) == []


async def test_a_gemeente_that_may_not_be_named_has_no_figure_until_it_may(
    impact: Standing, adopts: Adopts, next_morning: NextMorning
) -> None:
    silent = await adopts(may_be_named=False)
    await silent.records(count(400), share(300, 900))
    assert await told(impact, silent.project) == []
    assert (await silent.cell())["publication"]["hiddenBecause"] == "gemeente-niet-genoemd"
    await impact.hear(started(silent.id, silent.project))
    assert numbers(await told(impact, silent.project)) == [
        (1, None, "gepubliceerd", 400), (1, None, "gepubliceerd", None),
    ]  # fmt: skip
    await impact.hear(started(silent.id, silent.project, may_be_named=False))
    assert len(await shown(impact, silent.project)) == 2  # a block has one version a day
    await next_morning()
    assert await shown(impact, silent.project) == []


@pytest.mark.parametrize("sizes", [(1, 1, 1), (3,), (1, 2), (2, 1)])
async def test_what_is_released_does_not_depend_on_where_batches_end(
    impact: Standing, adopted: Adopted, sizes: tuple[int, ...]
) -> None:
    await adopted.records(count(43))
    turns = [started(adopted.id, adopted.project, may_be_named=named) for named in (False, True, False)]
    records = [record_of(data, nth) for nth, data in enumerate(turns, 2)]
    for size in sizes:
        await impact.hear_records(*records[:size])
        records = records[size:]
    async with impact.database.reading() as tx:
        found = await tx.fetch(
            "select c.version, c.may_be_named, c.waits from contribution c join family f on f.id = c.family"
            " where f.project = $1",
            adopted.project,
        )
    assert [tuple(row) for row in found] == [(4, False, True)]
    assert numbers(await told(impact, adopted.project)) == [(1, None, "gepubliceerd", 45)]
