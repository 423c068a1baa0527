"""May this member review, what must a review hold, and who is refused for an interest in the project?"""

from __future__ import annotations

from uuid import UUID, uuid4

import httpx
import pytest

from shared.contracts.events import OrganisationChanged
from shared.contracts.vocabulary import PartnerKind, RelationKind
from shared.reference.criteria import PARTS
from shared.web import Role
from tests.integration.services.assessment.sample import EVIDENCE, Json, Opened, Somebody, scores
from tests.standing import Standing, fields, if_match


def score(place: int = 0, **more: object) -> Json:
    given = {"criterion": PARTS[place].criterion, "part": PARTS[place].slug, "score": 4, "evidence": [str(EVIDENCE)]}
    return {**given, **more}


def organisation(
    id_: UUID, name: str, *relations: tuple[UUID, RelationKind], into: UUID | None = None
) -> OrganisationChanged:
    return OrganisationChanged.model_validate({
        "organisation": id_, "name": name, "kind": PartnerKind.BANK, "merged_into": into,
        "relations": [{"organisation": other, "kind": kind} for other, kind in relations],
    })  # fmt: skip


async def test_a_review_grows_part_by_part_and_is_final_once_handed_in(members: list[Somebody], opened: Opened) -> None:
    assessment, client = await opened(), members[0].client
    address = f"/assessments/{assessment}/reviews/mine"
    first = await client.put(address, json={"scores": [score()]}, headers=if_match(0))
    assert (first.status_code, first.headers["etag"]) == (200, '"1"')
    early = await client.post(f"/assessments/{assessment}/review-submissions")
    assert (early.status_code, fields(early)) == (400, {f"scores.{part.slug}" for part in PARTS[1:]})
    assert (await client.put(address, json=scores(), headers=if_match(1))).status_code == 200
    done = await client.post(f"/assessments/{assessment}/review-submissions")
    assert (done.status_code, done.json()["handedInOn"]) == (201, "2026-11-24")
    assert (await client.put(address, json=scores(0), headers=if_match(3))).status_code == 409
    assert (await client.post(f"/assessments/{assessment}/review-submissions")).status_code == 409


async def test_all_that_is_wrong_in_scores_is_named_at_once(members: list[Somebody], opened: Opened) -> None:
    assessment = await opened()
    wrong = {"scores": [score(0, score=5), score(1, evidence=[str(uuid4())]), score(2, part="onzin")]}
    answer = await members[0].client.put(f"/assessments/{assessment}/reviews/mine", json=wrong, headers=if_match(0))
    assert answer.status_code == 400
    assert fields(answer) == {
        f"scores.{PARTS[0].slug}.score", f"scores.{PARTS[1].slug}.evidence", "scores.onzin",
    }  # fmt: skip


async def test_two_windows_of_one_member_do_not_overwrite_each_other(members: list[Somebody], opened: Opened) -> None:
    assessment, client = await opened(), members[0].client
    address = f"/assessments/{assessment}/reviews/mine"
    assert (await client.put(address, json=scores(), headers=if_match(0))).status_code == 200
    assert (await client.put(address, json=scores(), headers=if_match(0))).status_code == 412
    assert (await client.put(address, json=scores())).status_code == 428
    assert (await client.put(address, json=scores(), headers=if_match(1))).json()["revision"] == 2


async def test_a_retry_with_the_same_key_hands_in_once(members: list[Somebody], opened: Opened) -> None:
    assessment, client = await opened(), members[0].client
    await client.put(f"/assessments/{assessment}/reviews/mine", json=scores(), headers=if_match(0))
    key = {"Idempotency-Key": str(uuid4())}
    answers = [await client.post(f"/assessments/{assessment}/review-submissions", headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()


async def test_who_has_no_seat_does_not_review(assessment: Standing, opened: Opened) -> None:
    opened_one = await opened()
    address = f"/assessments/{opened_one}/reviews/mine"
    async with assessment.client_for(Role.BOARD_MEMBER, subject="niet-benoemd") as outsider:
        assert (await outsider.put(address, json=scores(), headers=if_match(0))).status_code == 403
        assert (await outsider.get(f"/assessments/{opened_one}")).status_code == 403
    async with assessment.client_for(Role.PROGRAMME_MANAGER) as manager:
        assert (await manager.put(address, json=scores(), headers=if_match(0))).status_code == 403


async def test_an_assessment_that_is_not_there_is_not_found(members: list[Somebody]) -> None:
    client, address = members[0].client, f"/assessments/{uuid4()}"
    assert (await client.get(address)).status_code == 404
    assert (await client.put(f"{address}/reviews/mine", json=scores(), headers=if_match(0))).status_code == 404
    assert (await client.post(f"{address}/review-submissions")).status_code == 404


async def test_who_works_for_the_submitter_is_refused_and_sees_why(members: list[Somebody], opened: Opened) -> None:
    member = members[1]
    assessment = await opened(behind=member.organisation)
    refused = await member.client.put(f"/assessments/{assessment}/reviews/mine", json=scores(), headers=if_match(0))
    assert refused.status_code == 403
    assert refused.json()["type"].endswith("/conflict-of-interest")
    assert str(member.organisation) in refused.json()["detail"]


async def test_a_relation_that_is_heard_later_stops_a_review_that_was_begun(
    assessment: Standing, members: list[Somebody], opened: Opened
) -> None:
    member, fund, submitter = members[2], uuid4(), uuid4()
    opened_one = await opened(behind=submitter)
    address = f"/assessments/{opened_one}/reviews/mine"
    assert (await member.client.put(address, json=scores(), headers=if_match(0))).status_code == 200
    await assessment.hear(
        organisation(fund, "ING Nederland fonds", (member.organisation, RelationKind.DOCHTER_VAN)),
        organisation(submitter, "Stichting Schuldvrij", (fund, RelationKind.LID_VAN)),
        organisation(member.organisation, "ING"),
    )
    assert (await member.client.put(address, json=scores(), headers=if_match(1))).status_code == 200
    await assessment.hear(organisation(fund, "ING Nederland fonds", (member.organisation, RelationKind.DOCHTER_VAN),
                                       (submitter, RelationKind.FINANCIERT)))  # fmt: skip
    refused = await member.client.put(address, json=scores(), headers=if_match(2))
    assert refused.status_code == 403
    assert "ING - ING Nederland fonds - Stichting Schuldvrij" in refused.json()["detail"]
    assert (await member.client.post(f"/assessments/{opened_one}/review-submissions")).status_code == 403
    shown = (await member.client.get(f"/assessments/{opened_one}")).json()
    place = next(place for place in shown["places"] if place["member"] == member.id)
    assert place["progress"] == "belang"
    assert [step["name"] for step in place["conflict"]["organisations"]] == [
        "ING", "ING Nederland fonds", "Stichting Schuldvrij",
    ]  # fmt: skip
    assert place["conflict"]["relations"] == ["dochter-van", "financiert"]
    await assessment.hear(organisation(fund, "ING Nederland fonds"))
    assert (await member.client.put(address, json=scores(), headers=if_match(2))).status_code == 200


async def test_an_organisation_that_went_up_in_another_counts_as_that_other(
    assessment: Standing, members: list[Somebody], opened: Opened
) -> None:
    member, former = members[3], uuid4()
    opened_one = await opened(behind=former)
    await assessment.hear(organisation(former, "Oude gemeente", into=member.organisation))
    refused = await member.client.put(f"/assessments/{opened_one}/reviews/mine", json=scores(), headers=if_match(0))
    assert refused.status_code == 403
    listed = (await member.client.get("/assessments", params={"limit": 100})).json()["items"]
    assert {item["id"]: item["conflict"] for item in listed}[opened_one] is True


@pytest.mark.parametrize("raw", ['"x"', "*", 'W/"0"', '"-1"'])
async def test_an_if_match_that_is_no_revision_is_a_fault(members: list[Somebody], opened: Opened, raw: str) -> None:
    address = f"/assessments/{await opened()}/reviews/mine"
    assert (await members[0].client.put(address, json=scores(), headers={"If-Match": raw})).status_code == 400


async def test_who_gets_another_seat_does_not_review_the_same_project_twice(
    assessment: Standing, manager: httpx.AsyncClient, opened: Opened
) -> None:
    of, subject = await opened(), f"lid-{uuid4()}"
    told = {"since": "2024-01-01", "affiliations": [{"organisation": str(uuid4())}]}
    first = await manager.post("/board-members", json={**told, "subject": subject, "seat": "vng"})
    async with assessment.client_for(Role.BOARD_MEMBER, subject=subject) as client:
        await Somebody(first.json()["id"], client, uuid4()).reviews(of)
        left = {**told, "seat": "vng", "until": "2026-11-23"}
        await manager.put(f"/board-members/{first.json()['id']}", json=left, headers=if_match(1))
        again = {**told, "subject": subject, "seat": "partners", "since": "2026-11-24"}
        assert (await manager.post("/board-members", json=again)).status_code == 201
        second = await client.put(f"/assessments/{of}/reviews/mine", json=scores(), headers=if_match(0))
        assert second.status_code == 412
        shown = (await client.get(f"/assessments/{of}")).json()
        assert (shown["mine"]["handedInOn"], shown["quorum"]["reviewsCounted"]) == ("2026-11-24", 1)
