"""Commands against the owner's tables: each acknowledged command has its one effect, and no row is there unasked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from tests.chaos.effects import Effect, Thing, effects_of
from tests.chaos.facts import figures
from tests.chaos.findings import Finding, Kind
from tests.chaos.history import History


def standing(tables: Mapping[str, Mapping[str, Any]]) -> dict[Thing, Any]:
    """What stands in the owners' tables, as `effects_of` names it."""
    own, board, deals, measured = (tables[name] for name in ("submission", "assessment", "matching", "impact"))
    return {
        **{("submission.project", r["id"]): True for r in own["project"]},
        **{("submission.withdrawal", r["id"]): r["withdrawal_reason"] for r in own["project"]},
        **{("submission.version", f"{r['project']} {r['number']}"): True for r in own["version"]},
        **{("assessment.member", r["id"]): r["subject"] for r in board["member"]},
        **{
            ("assessment.handed_in", f"{r['assessment']} {r['subject']}"): True
            for r in board["review"]
            if r["handed_in"]
        },
        **{("assessment.verdict", r["assessment"]): r["verdict"] for r in board["decision"]},
        **{("assessment.released", r["assessment"]): True for r in board["decision"] if r["released"]},
        **_deals(deals),
        **{
            ("impact.figure", f"{r['observation']} {r['version']}"): figures(r) for r in measured["observation_version"]
        },
        **{("impact.plans", r["adoption"]): True for r in measured["plans"]},
    }


def _deals(deals: Mapping[str, Any]) -> dict[Thing, Any]:
    adoptions, plans, commitments = deals["adoption"], deals["funding_plan"], deals["commitment"]
    return {
        **{("matching.name", r["id"]): r["name"] for r in deals["organisation"] if r["kind"] != "gemeente"},
        **{("matching.adoption", r["id"]): [r["gemeente"], r["project"]] for r in adoptions},
        **{("matching.naming", r["id"]): r["may_be_named"] for r in adoptions},
        **{("matching.end", r["id"]): r["end_reason"] for r in adoptions if r["end_reason"] is not None},
        **{
            ("matching.milestone", f"{r['adoption']} {r['step']}"): [r["state"], r["blocker"]]
            for r in deals["milestone"]
        },
        **{("matching.partnership", r["id"]): r["state"] for r in deals["partnership"]},
        **{("matching.budget", r["adoption"]): r["budget_euro"] for r in plans},
        **{("matching.base", r["adoption"]): r["amount_euro"] for r in commitments if r["base"]},
        **{
            ("matching.commitment", f"{r['adoption']} {r['id']}"): [r["amount_euro"], r["stage"], r["withdrawn"]]
            for r in commitments
            if not r["base"]
        },
    }


UNTOUCHED: Mapping[str, Any] = {"submission.withdrawal": None, "matching.milestone": ["open", None]}
"""How a thing stands that no command touched, in tables where it is there from the start."""


def of_effects(history: History) -> Iterator[Finding]:
    """Each thing that commands left or must have left, once."""
    wanted: dict[Thing, list[Effect]] = defaultdict(list)
    for command in history.ledger.done():
        for effect in effects_of(command):
            wanted[effect.thing].append(effect)
    unknown = {command.entity for command in history.ledger.unknown}
    may_be_more = _tables_of({command.kind for command in history.ledger.unknown}, wanted)
    found = standing(history.tables)
    for thing, effects in wanted.items():
        yield from _of_thing(thing, effects, found, unknown)
    for thing in found.keys() - wanted.keys():
        if found[thing] != UNTOUCHED.get(thing[0], ...) and thing[0] not in may_be_more:
            yield Finding(Kind.PHANTOM, *thing, f"{found[thing]} stands there, and nobody asked for it")


def _tables_of(kinds: set[str], wanted: Mapping[Thing, list[Effect]]) -> set[str]:
    """Where commands of these kinds leave something."""
    return {thing[0] for thing, effects in wanted.items() for effect in effects if effect.command.kind in kinds}


def _of_thing(thing: Thing, effects: list[Effect], found: Mapping[Thing, Any], unknown: set[str]) -> Iterator[Finding]:
    last = max(effects, key=lambda effect: effect.order)
    commands = ", ".join(f"{each.command.id} ({each.command.kind})" for each in effects)
    if last.own and len(effects) > 1:
        yield Finding(Kind.LOST, *thing, f"commands {commands} have one effect together")
    if thing not in found:
        yield Finding(
            Kind.LOST, *thing, f"it is not there, and command {last.command.id} ({last.command.kind}) made it"
        )
    elif found[thing] != last.value and last.command.entity not in unknown:
        yield Finding(
            Kind.LOST, *thing, f"{found[thing]} stands there, and {last.value} was acknowledged last: {commands}"
        )
