"""The checker: whether each acknowledged command had exactly one effect and said exactly what it should, once, in order.

Pure: a history in, a verdict out. What a fault took away by its nature is told to it, and counted apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.contracts.events import ImpactPublished
from tests.chaos.check_effects import of_effects
from tests.chaos.check_events import of_events
from tests.chaos.check_log import Reading, of_log
from tests.chaos.check_releases import of_releases
from tests.chaos.check_revisions import changes_of, of_revisions
from tests.chaos.check_states import of_batches, of_positions, of_states
from tests.chaos.effects import effects_of
from tests.chaos.facts import due_of, turns
from tests.chaos.findings import Finding, Forgiven, Verdict, sorted_out
from tests.chaos.history import History
from tests.chaos.ledger import Ledger


def check(history: History, forgiven: Sequence[Forgiven] = ()) -> Verdict:
    """What the run comes to."""
    reading = Reading.of(history.log)
    touched = [entities_touched(history, reading, fault) for fault in forgiven]
    findings, excused = sorted_out(_found(history, reading), forgiven, touched)
    ledger = history.ledger
    return Verdict(
        findings,
        excused,
        reading.raw_duplicates,
        len(ledger.commands),
        ledger.acknowledged,
        len(ledger.unknown),
        len(reading.told),
    )


def _found(history: History, reading: Reading) -> Iterator[Finding]:
    yield from of_log(reading)
    yield from of_events(history.ledger, reading)
    yield from of_effects(history)
    yield from of_revisions(history)
    yield from of_positions(history, reading)
    yield from of_states(history, reading)
    yield from of_batches(history, reading)
    yield from of_releases(history, reading)


def entities_touched(history: History, reading: Reading, fault: Forgiven) -> frozenset[str]:
    """The entities that commands changed at the fault's service in its interval, with the figures that rest on them."""
    found = set(_entities(history.ledger, fault))
    if fault.service != "impact":
        return frozenset(found)
    projects = {row["project"] for row in history.tables["impact"]["adoption"] if row["id"] in found}
    blocks = {
        e.entity
        for e in reading.told
        if isinstance(e.event.data, ImpactPublished) and str(e.event.data.project) in projects
    }
    return frozenset(found | projects | blocks)


def _entities(ledger: Ledger, fault: Forgiven) -> Iterator[str]:
    turned = {due.command.id: due.key[1] for due in turns(ledger)}
    for command in ledger.done(fault.service):
        if fault.since <= (command.acknowledged_at or 0.0) <= fault.until:
            yield command.entity
            yield str((command.response or {}).get("adoption", command.entity))
            yield from (due.key[1] for due in due_of(command))
            yield from (effect.thing[1].split(" ")[0] for effect in effects_of(command))
            yield from (entity.split(" ")[0] for _, entity in changes_of(command))
            yield turned.get(command.id, command.entity)
