"""How often each row was changed: as often as commands on it were acknowledged, no more and no less."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from tests.chaos.effects import Thing
from tests.chaos.findings import Finding, Kind
from tests.chaos.history import History
from tests.chaos.ledger import Command

RAISES: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("begin", "add-evidence", "write", "submit", "revise", "withdraw"), ("submission.project",)),
    **dict.fromkeys(("review", "hand-in"), ("assessment.review",)),
    **dict.fromkeys(("register", "rename"), ("matching.organisation",)),
    **dict.fromkeys(("milestone", "naming", "invite", "claim", "confirm", "refuse", "end"), ("matching.adoption",)),
    "adopt": ("matching.adoption", "matching.funding_plan"),
    **dict.fromkeys(("commit", "take-back", "budget"), ("matching.funding_plan",)),
    **dict.fromkeys(("observe", "observe-some", "correct", "withdraw-figure"), ("impact.observation",)),
    "plan": ("impact.plans",),
}
"""The rows of which a command of this kind raises the revision by one."""


def changes_of(command: Command) -> list[Thing]:
    """The rows that an acknowledged command changed, each once."""
    told = command.response or {}
    if command.seen is not None and told.get("revision") == command.seen:
        return []  # it stood so already, and nothing was written
    return [(table, entity) for table in RAISES.get(command.kind, ()) for entity in _entities(command)]


def _entities(command: Command) -> list[str]:
    told = command.response or {}
    match command.kind:
        case "observe-some":
            return [item["observation"] for item in told["items"] if item["recorded"]]
        case "review" | "hand-in":
            return [f"{command.entity} {command.by.split(':')[1]}"]
        case "begin" | "register" | "adopt" | "observe":
            return [told["id"]]
    return [command.entity]


def of_revisions(history: History) -> Iterator[Finding]:
    """Rows that were changed more or less often than asked, and revisions that two answers name."""
    asked: Counter[Thing] = Counter()
    named: dict[Thing, Counter[int]] = defaultdict(Counter)
    for command in history.ledger.done():
        for thing in changes_of(command):
            asked[thing] += 1
            if len(RAISES[command.kind]) == 1 and (revision := (command.response or {}).get("revision")):
                named[thing][revision] += 1
    unknown = Counter(command.entity for command in history.ledger.unknown)
    found = _revisions(history)
    for thing in asked.keys() | found.keys():
        slack = unknown[thing[1].split(" ")[0]] or (len(history.ledger.unknown) if thing not in asked else 0)
        yield from _of_row(thing, found.get(thing, 0), asked[thing], slack)
    for thing, revisions in named.items():
        for revision, times in revisions.items():
            if times > 1:
                yield Finding(Kind.LOST, *thing, f"{times} commands were answered with revision {revision}")


def _of_row(thing: Thing, found: int, asked: int, slack: int) -> Iterator[Finding]:
    if found < asked:
        yield Finding(Kind.LOST, *thing, f"it was changed {found} times, and {asked} changes were acknowledged")
    elif found > asked + slack:
        kind = Kind.DOUBLED if asked else Kind.PHANTOM
        yield Finding(kind, *thing, f"it was changed {found} times, and {asked} changes were acknowledged")


def _revisions(history: History) -> dict[Thing, int]:
    own, board, deals, measured = (history.tables[name] for name in ("submission", "assessment", "matching", "impact"))
    return {
        **{("submission.project", r["id"]): r["revision"] for r in own["project"]},
        **{("assessment.review", f"{r['assessment']} {r['subject']}"): r["revision"] for r in board["review"]},
        **{("matching.organisation", r["id"]): r["revision"] for r in deals["organisation"] if r["kind"] != "gemeente"},
        **{("matching.adoption", r["id"]): r["revision"] for r in deals["adoption"]},
        **{("matching.funding_plan", r["adoption"]): r["revision"] for r in deals["funding_plan"]},
        **{("impact.observation", r["id"]): r["version"] for r in measured["observation"]},
        **{("impact.plans", r["adoption"]): r["revision"] for r in measured["plans"]},
    }
