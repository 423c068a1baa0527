"""Every route asked by everybody: what is expected follows from who_may.md, what came is kept and judged."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import uuid4

from shared.web.logins import Role
from tests.roles.asking import Answer
from tests.roles.bodies import BODIES, LAST, QUERIES, SEEN
from tests.roles.cast import Actor
from tests.roles.marks import Mark
from tests.roles.policy import Line, Route, Whose
from tests.roles.world import World

AT_ONCE = 16
NOTHING = 0
"""The number of what is not there: not the first, not the second."""
OWNERS: Mapping[str, frozenset[Role]] = {
    "project": frozenset({Role.SUBMITTER}),
    "adoption": frozenset({Role.GEMEENTE, Role.PARTNER}),
    "code": frozenset({Role.GEMEENTE}),
    "organisation": frozenset({Role.PARTNER}),
    "observation": frozenset({Role.GEMEENTE}),
    "publication": frozenset({Role.PUBLISHER}),
    "webhook": frozenset({Role.SUBSCRIBER}),
}
"""Whose it is, by the first name in a path: the first is that of the first gemeente, and so on."""
REAL = {"topic": "nl.schuldhulpprojecten.projects", "stream": "projects", "version": "999", "number": "999"}
"""What stands in the place of what is not there, where that must be a word or a number."""


class Expected(StrEnum):
    """What must come of asking."""

    ALLOWED = "allowed"
    NO_TOKEN = "401"
    REFUSED = "403"
    HIDDEN = "404"


BY_OBJECT = frozenset({Expected.ALLOWED, Expected.HIDDEN})


@dataclass(frozen=True, slots=True)
class Cell:
    """Somebody asks a route for what is of the first, of the second, or for what is not there."""

    route: Route
    actor: Actor
    number: int
    expected: Expected


@dataclass
class Report:
    """What came of all cells."""

    cells: int = 0
    unexpected: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    refused: dict[tuple[Route, str], list[tuple[Cell, tuple[Any, ...]]]] = field(
        default_factory=lambda: defaultdict(list)
    )


def cells(lines: Mapping[Route, Line], world: World) -> Iterator[Cell]:
    """All of them. A route without parameters is asked once."""
    for route, line in lines.items():
        there = [n for n in (1, 2) if _is_there(world, route, n)]
        wanted = [*there, NOTHING] if route.parameters else [1]
        for actor in world.cast.values():
            those = [Cell(route, actor, number, expected(route, line, actor, number)) for number in wanted]
            # Who is refused for what they are, is so whatever they ask for: once for what is there, and for nothing.
            yield from those if any(cell.expected in BY_OBJECT for cell in those) else [those[0], *those[1:][-1:]]


def expected(route: Route, line: Line, actor: Actor, number: int) -> Expected:
    """By the table alone."""
    if actor.expired or (actor.token is None and not line.anyone):
        return Expected.NO_TOKEN
    whose = Whose.ALL if line.anyone else line.roles.get(actor.role) if actor.role else None
    if whose is None or (whose is Whose.SEATED and not actor.has_seat) or not (actor.is_declared or line.anyone):
        return Expected.REFUSED
    if route.parameters and number == NOTHING:
        return Expected.HIDDEN
    if whose in (Whose.ALL, Whose.SEATED):
        return Expected.ALLOWED
    is_own = actor.number == number and actor.role in OWNERS[route.parameters[0]]
    own = Expected.ALLOWED if whose is Whose.OWN else Expected.REFUSED
    return own if is_own else Expected.HIDDEN


async def run(world: World, todo: Iterable[Cell], marks: list[Mark], report: Report, *, at_once: int = AT_ONCE) -> None:
    """Asks them, some at the same time, and judges each."""
    gate = asyncio.Semaphore(at_once)

    async def one(cell: Cell) -> None:
        async with gate:
            answer, asked = await _ask(world, cell)
        report.cells += 1
        if cell.expected is not Expected.ALLOWED:
            report.refused[cell.route, cell.actor.name].append((cell, answer.without(asked)))
        if not _as_expected(cell, answer):
            report.unexpected.append(f"{_told(cell)}: {answer.status}, not {cell.expected}. {answer.body[:300]}")
        text = answer.text
        shown = [mark for mark in marks if mark.is_in(text)]
        report.seen |= {mark.name for mark in shown}
        report.leaks += [f"{_told(cell)}: shows {mark.name}" for mark in shown if not mark.may_be_seen_by(cell.actor)]

    await asyncio.gather(*map(one, todo))


def hints(report: Report) -> list[str]:
    """Where what somebody may not see is told from what is not there."""
    found = []
    for told in report.refused.values():
        nothing = next((answer for cell, answer in told if cell.number == NOTHING), None)
        found += [
            f"{_told(cell)}: {answer} instead of {nothing}"
            for cell, answer in told
            if nothing is not None and answer != nothing and not _is_told_to_the_own(cell, nothing)
        ]
    return found


def _is_told_to_the_own(cell: Cell, nothing: tuple[Any, ...]) -> bool:
    """Whoever's it is may be told that something is for another to do: they know that it is there."""
    return cell.expected is Expected.REFUSED and nothing[0] == 404


def in_order(todo: Iterable[Cell]) -> list[Cell]:
    """What ends something comes last."""

    def place(cell: Cell) -> tuple[bool, bool]:
        ends = cell.route.method == "DELETE" or cell.route.path.endswith(LAST)
        return ends, cell.route.path.endswith("/endings")

    return sorted(todo, key=place)


async def _ask(world: World, cell: Cell) -> tuple[Answer, list[str]]:
    route, key = cell.route, f"{cell.route.method} {cell.route.path}"
    path, asked = route.path, list[str]()
    for parameter in route.parameters:
        value = _value(world, route, parameter, cell.number)
        asked.append(value)
        path = path.replace(f"{{{parameter}}}", value)
    n = cell.number or 1
    body = None if route.method == "GET" else _body(world, key, n, cell.actor)
    query = QUERIES[key](world, n) if key in QUERIES else None
    seen = SEEN.get(key, 1) if route.method in ("PUT", "PATCH", "DELETE") else None
    media = "application/cloudevents-batch+json" if key == "POST /events" else "application/json"
    answer = await world.asker.ask(
        cell.actor, route.service, route.method, path, body, seen=seen, query=query, media_type=media
    )
    return answer, asked


def _body(world: World, key: str, number: int, actor: Actor) -> object:
    return BODIES[key](world, number, actor) if key in BODIES else {}


def _value(world: World, route: Route, parameter: str, number: int) -> str:
    known = world.standing_for(number, route.service, parameter) if number != NOTHING else None
    return known or REAL.get(parameter) or ("werkplan" if parameter == "kind" else str(uuid4()))


def _is_there(world: World, route: Route, number: int) -> bool:
    return all(world.standing_for(number, route.service, parameter) for parameter in route.parameters)


def _as_expected(cell: Cell, answer: Answer) -> bool:
    if cell.expected is not Expected.ALLOWED:
        return str(answer.status) == cell.expected
    return answer.status < 300 or (cell.route.method != "GET" and answer.status in (409, 412))


def _told(cell: Cell) -> str:
    what = {NOTHING: "nothing", 1: "the first", 2: "the second"}[cell.number]
    return f"{cell.actor.name}, {cell.route} of {what}"
