"""What a command must leave behind in its service's tables, by contract."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.chaos.facts import figures
from tests.chaos.ledger import Command, Json

Thing = tuple[str, str]
"""A table and what stands there: "matching.milestone", "<adoption> <step>"."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a command left in a table. Of several on one thing the one of the highest `order` (a revision) stands.

    Where `own`, no two commands may have it.
    """

    thing: Thing
    value: Any
    command: Command
    order: int = 0
    own: bool = True


Left = tuple[str, str, Any, int | None]
"""A table, what stands there, as what; and a revision, or None where the effect is the command's own."""
Leaves = Callable[[Command, Json, Json], Iterable[Left]]
"""The command, its answer and its body, to what it leaves."""


def _submitted(_: Command, told: Json, __: Json) -> Iterable[Left]:
    yield "submission.version", f"{told['id']} {len(told['versions'])}", True, None
    yield "submission.withdrawal", told["id"], None, told["revision"]


def _adopted(_: Command, told: Json, body: Json) -> Iterable[Left]:
    adoption = told["id"]
    yield "matching.adoption", adoption, [told["gemeente"], told["project"]], None
    yield "matching.base", adoption, body["baseContribution"]["amountEuro"], None
    yield "matching.naming", adoption, told["mayBeNamed"], told["revision"]
    yield "matching.budget", adoption, told["funding"]["budgetEuro"], 1


def _milestone(command: Command, told: Json, body: Json) -> Iterable[Left]:
    step = command.path.rsplit("/", 1)[-1]
    yield "matching.milestone", f"{told['id']} {step}", [body["state"], body["blocker"]], told["revision"]


def _stated(command: Command, told: Json, _: Json) -> Iterable[Left]:
    commitment = command.path.removesuffix("/withdrawals").rsplit("/", 1)[-1]
    (stated,) = (each for each in told["commitments"] if each["id"] == commitment)
    terms = [stated["amountEuro"], stated["stage"], stated["withdrawn"]]
    yield "matching.commitment", f"{command.entity} {commitment}", terms, told["revision"]


def _measured(_: Command, told: Json, __: Json) -> Iterable[Left]:
    yield "impact.figure", f"{told['id']} {told['version']}", figures(told), None


def _measured_some(_: Command, told: Json, body: Json) -> Iterable[Left]:
    for item in told["items"]:
        if item["recorded"]:
            yield "impact.figure", f"{item['observation']} 1", figures(body["observations"][item["index"]]), None


LEAVES: Mapping[str, Leaves] = {
    "begin": lambda _, told, __: [("submission.project", told["id"], True, None)],
    "submit": _submitted,
    "withdraw": lambda _, told, body: [("submission.withdrawal", told["id"], body["reason"], told["revision"])],
    "seat": lambda _, told, body: [("assessment.member", told["id"], body["subject"], None)],
    "hand-in": lambda c, _, __: [("assessment.handed_in", f"{c.entity} {c.by.split(':')[1]}", True, None)],
    "decide": lambda c, told, body: [("assessment.verdict", c.entity, body["verdict"], told["revision"])],
    "release": lambda _, told, __: [
        ("assessment.released", item["assessment"], True, None) for item in told["items"] if item["released"]
    ],
    "register": lambda _, told, body: [("matching.name", told["id"], body["name"], told["revision"])],
    "rename": lambda _, told, body: [("matching.name", told["id"], body["name"], told["revision"])],
    "adopt": _adopted,
    "naming": lambda _, told, __: [("matching.naming", told["id"], told["mayBeNamed"], told["revision"])],
    "end": lambda _, told, body: [("matching.end", told["id"], body["reason"], None)],
    "milestone": _milestone,
    "invite": lambda _, told, __: [("matching.partnership", told["id"], "concept", 0)],
    "claim": lambda _, told, __: [("matching.partnership", told["id"], "concept", 0)],
    "confirm": lambda _, told, __: [("matching.partnership", told["id"], told["state"], 1)],
    "refuse": lambda _, told, __: [("matching.partnership", told["id"], told["state"], 1)],
    "commit": _stated,
    "take-back": _stated,
    "budget": lambda c, told, __: [("matching.budget", c.entity, told["budgetEuro"], told["revision"])],
    "observe": _measured,
    "correct": _measured,
    "withdraw-figure": _measured,
    "observe-some": _measured_some,
    "plan": lambda c, _, __: [("impact.plans", c.entity, True, None)],
}
"""By kind of command. What only passes through a concept (evidence, texts) is held by the revision of its row."""


def effects_of(command: Command) -> list[Effect]:
    """What an acknowledged command must have left behind."""
    leaves = LEAVES.get(command.kind)
    if leaves is None:
        return []
    left = leaves(command, command.response or {}, command.body or {})
    return [
        Effect((table, thing), value, command, order or 0, own=order is None) for table, thing, value, order in left
    ]
