"""What does anyone find in the catalogue, and on the page of a project?"""

from __future__ import annotations

import asyncio
import itertools
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.matching.catalogue.store import load
from services.matching.service import service
from shared.contracts.events import ReleaseKind
from shared.contracts.vocabulary import EvidenceLevel, Verdict
from shared.messaging.listener import Listener
from shared.messaging.outbox import Outbox
from tests.integration.services.matching.conftest import People
from tests.standing import Standing, if_match, record_of
from tests.told import assessed, published, submitted, withdrawn

Json = dict[str, Any]


async def found(people: People, **asked: str | int) -> list[str]:
    answer = await (await people.nobody()).get("/catalogue", params={"limit": 100, **asked})
    assert answer.status_code == 200, answer.text
    return [item["project"] for item in answer.json()["items"]]


async def test_only_what_can_be_taken_over_is_listed(people: People, matching: Standing) -> None:
    offered, weighed, refused, expired, gone = (uuid4() for _ in range(5))
    await matching.hear(
        submitted(offered), assessed(offered), submitted(weighed), submitted(refused),
        assessed(refused, verdict=Verdict.NO), submitted(expired), assessed(expired, valid_until=date(2026, 11, 23)),
        submitted(gone), assessed(gone), withdrawn(gone),
    )  # fmt: skip
    listed = await found(people)
    assert str(offered) in listed
    assert not {str(project) for project in (weighed, refused, expired, gone)} & set(listed)
    statuses = [
        (await (await people.nobody()).get(f"/catalogue/{project}")).status_code
        for project in (offered, weighed, refused, expired, gone, uuid4())
    ]
    assert statuses == [200, 404, 404, 200, 200, 404]


async def test_projects_are_filtered_by_phase_target_group_and_evidence(people: People, matching: Standing) -> None:
    project = uuid4()
    effective = assessed(project, evidence_level=EvidenceLevel.EFFECTIVE)
    await matching.hear(submitted(project, phases=["kennismaking"], target_groups=["huurders"]), effective)
    here = {"phase": "kennismaking", "targetGroup": "huurders", "evidenceLevel": "effectief"}
    assert await found(people, **here) == [str(project)]
    for other in ({"phase": "verwijzing"}, {"targetGroup": "jongeren"}, {"evidenceLevel": "goed-onderbouwd"}):
        assert str(project) not in await found(people, **{**here, **other})
    wrong = await (await people.nobody()).get("/catalogue", params={"phase": "slapen", "limit": 0})
    assert wrong.status_code == 400
    assert {error["field"] for error in wrong.json()["errors"]} == {"phase", "limit"}


async def test_words_are_searched_in_dutch_all_of_them_and_else_any(people: People, matching: Standing) -> None:
    water, both = uuid4(), uuid4()
    await matching.hear(
        submitted(water, title="Waterbedrijven werken samen", summary="Afspraken bij achterstanden"), assessed(water),
        submitted(both, title="Waterbedrijf en vrijwilligers", summary="Maatjes aan huis"), assessed(both),
    )  # fmt: skip
    assert await found(people, q="samenwerkende waterbedrijven") == [str(water)]
    assert await found(people, q="maatje huis") == [str(both)]
    assert set(await found(people, q="achterstand maatjes")) == {str(water), str(both)}
    assert await found(people, q="ruimtevaart") == []
    assert await found(people, q="de het") == []
    assert await found(people, q="' | & ! <-> :*") == []
    assert str(water) in await found(people, q="  ")


async def test_the_catalogue_is_paged_newest_first(people: People, matching: Standing) -> None:
    projects = sorted(UUID(int=(2**127) + n) for n in range(3))
    for project in projects:
        await matching.hear(submitted(project, phases=["vinger-aan-de-pols"]), assessed(project))
    nobody = await people.nobody()
    first = await nobody.get("/catalogue", params={"phase": "vinger-aan-de-pols", "limit": 2})
    rest = await nobody.get(first.headers["link"].partition(">")[0].removeprefix("</v1"))
    listed = [item["project"] for item in (*first.json()["items"], *rest.json()["items"])]
    assert listed == [str(project) for project in reversed(projects)]
    assert rest.json()["next"] is None


async def test_the_page_tells_every_verdict_with_its_reasons_and_conditions(people: People, matching: Standing) -> None:
    project = uuid4()
    condition = {"id": str(uuid4()), "text": "Toon de uitkomsten", "dueOn": "2027-06-01"}
    await matching.hear(
        submitted(project),
        assessed(project, verdict=Verdict.ADOPT_WITH_CONDITIONS, conditions=[condition]),
        submitted(project, 2, title="Nog geheim"),
    )
    page = (await (await people.nobody()).get(f"/catalogue/{project}")).json()
    assert (page["title"], page["offeredVersion"], page["offered"]) == ("Jongeren Perspectief Fonds", 1, True)
    first, second = page["versions"]
    assert (first["standing"], first["outcome"]["verdict"]) == ("beoordeeld", "overnemen-onder-voorwaarden")
    assert first["outcome"]["conditions"] == [condition]
    assert first["outcome"]["reasons"][0] == {
        "criterion": "werkbaar", "reason": "werkbaar: het werkt", "meanScore": 3.25, "evidence": [],
    }  # fmt: skip
    assert (second["number"], second["standing"], second["outcome"]) == (2, "in-beoordeling", None)
    assert "Nog geheim" not in str(page)
    await matching.hear(assessed(project, 2))
    assert (await (await people.nobody()).get(f"/catalogue/{project}")).json()["title"] == "Nog geheim"


async def test_only_gemeenten_that_may_be_named_are_named(people: People) -> None:
    project = await people.offered()
    adoption = await people.adopt("GM0518", project, mayBeNamed=True)
    await people.adopt("GM0599", project, mayBeNamed=False)
    nobody, own = await people.nobody(), await people.gemeente("GM0518")
    page = await nobody.get(f"/catalogue/{project}")
    assert [(a["gemeente"], a["name"], a["startedOn"]) for a in page.json()["adopters"]] == [
        ("GM0518", "Den Haag", "2026-11-24")
    ]
    assert "GM0599" not in page.text
    listed = (await nobody.get("/catalogue", params={"limit": 100})).json()["items"]
    assert [item["adopters"] for item in listed if item["project"] == str(project)] == [1]
    naming = f"/adoptions/{adoption['id']}/naming"
    await own.put(naming, json={"mayBeNamed": False}, headers=if_match(1))
    assert (await nobody.get(f"/catalogue/{project}")).json()["adopters"] == []


async def test_published_figures_stand_on_the_page_and_what_is_hidden_looks_like_what_is_not_there(
    people: People, matching: Standing
) -> None:
    project, kept, other, gone = await people.offered(), uuid4(), uuid4(), uuid4()
    await matching.hear(
        published(project, kept), published(project, other, 1, scope="GM0363"),
        published(project, gone, scope="GM0599"),
        published(project, gone, 2, scope="GM0599", shown=None, kind=ReleaseKind.WITHDRAWN, target_shown=None),
    )  # fmt: skip
    nobody = await people.nobody()
    page = await nobody.get(f"/catalogue/{project}")
    figures = {figure["block"]: figure for figure in page.json()["impact"]}
    assert (figures[str(kept)]["shown"], set(figures), page.json()["moreImpact"]) == (
        60, {str(kept), str(other)}, False,
    )  # fmt: skip
    assert "GM0599" not in page.text
    first = (await nobody.get(f"/catalogue/{project}/impact", params={"limit": 1})).json()
    rest = (await nobody.get(f"/catalogue/{project}/impact", params={"limit": 1, "after": first["next"]})).json()
    assert {figure["block"] for figure in (*first["items"], *rest["items"])} == {str(kept), str(other)}
    assert (await nobody.get(f"/catalogue/{uuid4()}/impact")).status_code == 404


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
async def test_all_orders_of_topics_end_alike_also_when_heard_twice(matching: Standing, order: tuple[int, ...]) -> None:
    project, block = uuid4(), uuid4()
    streams = [
        [record_of(submitted(project), 1), record_of(withdrawn(project), 2), record_of(submitted(project, 2), 3)],
        [record_of(assessed(project), 1), record_of(assessed(project, verdict=Verdict.NOT_NOW), 2)],
        [record_of(assessed(project, 2), 1)],
        [record_of(published(project, block), 1), record_of(published(project, block, 2, shown=70), 2)],
    ]
    for place in order:
        for record in streams[place]:
            await matching.hear_records(record, record)
    await matching.hear_records(*itertools.chain.from_iterable(streams))
    async with matching.database.reading() as tx:
        entry = await load(tx, project)
        shown = await tx.fetchval("select shown from catalogue_block where block = $1", block)
    assert entry is not None
    assert (entry.offered_version, entry.withdrawn, sorted(entry.versions)) == (2, False, [1, 2])
    assert entry.verdicts[1].verdict is Verdict.NOT_NOW
    assert shown == 70


async def test_a_version_that_is_said_anew_after_a_restore_is_shown_as_it_was_said_last(matching: Standing) -> None:
    project = uuid4()
    lost, anew = submitted(project), submitted(project).model_copy(update={"title": "Zoals hij nu is"})
    await matching.hear_records(record_of(lost, 1), record_of(submitted(project, 2), 2))
    await matching.hear_records(record_of(anew, 3))
    async with matching.database.reading() as tx:
        entry = await load(tx, project)
    assert entry is not None
    assert {number: said.title for number, said in entry.versions.items()} == {1: "Zoals hij nu is", 2: lost.title}


async def test_first_submitted_and_first_assessed_at_two_members_at_once_both_stand(matching: Standing) -> None:
    outbox = Outbox("urn:nld:oin:00000099000000000001:systeem:matching", service.says)
    members = [Listener(matching.database, outbox, service.hears) for _ in range(2)]
    for _ in range(10):
        project = uuid4()
        said = (record_of(submitted(project), 1), record_of(assessed(project), 1))
        await asyncio.gather(*(member.hear([record], ()) for member, record in zip(members, said, strict=True)))
        async with matching.database.reading() as tx:
            entry = await load(tx, project)
        assert entry is not None
        assert entry.offered_version == 1
