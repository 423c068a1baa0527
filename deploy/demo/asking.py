"""The first reader: an adoption as the four services answer for it, each for what it owns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from deploy.demo.cast import Cast
from deploy.demo.client import Client, Json
from deploy.demo.overview import Measured, Money, Overview, figure, plain


@dataclass(frozen=True, slots=True)
class Answer:
    """An adoption with what no event tells of it: milestones, names, and by indicator what is aimed at."""

    overview: Overview
    gemeente: str
    milestones: str
    partners: tuple[str, ...]
    targets: Mapping[str, str]
    indicators: Mapping[str, str]


@dataclass
class Reader:
    """Asks on behalf of the programme office and of each gemeente; what does not change is asked once."""

    cast: Cast
    _names: dict[str, str] = field(default_factory=dict)
    _titles: dict[tuple[str, int], str] = field(default_factory=dict)
    _indicators: dict[str, Json] = field(default_factory=dict)
    _verdicts: dict[tuple[str, int], str] = field(default_factory=dict)

    async def adoptions(self) -> list[Json]:
        """Every adoption that there is, as matching lists it."""
        manager = await self.cast.programme_manager()
        return [adoption async for adoption in manager.items("matching", "/adoptions")]

    async def answer(self, adoption: Json) -> Answer:
        """What the four services say of it. Raises: DemoFailed."""
        gemeente = await self.cast.gemeente(adoption["gemeente"])
        plans = await gemeente.get("impact", f"/adoptions/{adoption['id']}/plan")
        confirmed = [p for p in adoption["partnerships"] if p["state"] == "bevestigd"]
        overview = await self._overview(adoption, gemeente)
        done = sum(milestone["state"] == "klaar" for milestone in adoption["milestones"])
        return Answer(
            overview,
            adoption["gemeenteName"],
            f"{done} van {len(adoption['milestones'])}",
            tuple([f"{await self._name(p['organisation'])} ({p['role']})" for p in confirmed]),
            {p["indicator"]: f"{p['target']} {(await self._of(p['indicator']))['unit']}" for p in plans["plans"]},
            {p["indicator"]: (await self._of(p["indicator"]))["name"] for p in plans["plans"]},
        )

    async def _overview(self, adoption: Json, gemeente: Client) -> Overview:
        project, version = adoption["project"], adoption["projectVersion"]
        funding = await gemeente.get("matching", f"/adoptions/{adoption['id']}/funding")
        return Overview(
            UUID(adoption["id"]),
            adoption["gemeente"],
            await self._title(project, version),
            version,
            await self._verdict(project, version),
            ended=adoption["endedOn"] is not None,
            partners=frozenset(
                (UUID(p["organisation"]), p["role"]) for p in adoption["partnerships"] if p["state"] == "bevestigd"
            ),
            secured=funding["secured"],
            money=_money(funding),
            observed=await self._observed(gemeente, adoption["id"]),
            published=await self._published(project, adoption["gemeente"]),
        )

    async def _title(self, project: str, version: int) -> str:
        if (project, version) not in self._titles:
            manager = await self.cast.programme_manager()
            told = await manager.get("submission", f"/projects/{project}/versions/{version}")
            self._titles[project, version] = told["description"]["title"]
        return self._titles[project, version]

    async def _verdict(self, project: str, version: int) -> str:
        if (project, version) not in self._verdicts:
            manager = await self.cast.programme_manager()
            async for summary in manager.items("assessment", "/assessments"):
                if (summary["project"], summary["projectVersion"]) == (project, version):
                    known = await manager.get("assessment", f"/assessments/{summary['id']}")
                    self._verdicts[project, version] = (known["decision"] or {}).get("verdict", "geen oordeel")
        return self._verdicts.get((project, version), "geen oordeel")

    async def _observed(self, gemeente: Client, adoption: str) -> dict[Measured, str]:
        told = gemeente.items("impact", f"/adoptions/{adoption}/observations")
        found = [(o, _exact(o)) async for o in told if o["breakdown"] is None and not o["withdrawn"]]
        return {_measured(o): text for o, text in found if text}

    async def _published(self, project: str, gemeente: str) -> dict[Measured, str]:
        told = self.cast.public.items("impact", "/published-figures", project=project, gemeente=gemeente)
        found = [(f, figure(f["shown"], f["shownNumerator"], f["shownDenominator"])) async for f in told]
        return {_measured(f): text for f, text in found if text}

    async def _of(self, indicator: str) -> Json:
        if indicator not in self._indicators:
            self._indicators[indicator] = await self.cast.public.get("impact", f"/indicators/{indicator}")
        return self._indicators[indicator]

    async def _name(self, organisation: str) -> str:
        if organisation not in self._names:
            known = await self.cast.public.get("matching", f"/organisations/{organisation}")
            self._names[organisation] = known["name"]
        return self._names[organisation]


def _measured(told: Json) -> Measured:
    start, end = date.fromisoformat(told["periodStart"]), date.fromisoformat(told["periodEnd"])
    return Measured(told["indicator"], start, end)


def _exact(told: Json) -> str | None:
    value = None if told["value"] is None else plain(Decimal(told["value"]))
    return figure(value, told["numerator"], told["denominator"])


def _money(funding: Json) -> Money:
    commitments = frozenset(
        (UUID(c["id"]), c["amountEuro"], c["stage"]) for c in funding["commitments"] if not c["withdrawn"]
    )
    return Money(funding["budgetEuro"], funding["firmEuro"], funding["gapEuro"], commitments)
