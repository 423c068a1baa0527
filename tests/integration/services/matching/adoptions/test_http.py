"""How does a gemeente take a project over, and who sees what of it?"""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.matching.adoptions import store
from services.matching.adoptions.model import Viewer
from shared.contracts.vocabulary import Verdict
from shared.web import Role
from tests.integration.services.matching.conftest import People
from tests.standing import Standing, if_match
from tests.told import assessed, recorded, submitted, withdrawn

Json = dict[str, Any]


def kinds(said: list[Any]) -> list[tuple[int, str]]:
    return [(each.sequence, each.type.split(".")[2]) for each in said]


async def test_a_start_is_told_with_ten_milestones_and_a_plan(people: People, matching: Standing) -> None:
    project = await people.offered()
    base = {"amountEuro": 400, "stage": "beschikking"}
    adoption = await people.adopt("GM0518", project, baseContribution=base, mayBeNamed=False)
    assert (adoption["gemeenteName"], adoption["projectTitle"]) == ("Den Haag", "Jongeren Perspectief Fonds")
    assert [m["dueOn"] for m in adoption["milestones"]] == sorted(m["dueOn"] for m in adoption["milestones"])
    assert (len(adoption["milestones"]), adoption["milestones"][0]["kind"]) == (10, "kwartiermaker")
    assert adoption["funding"] == {
        "budgetEuro": 1000, "firmEuro": 400, "pendingEuro": 0, "gapEuro": 600, "secured": False,
    }  # fmt: skip
    (said,) = await matching.said(adoption["id"])
    assert (said.topic, said.sequence) == ("nl.schuldhulpprojecten.adoptions", 1)
    assert said.data == {
        "adoption": adoption["id"], "gemeente": "GM0518", "gemeenteOrganisation": adoption["gemeenteOrganisation"],
        "project": str(project), "projectVersion": 1, "budgetEuro": 1000, "mayBeNamed": False,
        "startedOn": "2026-11-24",
    }  # fmt: skip


async def test_a_base_contribution_that_covers_all_secures_the_plan_at_once(people: People, matching: Standing) -> None:
    adoption = await people.adopt("GM0518", baseContribution={"amountEuro": 1000})
    assert adoption["funding"]["secured"] is True
    assert kinds(await matching.said(adoption["id"])) == [(1, "adoption-started"), (2, "funding-secured")]


async def test_without_a_budget_the_costs_of_the_project_are_the_budget(people: People) -> None:
    adoption = await people.adopt("GM0518", await people.offered(cost_euro=77), budgetEuro=None)
    assert adoption["funding"]["budgetEuro"] == 77


async def test_whether_the_gemeente_may_be_named_must_be_said_and_all_faults_come_at_once(people: People) -> None:
    body = {"budgetEuro": -1, "baseContribution": {"amountEuro": 0, "openConditions": [""]}, "kleur": "rood"}
    answer = await (await people.gemeente("GM0518")).post("/adoptions", json=body)
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == {
        "project", "mayBeNamed", "budgetEuro", "baseContribution.amountEuro", "baseContribution.openConditions.0",
        "kleur",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("description", "verdict", "said"),
    [
        ({}, {"verdict": Verdict.NOT_NOW}, "nog niet vrijgegeven"),
        ({}, {"valid_until": date(2026, 11, 23)}, "gold tot en met 23-11-2026"),
        ({"available_from": date(2027, 1, 1)}, {}, "vanaf 01-01-2027"),
        ({"regions": ["PV20", "GM0503"]}, {}, "niet beschikbaar in uw gemeente"),
    ],
)
async def test_a_project_that_is_not_offered_to_this_gemeente_is_refused_with_the_reason(
    people: People, matching: Standing, description: Json, verdict: Json, said: str
) -> None:
    project = uuid4()
    await matching.hear(submitted(project, **description), assessed(project, **verdict))
    own = await people.gemeente("GM0518")
    answer = await own.post("/adoptions", json={"project": str(project), "mayBeNamed": True})
    assert answer.status_code == 409
    assert said in answer.json()["detail"]


async def test_a_withdrawn_project_and_one_nobody_knows_are_refused(people: People, matching: Standing) -> None:
    own, project = await people.gemeente("GM0518"), await people.offered()
    await matching.hear(withdrawn(project))
    answer = await own.post("/adoptions", json={"project": str(project), "mayBeNamed": True})
    assert (answer.status_code, "ingetrokken" in answer.json()["detail"]) == (409, True)
    unknown = await own.post("/adoptions", json={"project": str(uuid4()), "mayBeNamed": True})
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (400, "project")


async def test_version_1_is_taken_over_while_version_2_is_weighed(people: People, matching: Standing) -> None:
    project = await people.offered()
    await matching.hear(submitted(project, 2, title="Herzien"))
    assert (await people.adopt("GM0518", project))["projectVersion"] == 1
    await matching.hear(assessed(project, 2, Verdict.ADOPT_WITH_CONDITIONS))
    old = {"project": str(project), "mayBeNamed": True, "projectVersion": 1}
    assert (await (await people.gemeente("GM0599")).post("/adoptions", json=old)).status_code == 409
    assert (await people.adopt("GM0599", project, projectVersion=2))["projectTitle"] == "Herzien"


async def test_a_gemeente_runs_one_adoption_of_a_project_also_when_it_asks_twice_at_once(
    people: People, matching: Standing
) -> None:
    own, project = await people.gemeente("GM0518"), await people.offered()
    body = {"project": str(project), "mayBeNamed": True}
    answers = await asyncio.gather(*(own.post("/adoptions", json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    (started,) = [answer.json() for answer in answers if answer.status_code == 201]
    assert len([s for s in await matching.said() if s.data.get("project") == str(project)]) == 1
    await own.post(f"/adoptions/{started['id']}/endings", json={"reason": "Klaar"})
    assert (await own.post("/adoptions", json=body)).status_code == 201


async def test_a_retry_starts_once(people: People) -> None:
    own, key = await people.gemeente("GM0518"), {"Idempotency-Key": str(uuid4())}
    body = {"project": str(await people.offered()), "mayBeNamed": True}
    first, again = [await own.post("/adoptions", json=body, headers=key) for _ in range(2)]
    assert (first.status_code, first.json()) == (201, again.json())


async def test_a_milestone_gets_an_owner_a_date_a_state_and_a_blocker(people: People) -> None:
    adoption, bank = await people.adopt("GM0518"), await people.register()
    own, address = await people.gemeente("GM0518"), f"/adoptions/{adoption['id']}/milestones/werkplan"
    stated = {"owner": bank["id"], "dueOn": "2026-11-01", "state": "bezig", "blocker": "De bank wacht."}
    changed = await own.put(address, json=stated, headers=if_match(1))
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert changed.json()["milestones"][1] == {**stated, "kind": "werkplan", "label": "Werkplan maken", "late": True}
    assert (await own.get(f"/adoptions/{adoption['id']}")).json() == changed.json()
    assert (await own.put(address, json=stated, headers=if_match(1))).status_code == 412
    done = await own.put(address, json={**stated, "state": "klaar"}, headers=if_match(2))
    assert (done.status_code, done.json()["errors"][0]["field"]) == (400, "blocker")
    nobodys = await own.put(address, json={**stated, "owner": str(uuid4())}, headers=if_match(2))
    assert (nobodys.status_code, nobodys.json()["errors"][0]["field"]) == (400, "owner")


async def test_a_change_of_naming_is_told(people: People, matching: Standing) -> None:
    adoption = await people.adopt("GM0518", mayBeNamed=True)
    own, address = await people.gemeente("GM0518"), f"/adoptions/{adoption['id']}/naming"
    changed = await own.put(address, json={"mayBeNamed": False}, headers=if_match(1))
    assert (changed.status_code, changed.json()["mayBeNamed"], changed.json()["revision"]) == (200, False, 2)
    same = await own.put(address, json={"mayBeNamed": False}, headers=if_match(2))
    assert same.json() == changed.json()
    said = await matching.said(adoption["id"])
    assert [(s.sequence, s.data["mayBeNamed"]) for s in said] == [(1, True), (2, False)]


async def test_after_the_end_nothing_changes(people: People, matching: Standing) -> None:
    adoption = await people.adopt("GM0518")
    own, address = await people.gemeente("GM0518"), f"/adoptions/{adoption['id']}"
    assert (await own.post(f"{address}/endings", json={"reason": " "})).status_code == 400
    ended = await own.post(f"{address}/endings", json={"reason": "Afgerond"})
    assert (ended.status_code, ended.json()["endedOn"], ended.json()["endReason"]) == (201, "2026-11-24", "Afgerond")
    said = (await matching.said(adoption["id"]))[-1]
    assert (said.type.split(".")[2], said.data["reason"], said.data["endedOn"]) == (
        "adoption-ended", "Afgerond", "2026-11-24",
    )  # fmt: skip
    seen = if_match(2)
    milestone = {"owner": adoption["gemeenteOrganisation"], "dueOn": "2027-01-01", "state": "klaar"}
    money = {"amountEuro": 5, "stage": "intentie"}
    for answer in (
        await own.put(f"{address}/milestones/werkplan", json=milestone, headers=seen),
        await own.post(f"{address}/endings", json={"reason": "Nog eens"}),
        await own.put(f"{address}/funding", json={"budgetEuro": 5}, headers=if_match(1)),
        await own.put(f"{address}/funding/commitments/{uuid4()}", json=money, headers=if_match(1)),
    ):
        assert answer.status_code == 409
    assert len(await matching.said(adoption["id"])) == 2


async def test_a_name_is_taken_back_also_after_the_end(people: People, matching: Standing) -> None:
    adoption = await people.adopt("GM0518", mayBeNamed=True)
    own, address = await people.gemeente("GM0518"), f"/adoptions/{adoption['id']}"
    await own.post(f"{address}/endings", json={"reason": "Afgerond"})
    changed = await own.put(f"{address}/naming", json={"mayBeNamed": False}, headers=if_match(2))
    assert (changed.status_code, changed.json()["mayBeNamed"], changed.json()["endedOn"]) == (200, False, "2026-11-24")
    said = (await matching.said(adoption["id"]))[-1]
    assert (said.sequence, said.type.split(".")[2], said.data["mayBeNamed"]) == (3, "adoption-started", False)


CHANGES = [
    ("PUT", "/milestones/werkplan", {"owner": str(UUID(int=1)), "dueOn": "2027-01-01", "state": "open"}),
    ("PUT", "/naming", {"mayBeNamed": True}),
    ("POST", "/endings", {"reason": "Klaar"}),
    ("PUT", "/funding", {"budgetEuro": 5}),
]


@pytest.mark.parametrize(("method", "place", "body"), [*CHANGES, ("GET", "", None), ("GET", "/funding", None)])
async def test_the_adoption_of_another_gemeente_is_not_found(
    people: People, method: str, place: str, body: Json | None
) -> None:
    adoption = await people.adopt("GM0518")
    other = await people.gemeente("GM0599")
    answer = await other.request(method, f"/adoptions/{adoption['id']}{place}", json=body, headers=if_match(1))
    assert answer.status_code == 404


@pytest.mark.parametrize(("method", "place", "body"), [*CHANGES, ("POST", None, {"mayBeNamed": True})])
@pytest.mark.parametrize("role", [Role.PARTNER, Role.PROGRAMME_MANAGER, Role.SUBMITTER])
async def test_only_a_gemeente_changes_an_adoption(
    matching: Standing, method: str, place: str | None, body: Json, role: Role
) -> None:
    address = "/adoptions" if place is None else f"/adoptions/{uuid4()}{place}"
    async with matching.client_for(role, organisation=uuid4()) as client:
        answer = await client.request(method, address, json=body, headers=if_match(1))
    assert answer.status_code == 403


async def test_everybody_lists_what_is_theirs_newest_first(people: People, matching: Standing) -> None:
    made = [await people.adopt("GM0160") for _ in range(3)]
    elsewhere, fund = await people.adopt("GM0599"), await people.register(name="Fonds")
    for adoption in (made[0], elsewhere):
        await people.take_part(adoption, fund["id"])
    own, partner, manager = await people.gemeente("GM0160"), await people.partner(fund["id"]), await people.manager()
    first = (await own.get("/adoptions", params={"limit": 2})).json()
    rest = (await own.get("/adoptions", params={"limit": 2, "after": first["next"]})).json()
    assert [a["id"] for a in (*first["items"], *rest["items"])] == [a["id"] for a in made[::-1]]
    assert [a["id"] for a in (await partner.get("/adoptions")).json()["items"]] == [elsewhere["id"], made[0]["id"]]
    seen = {a["id"] for a in (await manager.get("/adoptions", params={"limit": 100})).json()["items"]}
    assert {a["id"] for a in made} <= seen
    await own.post(f"/adoptions/{made[0]['id']}/endings", json={"reason": "Klaar"})
    running = (await own.get("/adoptions", params={"running": True})).json()["items"]
    assert [a["id"] for a in running] == [made[2]["id"], made[1]["id"]]
    of_project = (await own.get("/adoptions", params={"project": made[1]["project"]})).json()["items"]
    assert [a["id"] for a in of_project] == [made[1]["id"]]
    assert (await (await people.nobody()).get("/adoptions")).status_code == 401


async def test_the_list_and_the_rule_of_the_model_agree_on_who_sees_what(people: People, matching: Standing) -> None:
    invited, claiming, confirmed, refused = [await people.register(name=f"Partij {n}") for n in range(4)]
    adoption = await people.adopt("GM0489")
    address, own = f"/adoptions/{adoption['id']}/partnerships", await people.gemeente("GM0489")
    await own.post(address, json={"organisation": invited["id"], "role": "geld"})
    await (await people.partner(claiming["id"])).post(address, json={"role": "geld"})
    await people.take_part(adoption, confirmed["id"])
    asked = (await own.post(address, json={"organisation": refused["id"], "role": "geld"})).json()
    await own.post(f"{address}/{asked['id']}/refusals", json={"reason": "Nee"})
    viewers = [Viewer(organisations=frozenset({UUID(o["id"])})) for o in (invited, claiming, confirmed, refused)]
    viewers += [Viewer(gemeente="GM0489"), Viewer(gemeente="GM0518"), Viewer(sees_all=True), Viewer()]
    async with matching.database.reading() as tx:
        known = await store.read(tx, UUID(adoption["id"]))
        for viewer in viewers:
            listed = await store.seen_by(tx, viewer, None, 100, project=known.project, running=None)
            assert (known in listed) is known.is_seen_by(viewer)
    assert [known.is_seen_by(viewer) for viewer in viewers] == [True, False, True, False, True, False, True, False]


async def test_it_is_known_that_something_was_measured_and_not_what(people: People, matching: Standing) -> None:
    adoption = await people.adopt("GM0518")
    assert adoption["measured"] is False
    figure = recorded(UUID(adoption["id"]), UUID(adoption["project"]))
    await matching.hear(figure, recorded(UUID(adoption["id"]), UUID(adoption["project"])))
    shown = await (await people.gemeente("GM0518")).get(f"/adoptions/{adoption['id']}")
    assert (shown.json()["measured"], shown.json()["revision"]) == (True, 1)
    bank = await people.register()
    await people.take_part(adoption, bank["id"])
    partner = await people.partner(bank["id"])
    assert (await partner.get(f"/adoptions/{adoption['id']}")).json()["measured"] is None
    async with matching.database.reading() as tx:
        assert [
            tuple(row) for row in await tx.fetch("select * from measured where adoption = $1", figure.adoption)
        ] == [(figure.adoption,)]


async def test_an_adoption_is_read_without_reading_those_of_others(people: People, matching: Standing) -> None:
    adoption = await people.adopt("GM0518")
    async with matching.database.transaction() as tx:
        await tx.execute("set local enable_seqscan = off")  # a small table is rather read whole
        plan = [row[0] for row in await tx.fetch(f"explain {store.READ}", [UUID(adoption["id"])])]
    assert sum("Index Cond: (adoption = a.id)" in line for line in plan) == 3  # measured, milestones, partnerships
