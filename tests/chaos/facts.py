"""What a command must say, by contract: which facts about which entity stand on which topic because of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shared.contracts.event import Stream
from tests.chaos.check_log import Entity, Told
from tests.chaos.ledger import Command, Json, Ledger

Fact = tuple[Any, ...]
"""What is compared of an event: its name first, then what tells it from the other events of its entity."""
FUNDING = ("budgetEuro", "firmEuro", "gapEuro")
TURNS = ("commit", "take-back", "budget")


@dataclass(frozen=True, slots=True)
class Due:
    """Something that a command must have said."""

    key: Entity
    fact: Fact
    command: Command


def number(value: object) -> str | None:
    """A figure as text, without digits that say nothing."""
    return None if value is None else f"{Decimal(str(value)).normalize():f}"


def figures(told: Json) -> list[object]:
    """An observed figure, however it was written: value, numerator, denominator, and whether it was withdrawn."""
    shares = [told.get("numerator"), told.get("denominator")]
    return [number(told.get("value")), *shares, bool(told.get("withdrawn", False))]


def _recorded(told: Json) -> Fact:
    return (*figures(told), told["provenance"]["method"])


FACTS: Mapping[str, Callable[[Json], Fact]] = {
    "ProjectSubmitted": lambda data: (data["projectVersion"],),
    "ProjectWithdrawn": lambda data: (data["reason"],),
    "ProjectAssessed": lambda data: (data["verdict"],),
    "OrganisationChanged": lambda data: (data["name"],),
    "AdoptionStarted": lambda data: (data["mayBeNamed"],),
    "PartnershipFormed": lambda data: (data["partnership"],),
    "FundingSecured": lambda data: tuple(data[name] for name in FUNDING),
    "FundingReopened": lambda data: tuple(data[name] for name in FUNDING),
    "AdoptionEnded": lambda data: (data["reason"],),
    "ImpactRecorded": _recorded,
}
"""What is compared of each event. Gemeenten are told when the platform is set up, and figures follow: nobody asks for these."""


def fact_of(told: Told) -> Fact | None:
    """What is compared of this event; None for what no command says by itself."""
    data = told.event.data.model_dump(mode="json", by_alias=True)
    if told.name not in FACTS or (told.name == "OrganisationChanged" and data.get("gemeente")):
        return None
    return (told.name, *FACTS[told.name](data))


Says = Callable[[Command, Json, Json], Iterable[tuple[str, Fact]]]
"""The command, its answer and its body, to entities with what is said of them (without the event's name)."""


def _released(_: Command, told: Json, __: Json) -> Iterable[tuple[str, Fact]]:
    return [(i["assessment"], (i["decision"]["verdict"],)) for i in told["items"] if i["released"]]


def _changed(command: Command, told: Json, fact: Fact) -> Iterable[tuple[str, Fact]]:
    """What stood so already is not told."""
    return [] if told["revision"] == command.seen else [(told["id"], fact)]


def _some(_: Command, told: Json, body: Json) -> Iterable[tuple[str, Fact]]:
    given = body["observations"]
    return [(i["observation"], _recorded(given[i["index"]])) for i in told["items"] if i["recorded"]]


SAYS: Mapping[str, tuple[Stream, str, Says]] = {
    "submit": (Stream.PROJECTS, "ProjectSubmitted", lambda _, told, __: [(told["id"], (len(told["versions"]),))]),
    "withdraw": (Stream.PROJECTS, "ProjectWithdrawn", lambda _, told, body: [(told["id"], (body["reason"],))]),
    "release": (Stream.ASSESSMENTS, "ProjectAssessed", _released),
    "register": (Stream.ORGANISATIONS, "OrganisationChanged", lambda c, told, body: _changed(c, told, (body["name"],))),
    "rename": (Stream.ORGANISATIONS, "OrganisationChanged", lambda c, told, body: _changed(c, told, (body["name"],))),
    "adopt": (Stream.ADOPTIONS, "AdoptionStarted", lambda c, told, _: _changed(c, told, (told["mayBeNamed"],))),
    "naming": (Stream.ADOPTIONS, "AdoptionStarted", lambda c, told, _: _changed(c, told, (told["mayBeNamed"],))),
    "confirm": (Stream.ADOPTIONS, "PartnershipFormed", lambda _, told, __: [(told["adoption"], (told["id"],))]),
    "end": (Stream.ADOPTIONS, "AdoptionEnded", lambda _, told, body: [(told["id"], (body["reason"],))]),
    "observe": (Stream.OBSERVATIONS, "ImpactRecorded", lambda _, told, __: [(told["id"], _recorded(told))]),
    "correct": (Stream.OBSERVATIONS, "ImpactRecorded", lambda _, told, __: [(told["id"], _recorded(told))]),
    "withdraw-figure": (Stream.OBSERVATIONS, "ImpactRecorded", lambda _, told, __: [(told["id"], _recorded(told))]),
    "observe-some": (Stream.OBSERVATIONS, "ImpactRecorded", _some),
}
"""By kind of command. Turns of funding follow from several commands: `turns`."""


def due_of(command: Command) -> list[Due]:
    """What an acknowledged command must have said, but for turns of funding."""
    if command.kind not in SAYS:
        return []
    stream, name, says = SAYS[command.kind]
    told = says(command, command.response or {}, command.body or {})
    return [Due((stream.topic, entity), (name, *fact), command) for entity, fact in told]


def turns(ledger: Ledger) -> list[Due]:
    """What was due to be said of funding: whenever a plan is secured after it was not, or the other way round.

    The answers of one adoption, in the order of its plan's revisions, say which command turned it.
    """
    plans: dict[str, list[tuple[int, Json, Command]]] = defaultdict(list)
    for command in ledger.done("matching"):
        told = command.response or {}
        if command.kind == "adopt":
            plans[told["id"]].append((1, told["funding"], command))
        elif command.kind in TURNS:
            plans[command.entity].append((told["revision"], told, command))
    found = []
    for adoption, answers in plans.items():
        was = False
        for _, plan, command in sorted(answers, key=lambda answer: answer[0]):
            if plan["secured"] != was:
                name = "FundingSecured" if plan["secured"] else "FundingReopened"
                fact = (name, *(plan[each] for each in FUNDING))
                found.append(Due((Stream.ADOPTIONS.topic, adoption), fact, command))
            was = plan["secured"]
    return found
