"""Which projects does a gemeente get, why, and what does its answer change?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.matching.suggestions.operations import keep_all
from tests.integration.services.matching.conftest import People
from tests.standing import START, Standing, if_match
from tests.told import DAY, SUBMITTER, assessed, published, submitted, withdrawn

Json = dict[str, Any]
FIRST, SECOND, THIRD = ["bewustwording"], ["verwijzing"], ["op-orde-komen"]


@pytest.fixture(scope="module")
async def projects(matching: Standing) -> dict[str, UUID]:
    """Four projects that can be suggested, and three that cannot. With one more, the list of five still has them all."""
    made = {name: uuid4() for name in ("first", "second", "third", "costly", "gone", "early", "far")}
    described: dict[str, Json] = {
        "first": {"phases": FIRST, "target_groups": ["laag-inkomen"], "effort_fte": 0.1, "cost_euro": 1000},
        "second": {"phases": SECOND, "target_groups": ["huurders"], "effort_fte": 0.1, "cost_euro": 1000},
        "third": {"phases": THIRD, "target_groups": ["multiprobleem"], "effort_fte": 0.1, "cost_euro": 1000},
        "costly": {"phases": ["kennismaking"], "target_groups": ["jongeren"], "effort_fte": 9, "cost_euro": 900_000},
        "early": {"available_from": DAY + timedelta(days=1)},
        "far": {"regions": ["PV20"]},
    }
    for name, project in made.items():
        await matching.hear(submitted(project, title=name, **described.get(name, {})), assessed(project))
    await matching.hear(withdrawn(made["gone"]))
    return made


async def titles(people: People, code: str) -> list[str]:
    answer = await (await people.gemeente(code)).get(f"/gemeenten/{code}/suggestions")
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


async def suggested(people: People, code: str, title: str) -> Json:
    answer = await (await people.gemeente(code)).get(f"/gemeenten/{code}/suggestions")
    found: Json = next(item for item in answer.json()["items"] if item["title"] == title)
    return found


def reason(suggestion: Json, term: str) -> Json:
    found: Json = next(each for each in suggestion["reasons"] if each["term"] == term)
    return found


async def say(people: People, code: str, project: UUID, kind: str, **more: Any) -> Json:
    body = {"project": str(project), "kind": kind, **more}
    answer = await (await people.gemeente(code)).post(f"/gemeenten/{code}/feedback", json=body)
    assert answer.status_code == 201, answer.text
    told: Json = answer.json()
    return told


async def test_the_reasons_add_up_four_are_shown_and_each_names_its_source(
    people: People, projects: dict[str, UUID]
) -> None:
    listed = (await (await people.gemeente("GM0344")).get("/gemeenten/GM0344/suggestions")).json()
    assert (listed["gemeente"], listed["madeOn"], len(listed["items"])) == ("GM0344", "2026-11-24", 4)
    for place, item in enumerate(listed["items"], 1):
        assert item["place"] == place
        assert sum(each["tenths"] for each in item["reasons"]) == item["scoreTenths"]
        assert (len(item["reasons"]), [each["shown"] for each in item["reasons"]].count(True)) == (7, 4)
        assert all(each["source"] and each["period"] and each["ruleVersion"] == "2026-1" for each in item["reasons"])
    need = reason(await suggested(people, "GM0344", "first"), "behoefte")
    profile = (await (await people.nobody()).get("/gemeenten/GM0344")).json()
    place_of = {figure["column"]: figure["percentile"] for figure in profile["figures"]}
    assert need["value"] == pytest.approx((place_of["low_income_pct"] + place_of["bijstand_per_1000"]) / 2)
    assert (need["period"], need["source"]) == ("2021", "CBS, Kerncijfers wijken en buurten 2021")


async def test_a_gemeente_without_any_history_gets_a_list_too(people: People, projects: dict[str, UUID]) -> None:
    assert len(await titles(people, "GM0096")) == 4


async def test_what_can_never_be_chosen_is_left_out_and_says_why(people: People, projects: dict[str, UUID]) -> None:
    adopted = await people.offered(title="adopted")
    await people.adopt("GM0503", adopted, mayBeNamed=False)
    own = await people.gemeente("GM0503")
    conflict = {"conflicts": [str(projects["third"])], "availableFte": 1.0}
    await own.put("/gemeenten/GM0503/situation", json=conflict, headers=if_match(0))
    await say(people, "GM0503", projects["second"], "niet-voor-ons")
    first = (await own.get("/gemeenten/GM0503/suggestions/excluded", params={"limit": 2})).json()
    rest = (await own.get("/gemeenten/GM0503/suggestions/excluded", params={"after": first["next"]})).json()
    excluded = {item["title"]: item["because"] for item in (*first["items"], *rest["items"])}
    assert excluded == {
        "gone": "ingetrokken", "early": "niet-beschikbaar", "far": "buiten-het-gebied", "adopted": "al-overgenomen",
        "third": "belangenconflict", "second": "niet-voor-ons",
    }  # fmt: skip
    assert not set(excluded) & set(await titles(people, "GM0503"))


async def test_who_stands_behind_a_project_in_two_steps_does_not_get_it(
    people: People, projects: dict[str, UUID]
) -> None:
    (own,) = (await (await people.nobody()).get("/organisations", params={"name": "Gemeente Groningen"})).json()[
        "items"
    ]
    bank = await people.register(name="Kredietbank", relations=[{"organisation": own["id"], "kind": "dochter-van"}])
    project = await people.offered(
        title="of our bank", involvements=[{"organisation": bank["id"], "relation": "voert-uit"}], phases=FIRST
    )
    soft = await people.register(name="Koepel", relations=[{"organisation": own["id"], "kind": "lid-van"}])
    of_soft = await people.offered(
        title="of our umbrella", involvements=[{"organisation": soft["id"], "relation": "voert-uit"}]
    )
    left = await (await people.gemeente("GM0014")).get("/gemeenten/GM0014/suggestions/excluded")
    because = {item["project"]: item["because"] for item in left.json()["items"]}
    assert because[str(project)] == "belangenconflict"
    assert str(of_soft) not in because


async def test_an_answer_changes_the_next_list_and_can_be_taken_back(people: People, projects: dict[str, UUID]) -> None:
    before = await titles(people, "GM0106")
    told = await say(people, "GM0106", projects["first"], "niet-voor-ons", note="Wij doen dit anders.")
    assert (told["placeBefore"], told["placeAfter"]) == (before.index("first") + 1, None)
    assert (told["kind"], told["note"], told["givenOn"]) == ("niet-voor-ons", "Wij doen dit anders.", "2026-11-24")
    assert "first" not in await titles(people, "GM0106")
    own, address = await people.gemeente("GM0106"), f"/gemeenten/GM0106/feedback/{projects['first']}"
    (listed,) = (await own.get("/gemeenten/GM0106/feedback")).json()["items"]
    assert (listed["project"], listed["revision"]) == (str(projects["first"]), 1)
    assert (await own.delete(address, headers=if_match(9))).status_code == 412
    undone = await own.delete(address, headers=if_match(1))
    assert (undone.json()["placeBefore"], undone.json()["placeAfter"]) == (None, told["placeBefore"])
    assert await titles(people, "GM0106") == before
    assert (await own.delete(address, headers=if_match(1))).status_code == 404


@pytest.mark.parametrize(
    ("kind", "follow_up"),
    [("te-duur", "corrigeer-budget"), ("geen-capaciteit", "corrigeer-fte"), ("niet-bewezen", "naar-beoordeling"),
     ("interessant", None), ("hebben-we-al", None), ("niet-onze-doelgroep", None)],
)  # fmt: skip
async def test_each_answer_leads_somewhere(
    people: People, projects: dict[str, UUID], kind: str, follow_up: str | None
) -> None:
    assert (await say(people, "GM0150", projects["costly"], kind))["followUp"] == follow_up


async def test_interesting_raises_and_a_phase_that_is_there_already_lowers(
    people: People, projects: dict[str, UUID]
) -> None:
    plain = await suggested(people, "GM0193", "third")
    await say(people, "GM0193", projects["third"], "interessant")
    raised = await suggested(people, "GM0193", "third")
    assert reason(raised, "feedback")["tenths"] > reason(plain, "feedback")["tenths"] == 0
    interesting = next(c for c in plain["changes"] if c["field"] == "interessant")
    assert raised["scoreTenths"] == plain["scoreTenths"] + interesting["tenths"]
    own = await people.gemeente("GM0193")
    told = {"coveredPhases": THIRD}
    await own.put("/gemeenten/GM0193/situation", json=told, headers=if_match(0))
    left = await own.get("/gemeenten/GM0193/suggestions")
    points = [reason(i, "fase")["tenths"] for i in left.json()["items"] if i["title"] == "third"]
    assert points == [0]


async def test_what_would_change_it_comes_true(people: People, projects: dict[str, UUID]) -> None:
    own = await people.gemeente("GM0200")
    poor = {"availableFte": 0.05, "availableEuro": 1000}
    await own.put("/gemeenten/GM0200/situation", json=poor, headers=if_match(0))
    plain = await suggested(people, "GM0200", "first")
    (enough,) = [change for change in plain["changes"] if change["field"] == "genoeg-fte"]
    assert enough["tenths"] > 0
    await own.put("/gemeenten/GM0200/situation", json={**poor, "availableFte": 0.1}, headers=if_match(1))
    assert (await suggested(people, "GM0200", "first"))["scoreTenths"] == plain["scoreTenths"] + enough["tenths"]


async def test_published_impact_counts_and_an_adopted_project_covers_its_phases(
    people: People, matching: Standing
) -> None:
    project = await people.offered(title="measured", phases=["vinger-aan-de-pols"])
    unmeasured = reason(await suggested(people, "GM0202", "measured"), "effect")
    await matching.hear(published(project, shown=300, target_shown=300))
    measured = reason(await suggested(people, "GM0202", "measured"), "effect")
    assert (unmeasured["value"], measured["value"]) == (0.5, pytest.approx((300 + 50) / 400))
    other = await people.offered(title="same phase", phases=["vinger-aan-de-pols"])
    await people.adopt("GM0202", project)
    listed = (await (await people.gemeente("GM0202")).get("/gemeenten/GM0202/suggestions")).json()["items"]
    assert [reason(item, "fase")["tenths"] for item in listed if item["project"] == str(other)] == [0]


async def test_an_adopter_that_may_not_be_named_counts_for_nobody_else(people: People) -> None:
    project = await people.offered(phases=["kennismaking"], title="adopted next door")
    (border, *_) = [b["code"] for b in (await (await people.nobody()).get("/gemeenten/GM0489")).json()["neighbours"]]
    adoption = await people.adopt(border, project, mayBeNamed=False)
    assert reason(await suggested(people, "GM0489", "adopted next door"), "buren")["value"] == 0
    naming = f"/adoptions/{adoption['id']}/naming"
    await (await people.gemeente(border)).put(naming, json={"mayBeNamed": True}, headers=if_match(1))
    assert reason(await suggested(people, "GM0489", "adopted next door"), "buren")["value"] > 0


async def test_lists_are_kept_with_rule_and_period_when_they_differ(
    people: People, matching: Standing, projects: dict[str, UUID]
) -> None:
    own, address = await people.gemeente("GM0301"), "/gemeenten/GM0301/suggestion-lists"
    for _ in range(2):
        async with matching.database.transaction() as tx:
            await keep_all(tx, START.date())
    (kept,) = (await own.get(address)).json()["items"]
    assert (kept["madeOn"], kept["ruleVersion"], len(kept["suggestions"])) == ("2026-11-24", "2026-1", 4)
    live = (await own.get("/gemeenten/GM0301/suggestions")).json()["items"]
    assert [s["reasons"] for s in kept["suggestions"]] == [item["reasons"] for item in live]
    await say(people, "GM0301", UUID(live[0]["project"]), "niet-voor-ons")
    newest, *_ = (await own.get(address)).json()["items"]
    assert live[0]["project"] not in {s["project"] for s in newest["suggestions"]}
    async with matching.database.reading() as tx:
        assert await tx.fetchval("select count(distinct gemeente) from suggestion_list") == 342


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"project": "x", "kind": "mooi"}, {"project", "kind"}),
        ({"project": str(uuid4()), "kind": "interessant"}, {"project"}),
        ({"project": str(SUBMITTER), "kind": "interessant", "note": "x" * 4001}, {"note"}),
    ],
)
async def test_an_answer_that_cannot_be_is_refused(people: People, wrong: Json, fields: set[str]) -> None:
    answer = await (await people.gemeente("GM0344")).post("/gemeenten/GM0344/feedback", json=wrong)
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == fields


async def test_a_retried_answer_is_one_answer(people: People, projects: dict[str, UUID]) -> None:
    own, key = await people.gemeente("GM0228"), {"Idempotency-Key": str(uuid4())}
    body = {"project": str(projects["first"]), "kind": "interessant"}
    first, again = [await own.post("/gemeenten/GM0228/feedback", json=body, headers=key) for _ in range(2)]
    assert (first.status_code, again.json()["revision"], again.json()) == (201, 1, first.json())
    second = await own.post("/gemeenten/GM0228/feedback", json={**body, "kind": "te-duur"})
    assert second.json()["revision"] == 2
    assert len((await own.get("/gemeenten/GM0228/feedback")).json()["items"]) == 1


@pytest.mark.parametrize("place", ["suggestions", "suggestions/excluded", "suggestion-lists", "feedback"])
async def test_a_gemeente_sees_only_its_own_and_a_programme_manager_all(people: People, place: str) -> None:
    address = f"/gemeenten/GM0518/{place}"
    assert (await (await people.manager()).get(address)).status_code == 200
    assert (await (await people.gemeente("GM0599")).get(address)).status_code == 404
    assert (await (await people.partner(uuid4())).get(address)).status_code == 403
    assert (await (await people.nobody()).get(address)).status_code == 401


async def test_only_the_gemeente_itself_answers(people: People, projects: dict[str, UUID]) -> None:
    body = {"project": str(projects["first"]), "kind": "interessant"}
    assert (await (await people.gemeente("GM0599")).post("/gemeenten/GM0518/feedback", json=body)).status_code == 404
    assert (await (await people.manager()).post("/gemeenten/GM0518/feedback", json=body)).status_code == 403
    undo = f"/gemeenten/GM0518/feedback/{projects['first']}"
    assert (await (await people.gemeente("GM0599")).delete(undo, headers=if_match(1))).status_code == 404
