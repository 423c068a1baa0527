"""What is heard, planned and measured in these tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx

from shared.contracts.events import AdoptionEnded, AdoptionStarted
from shared.web import Role
from tests.standing import Standing

Json = dict[str, Any]
DEN_HAAG, DELFT, ZOETERMEER, AMSTERDAM = "GM0518", "GM0503", "GM0637", "GM0363"  # the first three in Zuid-Holland
Q1, Q2, Q3 = ("2026-01-01", "2026-03-31"), ("2026-04-01", "2026-06-30"), ("2026-07-01", "2026-09-30")
SOURCE = {"source": "Registratie schuldhulp", "method": "Unieke personen geteld bij aanmelding", "link": None}
MANAGER = Role.PROGRAMME_MANAGER


def started(adoption: UUID, project: UUID, gemeente: str = DEN_HAAG, **more: Any) -> AdoptionStarted:
    """A gemeente took a project over."""
    told = {
        "adoption": adoption, "gemeente": gemeente, "gemeente_organisation": UUID(int=int(gemeente[2:])),
        "project": project, "project_version": 1, "budget_euro": 100_000, "may_be_named": True,
        "started_on": date(2026, 1, 1),
    }  # fmt: skip
    return AdoptionStarted.model_validate({**told, **more})


def stopped(adoption: UUID, project: UUID, on: date, gemeente: str = DEN_HAAG) -> AdoptionEnded:
    """A gemeente stopped with it."""
    return AdoptionEnded(adoption=adoption, gemeente=gemeente, project=project, reason="Afgerond", ended_on=on)


def count(number: float | str, period: tuple[str, str] = Q3, indicator: str = "aanmeldingen", **more: Any) -> Json:
    """A figure that is no percentage, as it is recorded."""
    start, end = period
    stated = {"indicator": indicator, "periodStart": start, "periodEnd": end, "value": number, "provenance": SOURCE}
    return {**stated, **more}


def share(numerator: int, denominator: int, period: tuple[str, str] = Q3, **more: Any) -> Json:
    """A percentage, as it is recorded."""
    stated = count(0, period, "recidive_pct", numerator=numerator, denominator=denominator, **more)
    del stated["value"]
    return stated


def correction(number: float | str, reason: str = "Twee dossiers vergeten", **more: Any) -> Json:
    """A count as it should have been."""
    return {"value": number, "provenance": SOURCE, "reason": reason, **more}


def plan(indicator: str = "aanmeldingen", **more: Any) -> Json:
    """One indicator as it is planned: from 20 to 62 a quarter, in two years."""
    planned = {
        "indicator": indicator, "grain": "kwartaal", "baseline": 20, "target": 62,
        "startsOn": "2026-01-01", "endsOn": "2027-12-31",
    }  # fmt: skip
    return {**planned, **more}


@dataclass(frozen=True)
class Adopted:
    """An adoption that was heard of, and a client of its gemeente."""

    id: UUID
    project: UUID
    gemeente: str
    own: httpx.AsyncClient

    @property
    def address(self) -> str:
        """Where it stands."""
        return f"/adoptions/{self.id}"

    async def records(self, *stated: Json) -> list[Json]:
        """Records these figures."""
        answers = [await self.own.post(f"{self.address}/observations", json=each) for each in stated]
        assert [answer.status_code for answer in answers] == [201] * len(answers), answers[-1].text
        return [answer.json() for answer in answers]

    async def corrects(self, observation: Json, body: Json) -> Json:
        """Corrects a figure that was read."""
        seen = {"If-Match": f'"{observation["revision"]}"'}
        answer = await self.own.put(f"/observations/{observation['id']}", json=body, headers=seen)
        assert answer.status_code == 200, answer.text
        corrected: Json = answer.json()
        return corrected

    async def cell(self, period: tuple[str, str] = Q3, indicator: str = "aanmeldingen") -> Json:
        """What progress tells of one indicator over one period."""
        told = (await self.own.get(f"{self.address}/progress")).json()
        (series,) = [each for each in told["indicators"] if each["indicator"] == indicator]
        (cell,) = [each for each in series["periods"] if each["periodStart"] == period[0]]
        found: Json = cell
        return found


Adopts = Callable[..., Awaitable[Adopted]]
"""Lets an adoption be heard of: `project` (a new one unless it is given), `gemeente`, and more of AdoptionStarted."""
Clients = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


async def shown(impact: Standing, project: UUID, **filters: Any) -> list[Json]:
    """What everybody sees of a project."""
    async with impact.client_for() as anyone:
        answer = await anyone.get("/published-figures", params={"project": str(project), **filters})
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


async def totals(
    impact: Standing, project: UUID, period: tuple[str, str] = Q3, indicator: str = "aanmeldingen"
) -> Json:
    """What the figures of a project come to, by region: number and whether it is complete."""
    asked = {"project": str(project), "indicator": indicator, "periodStart": period[0], "periodEnd": period[1]}
    async with impact.client_for() as anyone:
        items = (await anyone.get("/published-figures/totals", params=asked)).json()["items"]
    return {each["region"]: (each["shown"], each["complete"]) for each in items}


def somewhere() -> UUID:
    """A project or adoption of one's own."""
    return uuid4()
