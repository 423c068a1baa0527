"""What does each see of an assessment, and when?"""

from __future__ import annotations

from uuid import UUID, uuid4

import httpx
import pytest

from shared.reference.criteria import PARTS
from shared.web import Role
from tests.integration.services.assessment.sample import Json, Opened, Somebody
from tests.standing import Standing, if_match


async def seen_by(client: httpx.AsyncClient, assessment: str) -> Json:
    answer = await client.get(f"/assessments/{assessment}")
    assert answer.status_code == 200
    shown: Json = answer.json()
    return shown


async def test_the_board_has_the_project_before_it_as_it_was_submitted(members: list[Somebody], opened: Opened) -> None:
    project = uuid4()
    answer = await members[0].client.get(f"/assessments/{await opened(project)}")
    shown = answer.json()
    assert answer.headers["etag"] == '"1"'
    assert (shown["state"], shown["projectVersion"], shown["frameworkVersion"]) == ("open", 1, 1)
    assert shown["dossier"]["project"] == str(project)
    assert shown["dossier"]["evidence"][0]["quote"] == "53 jongeren van schuld af"
    assert shown["quorum"] == {
        "reviews": 4, "seats": 3, "reviewsCounted": 0, "seatsCounted": 0,
        "lacking": "0 beoordelingen zijn klaar, 4 zijn nodig voor een besluit.",
    }  # fmt: skip
    assert [(place["seat"], place["progress"]) for place in shown["places"]] == [
        (seat, "niet-begonnen") for seat in ("directeur", "vng", "partners", "inhoudsdeskundige")
    ]
    assert (shown["mine"]["revision"], len(shown["mine"]["missing"])) == (0, len(PARTS))


async def test_others_scores_are_seen_only_after_ones_own(members: list[Somebody], opened: Opened) -> None:
    assessment = await opened()
    first, second = members[0], members[1]
    await first.reviews(assessment, 3)
    before = await seen_by(second.client, assessment)
    assert (before["showsScores"], before["reviews"], before["means"], before["advice"]) == (False, [], None, None)
    assert before["places"][0]["progress"] == "ingediend"
    await second.reviews(assessment, 1)
    after = await seen_by(second.client, assessment)
    assert [(r["member"], r["scores"][0]["score"], r["counts"]) for r in after["reviews"]] == [(first.id, 3, True)]
    assert after["means"] == {"werkbaar": 2.0, "herbruikbaar": 2.0, "beschikbaar": 2.0}
    assert after["advice"] == "overnemen-onder-voorwaarden"
    assert (after["mine"]["handedInOn"], after["mine"]["missing"]) == ("2026-11-24", [])


async def test_a_manager_without_a_seat_sees_all_scores_but_none_that_is_not_handed_in(
    manager: httpx.AsyncClient, members: list[Somebody], opened: Opened
) -> None:
    assessment = await opened()
    await members[0].reviews(assessment, 3)
    half = {"scores": [{"criterion": "werkbaar", "part": "in-productie", "score": None, "note": "Nog lezen"}]}
    await members[1].client.put(f"/assessments/{assessment}/reviews/mine", json=half, headers=if_match(0))
    shown = await seen_by(manager, assessment)
    assert [review["member"] for review in shown["reviews"]] == [members[0].id]
    assert [place["progress"] for place in shown["places"][:2]] == ["ingediend", "bezig"]
    assert shown["mine"] is None


async def test_the_list_is_paged_and_filtered_by_state(
    assessment: Standing, members: list[Somebody], opened: Opened
) -> None:
    project = uuid4()
    made = [await opened(project), await opened(project, 2), await opened()]
    await members[0].reviews(made[1])
    seen: list[Json] = []
    after: Json = {}
    while True:
        page = (await members[0].client.get("/assessments", params={"limit": 2, **after})).json()
        seen += page["items"]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert [item["id"] for item in seen if item["id"] in made] == made
    mine = {item["id"]: item for item in seen}
    assert (mine[made[1]]["handedIn"], mine[made[1]]["handedInByMe"], mine[made[2]]["begunByMe"]) == (1, True, False)
    replaced = (await members[0].client.get("/assessments", params={"state": "vervangen", "limit": 100})).json()[
        "items"
    ]
    assert made[0] in {item["id"] for item in replaced}
    assert {item["state"] for item in replaced} == {"vervangen"}
    assert (await members[0].client.get("/assessments", params={"state": "onzin"})).status_code == 400


async def test_a_manager_who_holds_a_seat_waits_for_the_others_scores_too(
    assessment: Standing, manager: httpx.AsyncClient, members: list[Somebody], opened: Opened
) -> None:
    body = {
        "subject": "manager-met-zetel", "seat": "programmamanager", "since": "2026-01-01", "until": "2026-11-24",
        "affiliations": [{"organisation": str(UUID(int=66))}],
    }  # fmt: skip
    assert (await manager.post("/board-members", json=body)).status_code == 201
    opened_one = await opened()
    await members[0].reviews(opened_one)
    async with assessment.client_for(Role.PROGRAMME_MANAGER, Role.BOARD_MEMBER, subject="manager-met-zetel") as both:
        shown = await seen_by(both, opened_one)
    assert (shown["showsScores"], shown["reviews"]) == (False, [])


@pytest.mark.parametrize("where", ["/assessments/geen-id", "/assessments?after=onzin"])
async def test_an_address_that_cannot_be_is_a_fault_and_no_failure(members: list[Somebody], where: str) -> None:
    assert (await members[0].client.get(where)).status_code == 400
