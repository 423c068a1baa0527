"""One project travels from submission to published impact by what outside systems publish alone, each as its right allows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest

from shared.contracts.event import EventData
from shared.contracts.events import AdoptionStarted, FundingSecured, ImpactRecorded, ProjectAssessed, ProjectSubmitted
from shared.contracts.vocabulary import Criterion
from tests.platform import Platform
from tests.waiting import eventually

Json = dict[str, Any]
OWNER, BOARD, GEMEENTE, FUND = (
    "voorbeeld-projecteigenaar",
    "voorbeeld-beoordelaar",
    "voorbeeld-gemeente",
    "voorbeeld-fonds",
)
OURS = "urn:nld:oin:"
NIJMEGEN, OTHER = "GM0268", "GM0518"
CAUSED = """
select headers->>'ce_source' as source, headers->>'ce_type' as type, sequence
from (select headers, sequence from told union all select headers, sequence from outbox) t
where headers->>'ce_causationid' = $1
"""


@dataclass
class Outside:
    """The systems around the platform, each with a token of its own."""

    platform: Platform
    stack: AsyncExitStack
    clients: dict[tuple[str, str], httpx.AsyncClient] = field(default_factory=dict)

    async def asks(self, service: str, **who: str) -> httpx.AsyncClient:
        """A client of somebody at a service."""
        key = (service, str(sorted(who.items())))
        if key not in self.clients:
            places = self.platform.places
            async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
                token = (await http.post(f"{places.issuer}/token", data=who)).raise_for_status().json()["access_token"]
            client = httpx.AsyncClient(
                base_url=f"{places.services[service]}/v1",
                headers={"Authorization": f"Bearer {token}"},
                timeout=30,
                trust_env=False,
            )
            self.clients[key] = await self.stack.enter_async_context(client)
        return self.clients[key]

    async def publishes(
        self, client: str, service: str, data: EventData, event_id: str | None = None
    ) -> httpx.Response:
        """A system publishes one event, in structured mode, with attributes that nobody should believe."""
        event = {
            "specversion": "1.0", "id": event_id or str(uuid4()), "source": f"urn:{client}:systeem",
            "type": data.ce_type(), "datacontenttype": "application/json", "sequence": "77", "causationid": str(uuid4()),
            "subject": str(uuid4()), "data": data.model_dump(mode="json", by_alias=True, exclude_none=True),
        }  # fmt: skip
        asked = await self.asks(service, role="publisher", client=client)
        return await asked.post("/events", json=event, headers={"Content-Type": "application/cloudevents+json"})

    async def is_taken(self, client: str, service: str, data: EventData) -> Json:
        """It is accepted as soon as what it rests on was heard; each try is an event of its own."""

        async def tried() -> Json | None:
            answer = await self.publishes(client, service, data)
            if answer.status_code != 202:
                assert answer.status_code in (400, 404, 409), answer.text
                return None
            item: Json = answer.json()["items"][0]
            return item

        taken: Json = await eventually(tried, what=f"{service} takes {data.TYPE}")
        return taken

    async def told_once(self, service: str, publication: Json) -> str:
        """What it led to is said once, by the service itself; the type of it."""
        (said,) = await self.platform.fetch(service, CAUSED, publication["id"])
        assert said["source"].startswith(OURS)
        assert said["source"].endswith(f":{service}")
        assert said["sequence"] != 77
        found: str = said["type"]
        return found


@pytest.fixture
async def outside(platform: Platform) -> AsyncIterator[Outside]:
    """The systems that access.yaml names as examples."""
    async with AsyncExitStack() as stack:
        yield Outside(platform, stack)


def project() -> ProjectSubmitted:
    return ProjectSubmitted.model_validate({
        "project": uuid4(), "project_version": 1, "title": "Budgetmaatjes", "summary": "Vrijwilligers helpen op weg.",
        "phases": ["op-orde-komen"], "target_groups": ["alle"], "available_from": "2026-01-01", "effort_fte": 0.5,
        "cost_euro": 20_000, "involvements": [{"organisation": uuid4(), "relation": "indiener"}],
        "evidence": [{
            "id": uuid4(), "criterion": "werkbaar", "part": "echte-clienten", "link": "https://example.nl/maatjes",
            "quote": "Van de deelnemers is de helft schuldenvrij",
        }],
        "submitted_on": "2026-01-01",
    })  # fmt: skip


def verdict_on(submitted: ProjectSubmitted) -> ProjectAssessed:
    return ProjectAssessed.model_validate({
        "assessment": uuid4(), "project": submitted.project, "project_version": 1, "framework_version": 1,
        "verdict": "overnemen", "evidence_level": "goed-onderbouwd",
        "reasons": [{"criterion": c, "reason": "Het werkt", "mean_score": 3.5} for c in Criterion],
        "decided_on": "2026-01-02", "released_on": "2026-01-02", "valid_until": "2027-12-31",
    })  # fmt: skip


def adoption_of(submitted: ProjectSubmitted, gemeente: str, organisation: object) -> AdoptionStarted:
    return AdoptionStarted.model_validate({
        "adoption": uuid4(), "gemeente": gemeente, "gemeente_organisation": organisation, "project": submitted.project,
        "project_version": 1, "budget_euro": 20_000, "may_be_named": True, "started_on": "2026-01-03",
    })  # fmt: skip


def money_for(adopted: AdoptionStarted, euro: int) -> FundingSecured:
    own = {
        "commitment": uuid4(), "organisation": adopted.gemeente_organisation, "amount_euro": euro,
        "stage": "beschikking", "firm": True,
    }  # fmt: skip
    return FundingSecured.model_validate({
        "adoption": adopted.adoption, "budget_euro": 20_000, "firm_euro": 0, "gap_euro": 0, "commitments": [own],
        "on": "2026-01-04",
    })  # fmt: skip


def figure_of(adopted: AdoptionStarted, **more: Any) -> ImpactRecorded:
    return ImpactRecorded.model_validate({
        "observation": uuid4(), "adoption": adopted.adoption, "gemeente": adopted.gemeente, "project": adopted.project,
        "indicator": "aanmeldingen", "period_start": "2026-01-01", "period_end": "2026-03-31", "value": 43,
        "provenance": {"source": "Registratie schuldhulp", "method": "Geteld bij aanmelding"},
        "recorded_on": "2026-04-01", **more,
    })  # fmt: skip


async def nijmegen(outside: Outside) -> object:
    """The gemeente in the partner registry."""
    (row,) = await outside.platform.fetch("matching", "select id from organisation where gemeente = $1", NIJMEGEN)
    return row["id"]


async def test_five_events_from_outside_carry_a_project_to_published_impact(outside: Outside) -> None:
    submitted = project()
    taken = await outside.is_taken(OWNER, "submission", submitted)
    assert (taken["status"], taken["entity"]) == ("accepted", str(submitted.project))
    assert await outside.told_once("submission", taken) == submitted.ce_type()

    decision = await outside.is_taken(BOARD, "assessment", verdict_on(submitted))
    assert await outside.told_once("assessment", decision) == ProjectAssessed.ce_type()
    own = await outside.asks("submission", role="submitter", organisation=str(submitted.involvements[0].organisation))

    async def verdict() -> bool:
        (version,) = (await own.get(f"/projects/{submitted.project}")).json()["versions"]
        return version["outcome"] is not None and version["outcome"]["assessment"] == decision["entity"]

    await eventually(verdict, what="the owner reads the verdict")

    adopted = adoption_of(submitted, NIJMEGEN, await nijmegen(outside))
    started = await outside.is_taken(GEMEENTE, "matching", adopted)
    assert await outside.told_once("matching", started) == AdoptionStarted.ce_type()
    gap = await outside.publishes(FUND, "matching", money_for(adopted, 19_999))
    assert (gap.status_code, gap.json()["errors"][0]["field"]) == (409, "data.commitments")
    assert "ontbreekt 1 euro" in gap.json()["detail"]
    secured = await outside.is_taken(FUND, "matching", money_for(adopted, 20_000))
    assert await outside.told_once("matching", secured) == FundingSecured.ce_type()

    await outside.is_taken(GEMEENTE, "impact", figure_of(adopted))
    manager = {service: await outside.asks(service, role="programme-manager") for service in ("impact", "matching")}

    async def followed() -> bool:
        at_impact = (await manager["impact"].get(f"/adoptions/{adopted.adoption}")).json()
        at_matching = (await manager["matching"].get(f"/adoptions/{adopted.adoption}")).json()
        return bool(at_impact["funded"] and at_matching["measured"])

    await eventually(followed, what="impact hears that it is funded, matching that it is measured")
    shown = (await manager["impact"].get("/published-figures", params={"project": str(submitted.project)})).json()
    assert [(figure["scope"], figure["shown"]) for figure in shown["items"]] == [(NIJMEGEN, 45)]


async def test_what_is_sent_again_has_the_same_answer_and_no_second_effect(outside: Outside) -> None:
    submitted, event_id = project(), str(uuid4())
    answers = [(await outside.publishes(OWNER, "submission", submitted, event_id)).json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    await outside.told_once("submission", answers[0]["items"][0])


async def test_nobody_speaks_beyond_their_right(outside: Outside) -> None:
    submitted = project()
    await outside.is_taken(OWNER, "submission", submitted)
    elsewhere = adoption_of(submitted, OTHER, uuid4())
    for client, service, data in (
        (FUND, "submission", submitted),
        (OWNER, "assessment", verdict_on(submitted)),
        (GEMEENTE, "matching", elsewhere),
        (GEMEENTE, "impact", figure_of(elsewhere)),
        ("voorbeeld-dashboard", "submission", submitted),
    ):
        refused = await outside.publishes(client, service, data)
        assert refused.status_code == 403, (client, refused.text)
