"""What a publisher reads on its topic `refusals.<publisher>`: an event of its own that was refused, why, and what to do."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Wire


class WrongField(Wire):
    """A place in the event, and what to do about it."""

    field: str
    """The place: an attribute, or `data.` and the field."""
    message: str
    """What is wrong with it and what to do, in Dutch."""


class Refused(Wire):
    """Why it was refused (RFC 9457)."""

    type: str
    """Which kind of refusal it is; stays the same."""
    title: str
    """The same for every refusal of this type, in Dutch."""
    status: int
    """The HTTP status that says the same: 400, 403, 404, 409; 500 is our own fault."""
    detail: str
    """What happened this time and what to do, in Dutch."""
    errors: tuple[WrongField, ...] = ()
    """All that is wrong, at once."""
    reference: str | None = None
    """Where we find it in our log."""


class PublicationRefused(Wire):
    """An event that came from outside and was refused. It is told at least once; `publication` says which are the same.

    It travels in binary mode: `ce_id` and the key are the publication, `ce_type` is TYPE.
    """

    TYPE: ClassVar[str] = "nl.schuldhulpprojecten.publication-refused.v1"

    publication: UUID
    """The publication: to be looked up at `GET /v1/publications/{publication}` of the service that says this."""
    source: str | None = None
    """The event's own source; absent where it could not be read."""
    id: str | None = None
    """The event's own id; absent where it could not be read."""
    type: str | None = None
    """The event's own type; absent where it could not be read."""
    via: str
    """The way by which it came: http or kafka."""
    place: str | None = None
    """Topic, partition and offset of what came over Kafka."""
    received_at: datetime
    """When it came, in UTC."""
    problem: Refused
    """Why, and what to do."""
