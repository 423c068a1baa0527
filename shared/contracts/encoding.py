"""An event's data as bytes on the wire: compact JSON, camelCase, what is empty left out; at most 64 KB (NL GOV profile)."""

from __future__ import annotations

from shared.contracts.event import EventData
from shared.refusals import Invalid

MAX_DATA_BYTES = 65_536


class EventTooLarge(Invalid):
    """What would be told does not fit into one event."""

    title = "Het bericht is te groot"

    def __init__(self, data: EventData, size: int) -> None:
        super().__init__(
            f"{type(data).__name__} van {data.entity} is {size} bytes; het mag hoogstens {MAX_DATA_BYTES} bytes zijn. "
            "Kort de teksten in, of verwijs met een link."
        )


def encoded(data: EventData) -> bytes:
    """The data as it travels. Raises: EventTooLarge."""
    wire: bytes = data.__pydantic_serializer__.to_json(data, by_alias=True, exclude_none=True)
    if len(wire) > MAX_DATA_BYTES:
        raise EventTooLarge(data, len(wire))
    return wire
