"""How suggestions are made, answered, and kept so that they can be checked later."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from services.matching.gemeenten import store as gemeenten
from services.matching.gemeenten.model import OwnSituation, look_alikes, profile
from services.matching.organisations import store as organisations
from services.matching.scoring.model import WEIGHTS, Answer, Project, Situation
from services.matching.suggestions import store
from services.matching.suggestions.model import Change, Suggestions, suggest, what_would_change
from services.matching.suggestions.store import Given
from shared import reference
from shared.conflicts import conflict_chain
from shared.refusals import Fault, Invalid, StaleRevision
from shared.storage import Transaction


class UnknownProject(Invalid):
    """An answer is about a project that could be suggested."""


@dataclass(frozen=True, slots=True)
class Market:
    """What could be suggested to any gemeente, and which organisations stand behind it."""

    projects: Sequence[Project]
    behind: Sequence[tuple[UUID, UUID]]

    @classmethod
    async def today(cls, tx: Transaction, today: date) -> Market:
        """As it is on this day."""
        return cls(await store.projects(tx, today), await store.behind(tx))


@dataclass(frozen=True, slots=True)
class Choice:
    """Between what a gemeente can choose, and where it stands."""

    projects: Mapping[UUID, Project]
    situation: Situation

    async def suggestions(self, today: date) -> Suggestions:
        """In a thread: with many projects it takes a while, and others must not wait."""
        return await asyncio.to_thread(suggest, self.projects.values(), self.situation, today)

    async def changes(self, project: UUID, today: date) -> Sequence[Change]:
        """What would change one project's place; in a thread as well."""
        of, among = self.projects[project], tuple(self.projects.values())
        return await asyncio.to_thread(what_would_change, of, among, self.situation, today)


@dataclass(frozen=True, slots=True)
class Effect:
    """What an answer did to the project's place in the list; None is not in it."""

    given: Given
    place_before: int | None
    place_after: int | None


async def choice(tx: Transaction, gemeente: str, today: date, market: Market | None = None) -> Choice:
    """What this gemeente can choose from. What it adopted itself counts, also where it may not be named."""
    market = market or await Market.today(tx, today)
    own, adopted = await gemeenten.read(tx, gemeente), await store.adopted(tx, gemeente)
    given = await store.answers(tx, gemeente)
    found = {
        project.id: replace(project, adopters=project.adopters | {gemeente}) if project.id in adopted else project
        for project in market.projects
    }
    situation = Situation(
        gemeente,
        percentiles=profile(gemeente).percentiles,
        look_alikes={alike.code: alike.weight for alike in look_alikes(gemeente)},
        neighbours=reference.gemeente(gemeente).neighbours,
        covered=frozenset(own.covered).union(*adopted.values()),
        have_fte=own.have_fte,
        have_euro=own.have_euro,
        conflicts=await _conflicts(tx, own, market.behind, today),
        answers={answer.project: answer.feedback for answer in given},
        gemeenten=len(reference.gemeenten()),
    )
    return Choice(found, situation)


async def answer(
    tx: Transaction, gemeente: str, project: UUID, answered: Answer, today: date, *, note: str | None
) -> Effect:
    """The gemeente says what it thinks of a project; it counts from now on. Raises: UnknownProject."""
    among = await choice(tx, gemeente, today)
    if project not in among.projects:
        raise UnknownProject("Dit project bestaat niet.", [Fault("project", "Kies een project uit de catalogus.")])
    about = among.projects[project]
    given = Given(gemeente, project, answered, about.phases, about.target_groups, today, note)
    before = await _kept(tx, among, today)
    given = replace(given, revision=await store.save_answer(tx, given))
    after = await _kept(tx, await choice(tx, gemeente, today), today)
    return Effect(given, before.place_of(project), after.place_of(project))


async def take_back(tx: Transaction, gemeente: str, project: UUID, today: date, seen: int) -> Effect:
    """As if nothing was answered. Raises: UnknownEntity, StaleRevision."""
    actual = await store.lock_answer(tx, gemeente, project)
    if seen != actual:
        raise StaleRevision(seen, actual)
    among = await choice(tx, gemeente, today)
    (given,) = [known for known in await store.answers(tx, gemeente) if known.project == project]
    before = await _kept(tx, among, today)
    await store.take_back(tx, gemeente, project)
    after = await _kept(tx, await choice(tx, gemeente, today), today)
    return Effect(given, before.place_of(project), after.place_of(project))


async def keep_all(tx: Transaction, today: date) -> None:
    """Keeps the list of every gemeente for which it has changed; run daily, and harmless to run twice."""
    market = await Market.today(tx, today)
    for gemeente in reference.gemeenten():
        await _kept(tx, await choice(tx, gemeente, today, market), today)


async def _kept(tx: Transaction, among: Choice, today: date) -> Suggestions:
    made, gemeente = await among.suggestions(today), among.situation.gemeente
    last = await store.kept(tx, gemeente, None, 1)
    if not last or not last[0].says_the_same_as(made.listed, WEIGHTS.version):
        await store.keep(tx, gemeente, made.listed, today, WEIGHTS.version)
    return made


async def _conflicts(
    tx: Transaction, own: OwnSituation, behind: Sequence[tuple[UUID, UUID]], today: date
) -> frozenset[UUID]:
    """The projects that the gemeente may not choose: those it names, and those behind which stands an organisation to which
    itself, or one that it names, is bound."""
    known = await organisations.of_gemeenten(tx, [own.gemeente])
    start = {*own.conflicts, *known.values()}
    ties = await organisations.ties_around(tx, start)
    bound = {o for o in {o for _, o in behind} if conflict_chain(start, {o}, ties, today) is not None}
    return frozenset(own.conflicts).union(project for project, organisation in behind if organisation in bound)
