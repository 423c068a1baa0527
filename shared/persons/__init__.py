"""The person scan: it stands before every store, log and dead letter (docs/messaging.md).

`refuse_person_data` before a store, `scrub` before a log, `scan_bytes` before a dead letter keeps its bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

from shared.persons.numbers import Kind, Span, spans
from shared.persons.records import is_written_in
from shared.persons.scan import Finding, scan, scan_bytes, scan_text
from shared.refusals import Fault, Invalid

__all__ = ["Finding", "Kind", "PersonDataFound", "refuse_person_data", "scan", "scan_bytes", "scan_text", "scrub"]

_SAYS = {
    Kind.BSN: "Hier lijkt een burgerservicenummer (BSN) te staan.",
    Kind.IBAN: "Hier staat een rekeningnummer (IBAN).",
    Kind.MOBILE: "Hier lijkt een mobiel telefoonnummer te staan.",
    Kind.MAIL: "Hier staat het mailadres van een persoon. Een algemeen adres (info@...) mag wel.",
    Kind.RECORD: "Dit zijn gegevens per persoon of per huishouden. Stuur alleen totalen.",
    Kind.OPAQUE: "Dit is ingepakt en daardoor niet te controleren.",
}


class PersonDataFound(Invalid):
    """What was sent holds data of a person. The faults name the places and never repeat what stands there."""

    title = "Er staan gegevens van personen in"

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        faults = [Fault(finding.path or "body", f"{_SAYS[finding.kind]} Haal dit weg.") for finding in findings]
        super().__init__(
            "Wij verwerken geen gegevens van personen. Er is niets opgeslagen.", tuple(dict.fromkeys(faults))
        )
        self.findings = findings


def refuse_person_data(value: object) -> None:
    """Raises: PersonDataFound, naming every place at once."""
    if findings := scan(value):
        raise PersonDataFound(findings)


def scrub(text: str) -> str:
    """A text for a log: whatever belongs to a person is replaced by what it was and how long it was.

    A text that holds a record about a person goes as a whole: its names cannot be told from its other words.
    """
    if is_written_in(text):
        return _marker(Kind.RECORD, len(text))
    while found := spans(text):
        text = "".join(_without(text, found))
    return text


def _without(text: str, found: list[Span]) -> Iterator[str]:
    """The text with a marker for each span; of spans that overlap the first one tells the kind."""
    done = 0
    for start, end, kind in found:
        if start >= done:
            yield from (text[done:start], _marker(kind, end - start))
        done = max(done, end)
    yield text[done:]


def _marker(kind: Kind, size: int) -> str:
    return f"[{kind}, {size} characters]"
