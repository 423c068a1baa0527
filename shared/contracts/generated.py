"""Everything that is written down from the registry and the events: schemas, AsyncAPI, topics, and pages for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.contracts import refusal
from shared.contracts.asyncapi import asyncapi
from shared.contracts.event_page import event_page, page_name
from shared.contracts.page import events_page
from shared.contracts.parties import Parties
from shared.contracts.registry import EVENTS
from shared.contracts.schemas import file_name, schema_of
from shared.contracts.topics import topics_file

SCHEMAS = Path("shared/contracts/schemas")
PAGES = Path("docs/events")


def generated(parties: Parties, version: str) -> Mapping[Path, str]:
    """Path in the project -> what must stand there. The same code gives the same bytes."""
    schemas = {SCHEMAS / file_name(declared.event): _json(schema_of(declared.event)) for declared in EVENTS}
    pages = {PAGES / page_name(declared): event_page(declared, parties) for declared in EVENTS}
    pages[PAGES / refusal.PAGE] = refusal.refusal_page()
    return {
        **schemas,
        **pages,
        Path("docs/asyncapi.json"): _json(asyncapi(parties, version)),
        Path("docs/events.md"): events_page(parties),
        Path("deploy/kafka/topics.yaml"): topics_file(),
    }


def stale(root: Path, files: Mapping[Path, str]) -> list[Path]:
    """What in the project differs from what must stand there: missing, changed, or of an event that is gone."""
    differing = [path for path, text in files.items() if not _reads(root / path, text)]
    of_events = [*sorted((root / SCHEMAS).glob("*.json")), *sorted((root / PAGES).glob("*.md"))]
    left_over = [path.relative_to(root) for path in of_events]
    return differing + [path for path in left_over if path not in files]


def write(root: Path, files: Mapping[Path, str]) -> list[Path]:
    """Puts right what is stale, and says what that was."""
    written = stale(root, files)
    for path in written:
        if path in files:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(files[path], encoding="utf-8")
        else:
            (root / path).unlink()
    return written


def _reads(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
