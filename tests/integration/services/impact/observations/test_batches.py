"""Of several figures sent at once, does each get its own answer?"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from tests.integration.services.impact.sample import Q1, Q2, Q3, Adopted, count, share, shown
from tests.standing import Standing

Json = dict[str, Any]
HALF = ("2026-08-01", "2026-08-31")


async def send(adopted: Adopted, *stated: object, **params: str) -> httpx.Response:
    address = f"{adopted.address}/observation-batches"
    return await adopted.own.post(address, json={"observations": stated}, params=params)


def judged(answer: httpx.Response) -> list[tuple[bool, set[str]]]:
    return [(item["recorded"], {error["field"] for error in item["errors"]}) for item in answer.json()["items"]]


MIXED: list[object] = [
    count(41, Q1),
    count(-4, Q2),
    count(42, Q1),
    count(3, HALF),
    count(9, Q3),
    {"indicator": "aanmeldingen", "value": "veel"},
    7,
    share(33, 82, Q1),
]
JUDGED: list[tuple[bool, set[str]]] = [
    (True, set()),
    (False, {"value"}),
    (False, set()),
    (True, set()),
    (False, {"periodStart"}),
    (False, {"value", "periodStart", "periodEnd", "provenance"}),
    (False, {"body"}),
    (True, set()),
]


async def test_what_is_right_is_recorded_and_what_is_wrong_says_why(impact: Standing, adopted: Adopted) -> None:
    answer = await send(adopted, *MIXED)
    assert (answer.status_code, judged(answer)) == (200, JUDGED)
    assert (answer.json()["recorded"], answer.json()["refused"], answer.json()["dryRun"]) == (3, 5, False)
    assert "al een cijfer" in answer.json()["items"][2]["detail"]
    made = [item["observation"] for item in answer.json()["items"] if item["recorded"]]
    listed = (await adopted.own.get(f"{adopted.address}/observations")).json()["items"]
    assert [each["id"] for each in listed] == made
    assert [len(await impact.said(each)) for each in made] == [1, 1, 1]
    seen = await shown(impact, adopted.project)
    assert sorted((each["shown"], each["percent"]) for each in seen if each["shown"]) == [(40, None)]
    assert [each["percent"] for each in seen if each["percent"]] == [44]


async def test_a_dry_run_tells_the_same_and_leaves_nothing(impact: Standing, adopted: Adopted) -> None:
    before = len(await impact.said())
    answer = await send(adopted, *MIXED, dryRun="true")
    assert (answer.status_code, judged(answer), answer.json()["dryRun"]) == (200, JUDGED, True)
    assert {item["observation"] for item in answer.json()["items"]} == {None}
    assert (await adopted.own.get(f"{adopted.address}/observations")).json()["items"] == []
    assert len(await impact.said()) == before
    assert await shown(impact, adopted.project) == []
    assert judged(await send(adopted, *MIXED)) == JUDGED


async def test_a_retry_records_nothing_twice(impact: Standing, adopted: Adopted) -> None:
    address, headers = f"{adopted.address}/observation-batches", {"Idempotency-Key": str(uuid4())}
    body = {"observations": [count(41, Q1), count(42, Q2)]}
    first, again = [await adopted.own.post(address, json=body, headers=headers) for _ in range(2)]
    assert first.json() == again.json()
    assert len((await adopted.own.get(f"{adopted.address}/observations")).json()["items"]) == 2


async def test_an_empty_batch_or_one_with_a_person_in_it_is_refused_as_a_whole(adopted: Adopted) -> None:
    assert (await send(adopted)).status_code == 400
    of_somebody: Json = {**count(42, Q2), "breakdown": "cliënt 111222333"}
    answer = await send(adopted, count(41, Q1), of_somebody)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["observations.1.breakdown"]
    assert (await adopted.own.get(f"{adopted.address}/observations")).json()["items"] == []


async def test_five_hundred_figures_fit_in_one_request(impact: Standing, adopted: Adopted) -> None:
    many = [count(10 + nth, Q1, breakdown=f"groep {nth}") for nth in range(500)]
    answer = await send(adopted, *many)
    assert (answer.json()["recorded"], answer.json()["refused"]) == (500, 0)
    assert (await send(adopted, *many, count(1, Q2))).status_code == 400
