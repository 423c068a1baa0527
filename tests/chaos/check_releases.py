"""Published figures: the ledger is what was told, one event heard leads to one release, and what is shown is what may be."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.impact.indicators.model import Figures
from services.impact.publication.model import Contribution, Family, Shown, is_published
from shared.contracts.event import Stream
from shared.reference import indicator
from tests.chaos.check_log import Reading
from tests.chaos.findings import Finding, Kind
from tests.chaos.history import History
from tests.chaos.ledger import Json

TOPIC = Stream.RELEASES.topic
Place = tuple[str, str, str, str, str]
"""Project, indicator, first and last day, gemeente."""


def of_releases(history: History, reading: Reading) -> Iterator[Finding]:
    """Everything about published figures."""
    yield from _of_ledger(history, reading)
    yield from _of_causes(reading)
    yield from _of_places(history)


def _of_ledger(history: History, reading: Reading) -> Iterator[Finding]:
    """Line by line, the ledger of releases and the log are the same."""
    written = {(r["block"], r["number"]): _shown_in(r) for r in history.tables["impact"]["release"]}
    told = {}
    for each in reading.told:
        if each.name == "ImpactPublished":
            data = each.event.data.model_dump(mode="json")
            told[each.entity, data["release"]] = _shown_in(data)
            if data["release"] != each.sequence:
                text = f"release {data['release']} was told as version {each.sequence}"
                yield Finding(Kind.REORDERED, TOPIC, each.entity, text)
    for line in sorted(written.keys() | told.keys()):
        block, number = line
        if line not in told:
            yield Finding(Kind.LOST, TOPIC, block, f"release {number} stands in the ledger, and was not told")
        elif line not in written:
            yield Finding(Kind.PHANTOM, TOPIC, block, f"release {number} was told, and stands in no ledger")
        elif written[line] != told[line]:
            text = f"release {number} shows {written[line]} in the ledger, and {told[line]} was told"
            yield Finding(Kind.STATE, "impact.release", block, text)


def _shown_in(row: Json) -> tuple[Any, ...]:
    return (row["kind"], row["shown"], row["shown_numerator"], row["shown_denominator"])


def _of_causes(reading: Reading) -> Iterator[Finding]:
    """One event that was heard leads to at most one release of a block."""
    causes = Counter(
        (each.entity, each.cause) for each in reading.told if each.name == "ImpactPublished" and each.cause
    )
    for (block, cause), times in causes.items():
        if times > 1:
            yield Finding(Kind.DOUBLED, TOPIC, block, f"{times} releases because of one event, {cause}")


def _of_places(history: History) -> Iterator[Finding]:
    """What each place shows is what its newest figures allow; a second change on one day waits for the next."""
    newest: dict[Place, Json] = {}
    for row in sorted(history.tables["impact"]["release"], key=lambda r: int(r["number"])):
        newest[_place(row, row["scope"])] = row
    given = _contributions(history)
    for place in sorted(given.keys() | newest.keys()):
        if place not in given:
            yield Finding(Kind.PHANTOM, "impact.release", " ".join(place), "something is shown of what nobody reported")
            continue
        last, may_show = newest.get(place), given[place].publishable()
        shows = None if last is None else _shown_of(last)
        if shows == may_show or (last is not None and last["released_on"] >= history.day):
            continue
        text = f"{shows} is shown, and {may_show} was reported"
        yield Finding(Kind.LOST if last is None else Kind.STATE, "impact.release", " ".join(place), text)


def _contributions(history: History) -> Mapping[Place, Contribution]:
    """What each gemeente reported to each place, by the newest version of its figures, and whether it may be named."""
    adoptions = {row["id"]: row for row in history.tables["impact"]["adoption"]}
    newest: dict[str, Json] = {}
    for row in sorted(history.tables["impact"]["observation_version"], key=lambda r: int(r["version"])):
        newest[row["observation"]] = row
    reported: dict[Place, list[tuple[Figures, bool]]] = defaultdict(list)
    for row in newest.values():
        adoption = adoptions[row["adoption"]]
        if row["breakdown"] is None and is_published(indicator(row["indicator"])):
            figures = reported[_place({**row, "project": adoption["project"]}, adoption["gemeente"])]
            if not row["withdrawn"]:
                value = None if row["value"] is None else Decimal(row["value"])
                figures.append((Figures(value, row["numerator"], row["denominator"]), adoption["may_be_named"]))
    return {place: Contribution.of(_family(place), place[4], figures) for place, figures in reported.items()}


def _place(row: Json, gemeente: str) -> Place:
    return (row["project"], row["indicator"], row["period_start"], row["period_end"], gemeente)


def _family(place: Place) -> Family:
    project, code, start, end, _ = place
    return Family(UUID(project), code, date.fromisoformat(start), date.fromisoformat(end))


def _shown_of(row: Json) -> Shown | None:
    shown = Shown(row["shown"], row["shown_numerator"], row["shown_denominator"])
    return None if shown == Shown() else shown
