"""What comes is weighed before anything is done or kept: is it whole, is it free of persons, may this publisher say it?"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from shared.access import Publisher, Right
from shared.contracts.encoding import MAX_DATA_BYTES
from shared.contracts.event import EventData
from shared.contracts.registry import TOPICS, event_named
from shared.persons import PersonDataFound, scan, scan_text
from shared.publishing.arriving import NO_DATA, Came, canonical
from shared.publishing.covering import require_covered
from shared.publishing.taking import Taking
from shared.refusals import Fault, Forbidden, Invalid, Refusal
from shared.web.faults import faults_of

MOST_FAULTS = 50
NO_PERSON_IN_IT = "Hier lijkt een gegeven van een persoon te staan. Gebruik een kenmerk zonder zulke gegevens."
TOO_LARGE = "Dit is te groot: hoogstens 64.000 bytes mogen er zijn. Kort de teksten in, of verwijs met een link."
OF_PERSONS = hashlib.sha256(b"held data of persons").digest()
"""The fingerprint of whatever held data of persons: not even a hash of that is kept."""

Takings = Mapping[str, Taking]
"""What a service takes, by the CloudEvents type."""


class BadEvent(Invalid):
    """An event that is not whole, or not well-formed."""

    title = "De gebeurtenis klopt niet"


class NotDeclared(Forbidden):
    """Somebody with the role, whom nobody declared."""

    title = "Uw systeem is hier niet bekend als aanleverend systeem"

    def __init__(self) -> None:
        super().__init__(
            "Uw systeem staat niet in de lijst van systemen die mogen publiceren. "
            "Vraag de beheerder van het platform om het daarin op te nemen (access.yaml)."
        )


class NoRight(Forbidden):
    """A publisher, but not of this type of event."""

    title = "U mag gebeurtenissen van dit type niet publiceren"

    def __init__(self, event: str) -> None:
        super().__init__(
            f"Uw systeem heeft geen recht op {event}. Vraag de beheerder van het platform om dat recht.",
            [Fault("type", "Voor dit type heeft u geen recht.")],
        )


@dataclass(frozen=True, slots=True)
class Ready:
    """What may be offered to its owner."""

    publisher: Publisher
    taking: Taking
    right: Right
    data: EventData


@dataclass(frozen=True, slots=True)
class Weighed:
    """An event and what is to be done with it: offered, or refused. `source` and `id` are None where it has none to go by."""

    publisher: str
    source: str | None
    id: str | None
    type: str | None
    fingerprint: bytes
    outcome: Ready | Refusal


def weighed(came: Came, name: str, publisher: Publisher | None, takes: Takings, only: str | None = None) -> Weighed:
    """Weighs what came from the publisher of this name, which is None where nobody declared it.

    `only`: the event that belongs on the topic on which it came.
    """
    came, personal = _without_persons(came)
    wire = b"" if came.data is NO_DATA else canonical(came.data)
    found = () if len(wire) > MAX_DATA_BYTES else scan(came.data if came.data is not NO_DATA else None)
    print_ = OF_PERSONS if found else hashlib.sha256(f"{came.type}\n".encode() + wire).digest()
    try:
        if found:
            raise within_data(PersonDataFound(found))
        taking = _taking(came, takes, only, personal)
        data, faults = _read(taking, came, wire)
        if data is None or personal or came.faults:
            raise _bad([*personal, *came.faults, *faults])
        outcome: Ready | Refusal = _allowed(taking, publisher, data)
    except Refusal as refusal:
        outcome = refusal
    return Weighed(name, came.source, came.id, came.type, print_, outcome)


def _without_persons(came: Came) -> tuple[Came, list[Fault]]:
    """Without attributes in which a person may be recognised: they are kept, and told."""
    attributes = {"source": came.source, "id": came.id, "type": came.type}
    personal = {name for name, text in attributes.items() if text is not None and scan_text(text)}
    clean = {name: None if name in personal else text for name, text in attributes.items()}
    return Came(**clean, data=came.data, faults=came.faults), [
        Fault(name, NO_PERSON_IN_IT) for name in sorted(personal)
    ]


def _taking(came: Came, takes: Takings, only: str | None, personal: Sequence[Fault]) -> Taking:
    """Raises: BadEvent, with all that can be said of an event of which the type is not taken."""
    if came.type is None:
        raise _bad([*personal, *came.faults])
    taking = takes.get(came.type)
    if taking is not None and only in (None, taking.event.TYPE):
        return taking
    here = sorted(kind for kind, each in takes.items() if only in (None, each.event.TYPE))
    fault = Fault("type", f"{_elsewhere(came.type)}Hier kan alleen: {', '.join(here) or 'niets'}.")
    raise _bad([*personal, *came.faults, fault])


def _elsewhere(ce_type: str) -> str:
    """Who does take it, if anybody is known to."""
    known = event_named(ce_type)
    return f"Dit type is van de service {TOPICS[known.STREAM].owner}. " if known else "Dit type kennen wij hier niet. "


def _read(taking: Taking, came: Came, wire: bytes) -> tuple[EventData | None, list[Fault]]:
    """The data as its owner reads it, or all that is wrong with it."""
    if came.data is NO_DATA:
        return None, []
    if len(wire) > MAX_DATA_BYTES:
        return None, [Fault("data", TOO_LARGE)]
    try:
        read: EventData = taking.event.__pydantic_validator__.validate_json(wire)
    except ValidationError as error:
        body = came.data
        errors = [{**each, "loc": ("body", *each["loc"])} for each in error.errors(include_url=False)]
        return None, [in_data(fault) for fault in faults_of(errors, body)]
    return read, []


def _allowed(taking: Taking, publisher: Publisher | None, data: EventData) -> Ready:
    """Raises: NotDeclared, NoRight, NotYours."""
    if publisher is None:
        raise NotDeclared
    right = publisher.right_to(taking.event.TYPE)
    if right is None:
        raise NoRight(taking.event.TYPE)
    try:
        require_covered(right, data)
    except Refusal as refusal:
        raise within_data(refusal) from None
    return Ready(publisher, taking, right, data)


def _bad(faults: Sequence[Fault]) -> BadEvent:
    named = tuple(dict.fromkeys(faults))[:MOST_FAULTS]
    count = "Er is 1 fout" if len(named) == 1 else f"Er zijn {len(named)} fouten"
    return BadEvent(f"{count} gevonden. Bij elke fout staat om welk veld het gaat.", named)


def in_data(fault: Fault) -> Fault:
    """A fault in the data of an event, with its place in the event."""
    field = fault.field
    return Fault("data" if field in ("", "body", "data") else f"data.{field}", fault.message)


def within_data(refusal: Refusal) -> Refusal:
    """A refusal of what the data says, with the places of its faults as they are in the event."""
    refusal.faults = tuple(in_data(fault) for fault in refusal.faults)[:MOST_FAULTS]
    return refusal


def takings_of(takes: Sequence[Taking]) -> dict[str, Taking]:
    """By the CloudEvents type."""
    return {taking.event.ce_type(): taking for taking in takes}
