"""The person scan: nothing in which a person could be recognised is stored, told or logged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from shared.refusals import Fault, Invalid

_NINE = re.compile(rb"(?<![0-9a-fA-F-])\d{9}(?![0-9a-fA-F-])")
_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)


@dataclass(frozen=True, slots=True)
class Finding:
    """Where something personal stands; never what."""

    field: str
    reason: str


class PersonDataFound(Invalid):
    """What was sent tells of a person."""

    title = "Hierin staan persoonsgegevens"

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(
            "Haal de persoonsgegevens eruit en probeer het opnieuw.", [Fault(f.field, f.reason) for f in findings]
        )


def _is_bsn(digits: bytes) -> bool:
    total = sum(weight * (digit - 48) for weight, digit in zip(_WEIGHTS, digits, strict=True))
    return digits != b"000000000" and total % 11 == 0


def scan_bytes(raw: bytes) -> tuple[Finding, ...]:
    """What looks like a person in bytes of any encoding."""
    return tuple(Finding("", "burgerservicenummer") for found in _NINE.findall(raw) if _is_bsn(found))


def scrub(text: str) -> str:
    """The text with what looks like a person taken out."""
    return _NINE.sub(lambda found: b"[bsn]" if _is_bsn(found.group()) else found.group(), text.encode()).decode()
