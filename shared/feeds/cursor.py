"""Where a reader of a log stands: opaque to them, and held against the log whenever they come back with it."""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Self

from shared.refusals import Fault, Invalid

LONGEST_CURSOR = 200
SEPARATOR = "."
CHECK_DIGITS = 12
CHECK = re.compile(rf"([0-9a-f]{{{CHECK_DIGITS}}})?")


class ForeignCursor(Invalid):
    """A cursor that was not given out here, or before the log was restored from a back-up that did not have its line."""

    title = "Deze cursor hoort niet bij deze stroom"

    def __init__(self, field: str = "after") -> None:
        super().__init__(
            "De cursor is niet van ons, of hij is van voor een herstel van de gegevens.",
            [Fault(field, "Haal /v1/snapshot opnieuw op en ga verder met de cursor die daar staat.")],
        )


@dataclass(frozen=True, slots=True)
class Place:
    """After the line with this position, the first of which is 1. `check` tells that line from any other.

    So a cursor of another installation is known, and one of a log that was restored without the line.
    """

    position: int = 0
    check: str = ""

    @classmethod
    def after(cls, position: int, *identity: object) -> Self:
        """The place after a line, by what makes it that line."""
        told = SEPARATOR.join(map(str, identity))
        return cls(position, hashlib.sha256(told.encode()).hexdigest()[:CHECK_DIGITS])

    @property
    def cursor(self) -> str:
        """What a reader is given."""
        return encoded("place", self.position, self.check)

    @classmethod
    def of(cls, cursor: str | None, field: str = "after") -> Self:
        """The place that a cursor tells; without one, the beginning. Raises: ForeignCursor."""
        if cursor is None:
            return cls()
        position, check = decoded("place", cursor, 2, field)
        return cls.told(position, check, field)

    @classmethod
    def told(cls, position: str, check: str, field: str = "after") -> Self:
        """The place of these two parts of a cursor. Raises: ForeignCursor."""
        if not (position.isascii() and position.isdigit() and len(position) < 19 and CHECK.fullmatch(check)):
            raise ForeignCursor(field)
        return cls(int(position), check)


def encoded(kind: str, *parts: object) -> str:
    """An opaque text of these parts, none of which has a full stop in it."""
    return urlsafe_b64encode(SEPARATOR.join(map(str, (kind, *parts))).encode()).decode().rstrip("=")


def decoded(kind: str, cursor: str, count: int, field: str = "after") -> list[str]:
    """The parts of an opaque text of this kind. Raises: ForeignCursor."""
    try:
        found = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii").split(SEPARATOR)
    except ValueError:
        raise ForeignCursor(field) from None
    if found[0] != kind or len(found) != count + 1 or encoded(*found) != cursor:
        raise ForeignCursor(field)
    return found[1:]
