"""What listeners keep against a fold over the log, by the services' own steps; and who said and heard how far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from deploy.local.settings import SERVICES
from deploy.setup import declared
from services.assessment.decisions.model import State
from shared.contracts.registry import TOPICS
from shared.messaging.reactions import Fold
from shared.storage import rows
from tests.chaos.check_log import STREAMS, Reading, Told
from tests.chaos.findings import Finding, Kind
from tests.chaos.history import History
from tests.chaos.readback import name_of

LINES = "services.assessment.decisions.store.load_lines"
LATER: Mapping[str, frozenset[State]] = {
    State.OPEN: frozenset({State.OPEN, State.DECIDED, State.RELEASED, State.SUPERSEDED}),
    State.SUPERSEDED: frozenset({State.SUPERSEDED, State.RELEASED}),
    State.WITHDRAWN: frozenset({State.WITHDRAWN, State.RELEASED, State.SUPERSEDED}),
}
"""What the board can make of an assessment that events alone would leave so."""
LEFT_OVER = {"outbox": "key", "stopped": "key", "parked": "entity", "dead_letter": "topic"}


def of_states(history: History, reading: Reading) -> Iterator[Finding]:
    """Every fold of every service."""
    for service in SERVICES:
        for reaction in declared(service).hears:
            if isinstance(reaction, Fold):
                name = name_of(reaction)
                kept, folded = history.states[service][name], folded_over(reaction, reading)
                yield from compared(service, name, kept, folded)


def folded_over(fold: Fold, reading: Reading) -> dict[str, Any]:
    """The state that the whole log comes to, by key; events stream by stream, each entity's in the order of its versions."""
    states: dict[Any, Any] = {}
    for told in sorted(reading.told, key=lambda each: each.sequence):
        step = fold.steps.get(told.type)
        if step is not None:
            key = told.event.subject if fold.key is None else fold.key(told.event)
            stepped = step(states.get(key), told.event, _silent)
            if stepped is not None:
                states[key] = stepped
    return {str(key): rows.plain(state) for key, state in states.items()}


def _silent(*_: object) -> None:
    """What a fold says was said when it was first heard."""


def compared(service: str, name: str, kept: Mapping[str, Any], folded: Mapping[str, Any]) -> Iterator[Finding]:
    """What a service keeps against what it should keep."""
    is_same: Callable[[Any, Any], bool] = _same_line if name == LINES else lambda one, other: bool(one == other)
    where = f"{service}.{name.split('.', 2)[2]}"
    for key in sorted(kept.keys() | folded.keys()):
        if key not in folded:
            yield Finding(Kind.PHANTOM, where, key, "a state that no event explains")
        elif key not in kept:
            yield Finding(Kind.LOST, where, key, "there is no state, and the log comes to one")
        elif not is_same(kept[key], folded[key]):
            yield Finding(Kind.STATE, where, key, f"differs from the log in {_differences(kept[key], folded[key])}")


def _same_line(kept: Any, folded: Any) -> bool:  # noqa: ANN401 - states as JSON
    """Assessments belong to the board as well: their ids, decisions and revisions are its own."""
    versions = {each["project_version"]: each for each in kept["assessments"]}
    told = {each["project_version"]: each for each in folded["assessments"]}
    return versions.keys() == told.keys() and all(
        all(versions[n][name] == told[n][name] for name in ("framework_version", "dossier", "offered"))
        and versions[n]["state"] in LATER[told[n]["state"]]
        for n in told
    )


def _differences(kept: Any, folded: Any) -> str:  # noqa: ANN401 - states as JSON
    if not isinstance(kept, dict) or not isinstance(folded, dict):
        return "its value"
    return ", ".join(sorted(name for name in kept.keys() | folded.keys() if kept.get(name) != folded.get(name)))


def of_batches(history: History, reading: Reading) -> Iterator[Finding]:
    """What batches keep: one row for each organisation, adoption, figure, or adoption that was measured."""
    last: dict[str, dict[str, Any]] = defaultdict(dict)
    for told in sorted(reading.told, key=lambda each: each.sequence):
        data = told.event.data.model_dump(mode="json", by_alias=True)
        last[told.name][told.entity] = data
    board, deals = history.tables["assessment"], history.tables["matching"]
    organisations = {key: [d["name"], d.get("mergedInto")] for key, d in last["OrganisationChanged"].items()}
    kept = {r["id"]: [r["name"], r["merged_into"]] for r in board["organisation"]}
    yield from compared("assessment", "services.assessment.organisation", kept, organisations)
    adoptions = {key: [d["project"], d["gemeente"]] for key, d in last["AdoptionStarted"].items()}
    kept = {r["id"]: [r["project"], r["gemeente"]] for r in board["adoption"]}
    yield from compared("assessment", "services.assessment.adoption", kept, adoptions)
    shown = {k: [d["project"], d["release"], d["kind"] == "ingetrokken"] for k, d in last["ImpactPublished"].items()}
    kept = {r["block"]: [r["project"], r["release"], r["withdrawn"]] for r in board["figure"]}
    yield from compared("assessment", "services.assessment.figure", kept, shown)
    measured = {data["adoption"]: True for data in last["ImpactRecorded"].values()}
    yield from compared(
        "matching", "services.matching.measured", {r["adoption"]: True for r in deals["measured"]}, measured
    )


def of_positions(history: History, reading: Reading) -> Iterator[Finding]:
    """The owner's `said` and every listener's `heard` against the log, and what is left over."""
    log = reading.by_entity()
    for service in SERVICES:
        tables = history.tables[service]
        for topic, stream in STREAMS.items():
            of_stream = {entity: events for (of, entity), events in log.items() if of == topic}
            if TOPICS[stream].owner == service:
                said = {r["entity"]: r["sequence"] for r in tables["said"] if r["stream"] == stream}
                yield from _of_owner(topic, said, of_stream)
            if topic in declared(service).topics:
                heard = {r["entity"]: (r["sequence"], r["event_id"]) for r in tables["heard"] if r["stream"] == stream}
                yield from _of_listener(f"{service} on {topic}", heard, of_stream)
        for table, key in LEFT_OVER.items():
            for row in tables[table]:
                yield Finding(Kind.LEFT_OVER, f"{service}.{table}", str(row[key]), f"{row}")


def _of_owner(topic: str, said: Mapping[str, int], log: Mapping[str, Sequence[Told]]) -> Iterator[Finding]:
    for entity in sorted(said.keys() | log.keys()):
        highest = max((told.sequence for told in log.get(entity, ())), default=0)
        if said.get(entity, 0) > highest:
            yield Finding(Kind.LOST, topic, entity, f"{said[entity]} was said, and the log ends at {highest}")
        elif said.get(entity, 0) < highest:
            yield Finding(Kind.PHANTOM, topic, entity, f"{said.get(entity, 0)} was said, and the log has {highest}")


def _of_listener(
    where: str, heard: Mapping[str, tuple[int, str | None]], log: Mapping[str, Sequence[Told]]
) -> Iterator[Finding]:
    for entity in sorted(heard.keys() | log.keys()):
        last = max(log.get(entity, ()), key=lambda told: told.sequence, default=None)
        told, known = (last.sequence, last.id) if last else (0, None), heard.get(entity, (0, None))
        if known[0] < told[0]:
            yield Finding(Kind.LOST, where, entity, f"{known[0]} was heard, and the log has {told[0]}")
        elif known[0] > told[0]:
            yield Finding(Kind.PHANTOM, where, entity, f"{known[0]} was heard, and the log has {told[0]}")
        elif known[1] != told[1]:
            yield Finding(
                Kind.FORK, where, entity, f"version {told[0]} was heard as {known[1]}, and the log has {told[1]}"
            )
