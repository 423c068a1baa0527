"""An example of every event, from `examples/`. All are invented; together they tell one story of one project."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shared.contracts.event import EventData
from shared.contracts.registry import TOPICS
from shared.contracts.schemas import file_name

FOLDER = Path(__file__).parent / "examples"

TEST_OIN = "00000099000000000001"
"""Test numbers begin with 00000099: no organisation has one."""


@dataclass(frozen=True, slots=True)
class Example:
    """An event as it could be said: which one of its entity it is, when it was logged, and its data."""

    sequence: int
    time: datetime
    data: EventData

    @property
    def headers(self) -> Mapping[str, str]:
        """The Kafka headers that it would travel with."""
        event = type(self.data)
        return {
            "ce_specversion": "1.0",
            "ce_id": _uuid7(self.time, 1),
            "ce_source": f"urn:nld:oin:{TEST_OIN}:systeem:{TOPICS[event.STREAM].owner}",
            "ce_type": event.ce_type(),
            "ce_subject": str(self.data.entity),
            "ce_time": self.time.isoformat().replace("+00:00", "Z"),
            "ce_sequence": str(self.sequence),
            "ce_sequencetype": "Integer",
            "ce_dataschema": event.dataschema(),
            "content-type": "application/json",
            "ce_correlationid": _uuid7(self.time, 2),
            "ce_traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        }


def example_of(event: type[EventData]) -> Example:
    """The example of one event.

    Raises: FileNotFoundError where it has none; pydantic.ValidationError where it is none.
    """
    written = json.loads((FOLDER / file_name(event)).read_text(encoding="utf-8"))
    data = event.model_validate_json(json.dumps(written["data"]))
    return Example(written["sequence"], datetime.fromisoformat(written["time"]), data)


def _uuid7(time: datetime, number: int) -> str:
    """As Postgres would make it at that moment, but for the random part (RFC 9562, 5.7)."""
    milliseconds = f"{int(time.timestamp() * 1000):012x}"
    return f"{milliseconds[:8]}-{milliseconds[8:]}-7000-8000-{number:012x}"
