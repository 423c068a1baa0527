"""Can a gemeente record, correct and withdraw figures, who sees them, and what do the others hear?"""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.web import Role
from tests.integration.services.impact.sample import (
    DELFT,
    Q1,
    Q2,
    Q3,
    SOURCE,
    Adopted,
    Adopts,
    correction,
    count,
    plan,
    share,
    stopped,
)
from tests.standing import Standing, if_match

RECORDED = "nl.schuldhulpprojecten.impact-recorded.v1"


async def record(adopted: Adopted, stated: dict[str, Any], **headers: str) -> httpx.Response:
    return await adopted.own.post(f"{adopted.address}/observations", json=stated, headers=headers)


def fields(answer: httpx.Response) -> set[str]:
    return {error["field"] for error in answer.json()["errors"]}


async def test_a_figure_is_recorded_told_exactly_and_read_back(
    impact: Standing, adopted: Adopted, manager: httpx.AsyncClient
) -> None:
    answer = await record(adopted, count(43, breakdown="jongeren"))
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    made = answer.json()
    assert (made["value"], made["version"], made["provenance"]) == ("43", 1, SOURCE)
    (said,) = await impact.said(made["id"])
    assert (said.topic, said.sequence, said.type) == ("nl.schuldhulpprojecten.observations", 1, RECORDED)
    assert {name: said.data[name] for name in ("gemeente", "project", "value", "breakdown", "recordedOn")} == {
        "gemeente": "GM0518", "project": str(adopted.project), "value": "43", "breakdown": "jongeren",
        "recordedOn": "2026-11-24",
    }  # fmt: skip
    for reader in (adopted.own, manager):
        assert (await reader.get(f"{adopted.address}/observations")).json()["items"] == [made]
        whole = (await reader.get(f"/observations/{made['id']}")).json()
        assert [version["version"] for version in whole["versions"]] == [1]


@pytest.mark.parametrize(
    ("stated", "value"),
    [
        (count("41.50", indicator="gemiddelde_schuld_eur"), "41.50"),
        (count(40170.25, indicator="gemiddelde_schuld_eur"), "40170.25"),
        (count("42.00"), "42"),
        (share(9, 60), None),
    ],
)
async def test_figures_stay_exact(adopted: Adopted, stated: dict[str, Any], value: str | None) -> None:
    assert (await record(adopted, stated)).json()["value"] == value


async def test_everything_that_is_wrong_is_named_at_once_and_nothing_is_said(
    impact: Standing, adopted: Adopted
) -> None:
    before = len(await impact.said())
    wrong = count("42.5", ("2026-12-31", "2026-12-01"), provenance={"source": " ", "method": "", "link": "schijf"})
    answer = await record(adopted, wrong)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert fields(answer) == {"value", "periodEnd", "provenance.source", "provenance.method", "provenance.link"}
    malformed = await record(adopted, {"indicator": 7, "numerator": "veel", "periodStart": "ooit", "kleur": 1})
    assert fields(malformed) == {"indicator", "numerator", "periodStart", "periodEnd", "provenance", "kleur"}
    assert (await adopted.own.get(f"{adopted.address}/observations")).json()["items"] == []
    assert len(await impact.said()) == before


async def test_a_percentage_is_its_numerator_and_denominator(adopted: Adopted) -> None:
    assert fields(await record(adopted, {**share(70, 60), "value": 35})) == {"value", "numerator"}
    assert (await record(adopted, share(20, 60))).json()["numerator"] == 20


@pytest.mark.parametrize(
    "number", ["NaN", "1e999999", "-1", "1e-9", "9" * 40, True], ids=["nan", "huge", "negative", "tiny", "long", "true"]
)
async def test_what_is_no_count_is_refused(adopted: Adopted, number: object) -> None:
    answer = await record(adopted, count(number))  # type: ignore[arg-type]  # that is the point
    assert (answer.status_code, fields(answer)) == (400, {"value"})


async def test_persons_are_refused_and_kept_nowhere(adopted: Adopted) -> None:
    of_somebody = count(42, provenance={**SOURCE, "method": "Dossier van 111222333"})
    answer = await record(adopted, of_somebody)
    assert answer.status_code == 400
    assert "111222333" not in answer.text
    assert (await record(adopted, {**count(42), "geboortedatum": "1990-01-01"})).status_code == 400


async def test_a_period_has_one_figure_whole_and_as_the_plan_counts(adopted: Adopted) -> None:
    await adopted.own.put(f"{adopted.address}/plan", json={"plans": [plan()]}, headers=if_match(0))
    await adopted.records(count(42))
    assert (await record(adopted, count(50))).status_code == 409
    assert fields(await record(adopted, count(9, ("2026-08-01", "2026-08-31")))) == {"periodStart"}
    await adopted.records(count(12, breakdown="jongeren"), count(11, Q2))


async def test_two_that_record_the_same_period_at_once_make_one_figure(adopted: Adopted) -> None:
    answers = await asyncio.gather(*(record(adopted, count(number)) for number in (42, 43, 44)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


async def test_a_second_adoption_may_not_cut_the_first_ones_periods(impact: Standing, adopts: Adopts) -> None:
    first = await adopts()
    await first.records(count(42))
    await impact.hear(stopped(first.id, first.project, date(2026, 10, 1)))
    again = await adopts(project=first.project)
    assert fields(await record(again, count(9, ("2026-08-01", "2026-08-31")))) == {"periodStart"}
    assert fields(await record(first, count(9, ("2026-10-02", "2026-10-31")))) == {"periodStart"}
    await again.records(count(7))


async def test_a_retry_is_done_once(impact: Standing, adopted: Adopted) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    first, again = [await record(adopted, count(42), **key) for _ in range(2)]
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert len(await impact.said(first.json()["id"])) == 1


async def test_a_correction_is_the_next_version_with_its_reason(impact: Standing, adopted: Adopted) -> None:
    (made,) = await adopted.records(count(43))
    address = f"/observations/{made['id']}"
    corrected = await adopted.corrects(made, correction(48))
    assert (corrected["value"], corrected["version"], corrected["revision"]) == ("48", 2, 2)
    whole = (await adopted.own.get(address)).json()
    assert [(v["version"], v["value"], v["correctionReason"]) for v in whole["versions"]] == [
        (1, "43", None), (2, "48", "Twee dossiers vergeten"),
    ]  # fmt: skip
    told = await impact.said(made["id"])
    assert [(s.sequence, s.data["value"], s.data.get("correctionReason")) for s in told] == [
        (1, "43", None), (2, "48", "Twee dossiers vergeten"),
    ]  # fmt: skip
    stale = await adopted.own.put(address, json=correction(50), headers=if_match(1))
    unseen = await adopted.own.put(address, json=correction(50))
    same = await adopted.own.put(address, json=correction("48.0"), headers=if_match(2))
    wrong = await adopted.own.put(address, json=correction(-1, " "), headers=if_match(2))
    assert [stale.status_code, unseen.status_code, same.status_code] == [412, 428, 409]
    assert fields(wrong) == {"value", "reason"}
    assert len(await impact.said(made["id"])) == 2


async def test_two_corrections_at_once_do_not_overwrite_each_other(adopted: Adopted) -> None:
    (made,) = await adopted.records(count(43))
    tries = [
        adopted.own.put(f"/observations/{made['id']}", json=correction(number), headers=if_match(1))
        for number in (44, 45)
    ]
    assert sorted(answer.status_code for answer in await asyncio.gather(*tries)) == [200, 412]


async def test_a_retried_correction_is_done_once(impact: Standing, adopted: Adopted) -> None:
    (made,) = await adopted.records(count(43))
    headers = {**if_match(1), "Idempotency-Key": str(uuid4())}
    tries = [
        await adopted.own.put(f"/observations/{made['id']}", json=correction(48), headers=headers) for _ in range(2)
    ]
    assert [answer.json()["version"] for answer in tries] == [2, 2]
    assert len(await impact.said(made["id"])) == 2


async def test_a_withdrawn_figure_counts_nowhere_until_it_is_brought_back(impact: Standing, adopted: Adopted) -> None:
    (made,) = await adopted.records(count(43))
    address = f"/observations/{made['id']}/withdrawals"
    assert fields(await adopted.own.post(address, json={"reason": " "})) == {"reason"}
    gone = (await adopted.own.post(address, json={"reason": "Dubbel geteld"})).json()
    assert (gone["withdrawn"], gone["value"], gone["version"]) == (True, None, 2)
    assert (await adopted.own.post(address, json={"reason": "Nog eens"})).status_code == 409
    assert (await record(adopted, count(43))).status_code == 409
    back = await adopted.corrects(gone, correction(43, "Toch goed"))
    assert (back["withdrawn"], back["value"], back["version"]) == (False, "43", 3)
    assert [s.data["withdrawn"] for s in await impact.said(made["id"])] == [False, True, False]


async def test_a_withdrawn_figure_does_not_come_back_over_days_that_were_taken(adopted: Adopted) -> None:
    (made,) = await adopted.records(count(4))  # never published, so that its days are free again
    gone = (await adopted.own.post(f"/observations/{made['id']}/withdrawals", json={"reason": "Per maand"})).json()
    await adopted.records(count(2, ("2026-08-01", "2026-08-31")))
    answer = await adopted.own.put(f"/observations/{made['id']}", json=correction(4), headers=if_match(gone["version"]))
    assert answer.status_code == 409


async def test_days_over_which_something_was_published_are_not_cut_up_later(adopted: Adopted) -> None:
    (made,) = await adopted.records(count(40))
    await adopted.own.post(f"/observations/{made['id']}/withdrawals", json={"reason": "Per maand"})
    assert fields(await record(adopted, count(12, ("2026-08-01", "2026-08-31")))) == {"periodStart"}


async def test_after_the_end_only_the_time_before_is_recorded(impact: Standing, adopted: Adopted) -> None:
    await impact.hear(stopped(adopted.id, adopted.project, date(2026, 6, 30)))
    await adopted.records(count(42, Q2))
    assert fields(await record(adopted, count(42, Q3))) == {"periodStart"}


async def test_the_list_comes_in_pages_and_of_one_indicator(adopted: Adopted) -> None:
    made = await adopted.records(count(41, Q1), count(42, Q2), share(20, 60), count(43, Q3))
    address = f"{adopted.address}/observations"
    first = (await adopted.own.get(address, params={"limit": 2})).json()
    rest = (await adopted.own.get(address, params={"limit": 2, "after": first["next"]})).json()
    assert (first["items"] + rest["items"], rest["next"]) == (made, None)
    shares = (await adopted.own.get(address, params={"indicator": "recidive_pct"})).json()["items"]
    assert shares == [made[2]]


@pytest.mark.parametrize("role", [Role.GEMEENTE, Role.PROGRAMME_MANAGER, Role.PARTNER])
async def test_only_the_gemeente_records_and_corrects(impact: Standing, adopted: Adopted, role: Role) -> None:
    (made,) = await adopted.records(count(43))
    refused = 404 if role is Role.GEMEENTE else 403
    async with impact.client_for(role, gemeente=DELFT, organisation=uuid4()) as somebody:
        tries = [
            await somebody.post(f"{adopted.address}/observations", json=count(42, Q2)),
            await somebody.post(f"{adopted.address}/observation-batches", json={"observations": [count(42, Q2)]}),
            await somebody.put(f"/observations/{made['id']}", json=correction(48), headers=if_match(1)),
            await somebody.post(f"/observations/{made['id']}/withdrawals", json={"reason": "Weg"}),
        ]
        assert [answer.status_code for answer in tries] == [refused] * 4
        seen = await somebody.get(f"/observations/{made['id']}")
        assert seen.status_code == (200 if role is Role.PROGRAMME_MANAGER else refused)
    missing = await adopted.own.get(f"/observations/{UUID(int=1)}")
    assert missing.status_code == 404
