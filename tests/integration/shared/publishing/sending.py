"""Events as an outside system makes them, and the declarations under which it may send them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import httpx

from shared.contracts.encoding import encoded
from shared.contracts.events import AdoptionEnded
from tests.messaging import ended

STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
OUTSIDE = "https://fonds.nl/systeem"
ACCESS = """
publishers:
- name: fonds
  oin: "00000099000000010002"
  publishes: [{event: adoption-ended, gemeenten: [GM0518], projects: all}]
- name: ander-fonds
  oin: "00000099000000010003"
  publishes: [{event: adoption-ended, gemeenten: [GM0518], projects: all}]
- name: gemeente
  oin: "00000099000000010001"
  publishes: [{event: adoption-started, gemeenten: all}]
"""


def event(word: str = "Afgerond.", adoption: UUID | None = None, **changed: Any) -> dict[str, Any]:
    """An adoption that ended, as CloudEvents writes it. Of `data` only what differs is given."""
    data = json.loads(encoded(ended(adoption or uuid4(), word)))
    whole = {"specversion": "1.0", "id": str(uuid4()), "source": OUTSIDE, "type": AdoptionEnded.ce_type()}
    return {**whole, **changed, "data": {**data, **changed.get("data", {})}}


async def send(client: httpx.AsyncClient, *events: Mapping[str, Any], dry_run: bool = False) -> httpx.Response:
    """One event structured, several as a batch."""
    body: object = events[0] if len(events) == 1 else events
    kind = STRUCTURED if len(events) == 1 else BATCH
    query = {"dryRun": "true"} if dry_run else {}
    return await client.post("/events", content=json.dumps(body).encode(), headers={"Content-Type": kind}, params=query)


async def items(client: httpx.AsyncClient, *events: Mapping[str, Any], dry_run: bool = False) -> list[dict[str, Any]]:
    """What came of each, when the request itself was all right."""
    answer = await send(client, *events, dry_run=dry_run)
    assert answer.status_code == (200 if dry_run else 202), answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found
