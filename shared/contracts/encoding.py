"""An event's data as bytes on the wire: compact JSON, camelCase, what is empty left out; at most 64 KB (NL GOV profile)."""

from __future__ import annotations

from shared.contracts.event import EventData
from shared.refusals import Invalid

MAX_DATA_BYTES = 64_000
"""A whole event may have 64 KB, which every intermediary must forward (NL GOV profile for CloudEvents, Size Limits).

What is left of it is for the attributes, which have about 1,000 bytes at most.
"""


class EventTooLarge(Invalid):
    """What would be told does not fit into one event: its texts must become shorter, or links."""

    title = "Het bericht is te groot"

    def __init__(self, data: EventData, size: int) -> None:
        super().__init__(
            f"Dit is samen {_grouped(size)} bytes, en het mogen er hoogstens {_grouped(MAX_DATA_BYTES)} zijn. "
            "Kort de teksten in, of verwijs met een link."
        )
        self.ce_type = data.ce_type()
        self.size = size


def encoded(data: EventData) -> bytes:
    """The data as it travels. A field that is None is left out: for whoever hears it, None is its default.

    Raises: EventTooLarge.
    """
    wire: bytes = data.__pydantic_serializer__.to_json(data, by_alias=True, exclude_none=True)
    if len(wire) > MAX_DATA_BYTES:
        raise EventTooLarge(data, len(wire))
    return wire


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", ".")
