"""What is sent to a webhook: a line of the ledger as the event ImpactPublished, a challenge, or a test. CloudEvents in JSON."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID, uuid5

from services.impact.figures.model import Published
from shared.contracts.encoding import encoded
from shared.contracts.events import ImpactPublished

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
CHALLENGE, TEST = "nl.schuldhulpprojecten.webhook-challenge.v1", "nl.schuldhulpprojecten.webhook-test.v1"
TEST_WORDS = "Dit is een testbericht. Het gaat nergens over."


def message_id(webhook: UUID, position: int) -> str:
    """The `webhook-id` of a line for this webhook: the same at every attempt and replay, so that a receiver can drop it."""
    return f"msg_{webhook.hex}_{position}"


def event_of(line: Published, source: str) -> str:
    """The line as an event. Its `id` follows from block and release: whoever asks or is sent it again gets the same."""
    data = line.block.told(line.released_at)
    attributes = {
        "specversion": "1.0",
        "id": str(uuid5(data.block, str(data.release))),
        "source": source,
        "type": ImpactPublished.ce_type(),
        "subject": str(data.block),
        "time": _instant(line.released_at),
        "sequence": str(data.release),
        "sequencetype": "Integer",
        "dataschema": ImpactPublished.dataschema(),
        "datacontenttype": "application/json",
    }
    return f'{json.dumps(attributes)[:-1]}, "data": {encoded(data).decode()}}}'


def challenge_of(errand: UUID, source: str, now: datetime, echo: str) -> str:
    """The question whether an address wants messages: whoever reads it sends `challenge` back."""
    return _own_event(errand, source, CHALLENGE, now, {"challenge": echo})


def test_of(errand: UUID, source: str, now: datetime) -> str:
    """A message that says nothing."""
    return _own_event(errand, source, TEST, now, {"message": TEST_WORDS})


def is_echoed(expected: str, body: bytes) -> bool:
    """Whether an answer sends a challenge back: as JSON, `{"challenge": ...}`, or as the bare value."""
    try:
        text = body.decode().strip()
    except UnicodeDecodeError:
        return False
    if text == expected:
        return True
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("challenge") == expected


def _own_event(errand: UUID, source: str, kind: str, now: datetime, data: dict[str, str]) -> str:
    attributes = {
        "specversion": "1.0",
        "id": str(errand),
        "source": source,
        "type": kind,
        "time": _instant(now),
        "datacontenttype": "application/json",
    }
    return json.dumps({**attributes, "data": data})


def _instant(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
