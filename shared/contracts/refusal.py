"""What a publisher reads of what was refused, for people and for programs: `publication-refused.v1`, which is no event of ours.

It has no entity and no sequence: it is told to one publisher, on a topic that nobody else may read.
"""

from __future__ import annotations

import json
from typing import Any

from shared.contracts.cloudevents import UUID_TEXT
from shared.contracts.field_tables import fields_of
from shared.contracts.markdown import GENERATED, listed
from shared.contracts.publication_refused import PublicationRefused
from shared.contracts.schemas import Schema, inlined, schema_named

PAGE = "publication-refused.v1.md"
HEADERS: Schema = {
    "type": "object",
    "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "content-type"],
    "properties": {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {**UUID_TEXT, "description": "The publication; the same one may be told more than once."},
        "ce_source": {"type": "string", "description": "The service that refused it."},
        "ce_type": {"type": "string", "const": PublicationRefused.TYPE},
        "ce_subject": {**UUID_TEXT, "description": "The publication."},
        "ce_time": {"type": "string", "format": "date-time", "description": "When it came, in UTC."},
        "content-type": {"type": "string", "const": "application/json"},
    },
}
EXAMPLE: dict[str, Any] = {
    "publication": "019bd2f0-4c00-7000-8000-000000000040",
    "source": "https://subsidies.voorbeeld-fonds.nl",
    "id": "2026-0042",
    "type": "nl.schuldhulpprojecten.funding-secured.v1",
    "via": "kafka",
    "place": "inbound.voorbeeld-fonds.funding-secured/0/41",
    "receivedAt": "2026-04-01T09:30:00Z",
    "problem": {
        "type": "https://schuldhulpprojecten.nl/problems/not-yours",
        "title": "Dit valt buiten wat u mag publiceren",
        "status": 403,
        "detail": "U mag voor gemeente GM0268 geen gebeurtenissen van dit type publiceren.",
        "errors": [
            {
                "field": "data.adoption",
                "message": "Uw recht dekt gemeente GM0268 niet. Vraag de beheerder van het platform om uitbreiding.",
            }
        ],
    },
}


def refusal_schema() -> Schema:
    """The JSON Schema of what is told."""
    return schema_named("https://schuldhulpprojecten.nl/schemas/publication-refused.v1.json", PublicationRefused)


def refusal_page() -> str:
    """The page about it, in Markdown."""
    schema = refusal_schema()
    facts = [
        ("type", f"`{PublicationRefused.TYPE}`"),
        ("topic", "`refusals.<publisher>`, which only that publisher may read"),
        ("subject and key", "the publication"),
        ("said by", "the service that refused it"),
        ("delivery", "at least once: a publication that was read before is a repeat"),
    ]
    example = json.dumps(EXAMPLE, indent=2, ensure_ascii=False)
    return "\n".join(
        [
            f"{GENERATED}\n# PublicationRefused\n\n{schema['description']}\n",
            listed(facts),
            *fields_of(schema),
            f"## Example\n\nInvented.\n\n```json\n{example}\n```\n",
        ]
    )


def refusal_message() -> dict[str, Any]:
    """The message of the AsyncAPI document."""
    payload = inlined(refusal_schema())
    headers = {
        "ce_specversion": "1.0",
        "ce_id": EXAMPLE["publication"],
        "ce_source": "urn:nld:oin:00000099000000000001:systeem:matching",
        "ce_type": PublicationRefused.TYPE,
        "ce_subject": EXAMPLE["publication"],
        "ce_time": EXAMPLE["receivedAt"],
        "content-type": "application/json",
    }
    return {
        "name": "PublicationRefused",
        "title": PublicationRefused.TYPE,
        "summary": "An event from outside was refused: why, which field, and what to do.",
        "description": payload["description"],
        "contentType": "application/json",
        "tags": [{"name": "publisher"}],
        "headers": HEADERS,
        "payload": payload,
        "examples": [{"name": "invented", "headers": headers, "payload": EXAMPLE}],
    }
