"""Commands against events: what each acknowledged command must have said, once, and what was said by nobody's wish."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from tests.chaos.check_log import Entity, Reading, Told
from tests.chaos.facts import SAYS, TURNS, Due, Fact, due_of, fact_of, turns
from tests.chaos.findings import Finding, Kind
from tests.chaos.ledger import Command, Ledger

MAY_TURN = ("FundingSecured", "FundingReopened")
"""These follow from the state of a plan. After a restore they may be said of another state that looks the same, so one too many
is what nobody asked for: that fails a run too, unless the state itself was lost."""
MAKES = frozenset({"register", "adopt", "observe", "observe-some"})
"""Kinds of which the entity is known by the answer alone."""


def of_events(ledger: Ledger, reading: Reading) -> Iterator[Finding]:
    """Commands and events, entity by entity."""
    due: dict[Entity, list[Due]] = defaultdict(list)
    for each in [*(d for command in ledger.done() for d in due_of(command)), *turns(ledger)]:
        due[each.key].append(each)
    said: dict[Entity, list[tuple[Fact, Told]]] = defaultdict(list)
    for told in reading.told:
        if (fact := fact_of(told)) is not None:
            said[told.key].append((fact, told))
    may_have = _by_unknown(ledger.unknown)
    for key in sorted(due.keys() | said.keys()):
        yield from _of_entity(key, due[key], said[key], may_have)
        yield from _in_order(key, due[key], said[key])


def _of_entity(
    key: Entity, due: Sequence[Due], said: Sequence[tuple[Fact, Told]], may_have: Callable[[str, str], bool]
) -> Iterator[Finding]:
    topic, entity = key
    wanted, found = Counter(each.fact for each in due), Counter(fact for fact, _ in said)
    for fact, missing in (wanted - found).items():
        commands = ", ".join(_named(each.command) for each in due if each.fact == fact)
        yield Finding(Kind.LOST, topic, entity, f"{missing} x {_told(fact)} is not on the log; {commands}")
    for fact, more in (found - wanted).items():
        if may_have(fact[0], entity):
            continue
        kind = Kind.DOUBLED if fact in wanted and fact[0] not in MAY_TURN else Kind.PHANTOM
        why = "was said more often than asked" if fact in wanted else "was said, and nobody asked for it"
        yield Finding(kind, topic, entity, f"{more} x {_told(fact)} {why}")


def _in_order(key: Entity, due: Sequence[Due], said: Sequence[tuple[Fact, Told]]) -> Iterator[Finding]:
    """Whoever had an answer before another asked comes first. Only facts that occur once can be told apart."""
    topic, entity = key
    wanted, found = Counter(each.fact for each in due), Counter(fact for fact, _ in said)
    commands = {each.fact: each.command for each in due if wanted[each.fact] == found[each.fact] == 1}
    latest: tuple[float, Fact] | None = None
    for fact, _ in sorted(said, key=lambda each: each[1].sequence):
        command = commands.get(fact)
        if command is None or command.acknowledged_at is None:
            continue
        if latest is not None and command.acknowledged_at < latest[0]:
            text = f"{_told(fact)} was acknowledged before {_told(latest[1])} was asked, and comes after it"
            kind = Kind.PHANTOM if {fact[0], latest[1][0]} & {*MAY_TURN} else Kind.REORDERED
            yield Finding(kind, topic, entity, text)
        if latest is None or command.sent_at > latest[0]:
            latest = (command.sent_at, fact)


def _may_say(kind: str) -> Sequence[str]:
    """By contract, what a command of this kind can lead to in its own transaction."""
    own = (SAYS[kind][1],) if kind in SAYS else ()
    return (*own, *MAY_TURN) if kind in (*TURNS, "adopt") else own


def _by_unknown(unknown: Iterable[Command]) -> Callable[[str, str], bool]:
    """Whether an event may come of a command that never got an answer."""
    anywhere = {name for command in unknown if command.kind in MAKES for name in _may_say(command.kind)}
    here = {(name, command.entity) for command in unknown for name in _may_say(command.kind)}
    return lambda name, entity: name in anywhere or (name, entity) in here


def _named(command: Command) -> str:
    return f"command {command.id} ({command.kind}, {command.key})"


def _told(fact: Fact) -> str:
    return f"{fact[0]}{fact[1:]}"
