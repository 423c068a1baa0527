"""What tests of the checker do to a recorded run, and what it then says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.chaos.check import check
from tests.chaos.check_log import Reading, Told
from tests.chaos.findings import Finding, Kind
from tests.chaos.history import History, Record
from tests.chaos.ledger import Command

TOPIC = "nl.schuldhulpprojecten."


def told(run: History, name: str) -> Told:
    """An event of this name that is the last of its entity; of several the one of the longest life."""
    lives = Reading.of(run.log).by_entity().values()
    return max((life[-1] for life in lives if life[-1].name == name), key=lambda event: event.sequence)


def without(run: History, *records: Record) -> History:
    return replace(run, log=[record for record in run.log if record not in records])


def with_(run: History, *records: Record) -> History:
    return replace(run, log=[*run.log, *records])


def changed(record: Record, offset: int | None = None, **headers: str) -> Record:
    """This record with other headers, at another place."""
    given = {f"ce_{name}": value for name, value in headers.items()}
    return replace(record, offset=10_000 if offset is None else offset, headers={**record.headers, **given})


def command(run: History, kind: str) -> Command:
    """The last acknowledged command of a kind."""
    return [*run.ledger.done(kind=kind)][-1]


def found(run: History, kind: Kind, entity: str, where: str = "") -> list[Finding]:
    """What the checker says of this entity."""
    findings = check(run).findings
    return [f for f in findings if f.kind is kind and entity in f.entity and where in f.where]


def with_rows(run: History, service: str, table: str, rows: list[Any]) -> History:
    """The run with other rows in one table."""
    return replace(run, tables={**run.tables, service: {**run.tables[service], table: rows}})
