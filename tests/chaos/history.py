"""All that a checker looks at, as plain JSON: what was asked, what stands on Kafka, what stands in the tables."""

from __future__ import annotations

import json
import lzma
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.chaos.ledger import Command, Heard, Json, Ledger

Rows = Sequence[Json]


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it lies in Kafka; what is not UTF-8 is written as hexadecimal digits after "hex:"."""

    topic: str
    partition: int
    offset: int
    key: str | None
    headers: Mapping[str, str | None]
    value: str | None


@dataclass(frozen=True, slots=True)
class History:
    """One run. `tables` are rows by service and name; `states` what each fold of a service keeps, by fold and key.

    `day` is the one on which what waited was last published before its end (Europe/Amsterdam).
    """

    ledger: Ledger
    log: Sequence[Record]
    tables: Mapping[str, Mapping[str, Rows]]
    states: Mapping[str, Mapping[str, Mapping[str, Any]]]
    day: str

    def save(self, path: Path) -> None:
        """Keeps it in one file, compressed."""
        path.parent.mkdir(parents=True, exist_ok=True)
        told = {name: [asdict(each) for each in getattr(self.ledger, name)] for name in ("commands", "heard")}
        rest = {"tables": self.tables, "states": self.states, "day": self.day}
        whole = {**told, "log": [asdict(record) for record in self.log], **rest}
        path.write_bytes(lzma.compress(json.dumps(whole, default=str).encode()))

    @classmethod
    def read(cls, path: Path) -> History:
        """One that was kept."""
        whole = json.loads(lzma.decompress(path.read_bytes()))
        commands, heard = whole.pop("commands"), whole.pop("heard")
        ledger = Ledger(commands=[Command(**told) for told in commands], heard=[Heard(**told) for told in heard])
        ledger.acknowledged = sum(command.acknowledged for command in ledger.commands)
        log = [Record(**told) for told in whole.pop("log")]
        return cls(ledger, log, **whole)
