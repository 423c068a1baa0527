"""What a failed record becomes when somebody repairs it: other data in the same event, which must be right in every way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, NoReturn
from uuid import UUID

from pydantic import ValidationError

from shared.contracts.encoding import EventTooLarge, encoded
from shared.contracts.event import EventData
from shared.messaging.envelope import CONTENT_TYPE, JSON_TYPE, Arrival, Decoder, KafkaRecord, faults_of, parts_of
from shared.messaging.heard import Key
from shared.messaging.parking import ParkedRecord
from shared.messaging.refused import NotRepairable, Why
from shared.persons import PersonDataFound, refuse_person_data

IDENTITY = ("ce_id", "ce_subject", "ce_sequence")
"""What makes it this event of this entity: no repair changes these."""


@dataclass(frozen=True, slots=True)
class Repair:
    """What an operator gives: the data anew, or single values by their path ("involvements.0.relation"), and headers."""

    data: Any = None
    values: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Named:
    """Which event it is, where a record does not say so legibly."""

    subject: UUID | None = None
    sequence: int | None = None
    id: UUID | None = None

    @property
    def headers(self) -> dict[str, bytes]:
        """As headers; only what is given."""
        given = {"ce_subject": self.subject, "ce_sequence": self.sequence, "ce_id": self.id}
        return {name: str(value).encode() for name, value in given.items() if value is not None}


def fingerprint(value: bytes | None) -> str:
    """By which the audit tells one content from another."""
    return "nothing" if value is None else f"sha256 {sha256(value).hexdigest()}"


def repaired(decoder: Decoder, record: ParkedRecord, key: Key, repair: Repair) -> ParkedRecord:
    """The record as it should have been: the same event of the same entity. Raises: NotRepairable."""
    if touched := [name for name in repair.headers if name in IDENTITY]:
        raise NotRepairable(Why.OTHER_EVENT, names=", ".join(touched))
    found, value = parts_of(record)
    attributes = _attributes(decoder, found, repair, key, record)
    kind = decoder.kind_of(attributes["ce_type"])
    if kind is None:
        raise NotRepairable(Why.NO_TYPE)
    wire = _wire(kind, repair.data if repair.data is not None else _changed(value, repair.values))
    made = replace(record, value=wire, headers=tuple(attributes.items()))
    _check(decoder.decode(made), key, record)
    return made


def named(record: KafkaRecord, names: Named) -> tuple[tuple[str, bytes | None], ...]:
    """The headers of a record to which is added which event it is."""
    return tuple({**parts_of(record)[0], **names.headers}.items()) if names.headers else tuple(record.headers)


def _attributes(
    decoder: Decoder, found: Mapping[str, bytes | None], repair: Repair, key: Key, record: ParkedRecord
) -> dict[str, bytes | None]:
    given = {name: text.encode() for name, text in repair.headers.items()}
    known = found.get("ce_type")
    if decoder.kind_of(known) is not None and given.get("ce_type", known) != known:
        raise NotRepairable(Why.OTHER_TYPE)
    identity = (str(record.event_id), str(key[1]), str(record.sequence))
    same = {name: text.encode() for name, text in zip(IDENTITY, identity, strict=True)}
    return {"ce_type": None, **found, **given, CONTENT_TYPE: JSON_TYPE.encode(), **same}


def _changed(value: bytes | None, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    """The data that is there, with these values in their places."""
    try:
        data = json.loads(value or b"")
    except ValueError:
        raise NotRepairable(Why.UNREADABLE_DATA) from None
    for path, new in values.items():
        *way, last = path.split(".")
        place = data
        for step in way:
            place = _below(place, step, path)
        if isinstance(place, list):
            _below(place, last, path)
            place[int(last)] = new
        elif isinstance(place, dict):
            place[last] = new
        else:
            _nowhere(path)
    return data


def _below(place: Any, step: str, path: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        return place[int(step) if isinstance(place, list) else step]
    except (KeyError, IndexError, TypeError, ValueError):
        _nowhere(path)


def _nowhere(path: str) -> NoReturn:
    raise NotRepairable(Why.NO_SUCH_PLACE, path=path)


def _wire(kind: type[EventData], data: Any) -> bytes:  # noqa: ANN401 - any JSON
    """The data as it travels, if it is right. Raises: NotRepairable."""
    try:
        refuse_person_data(data)
        return encoded(kind.model_validate_json(json.dumps(data)))
    except PersonDataFound as found:
        raise NotRepairable(Why.PERSON, names=", ".join(fault.field for fault in found.faults)) from None
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        raise NotRepairable(Why.WRONG_DATA, faults, kind=kind.__name__, fault=faults_of(error)) from None
    except EventTooLarge as error:
        raise NotRepairable(Why.TOO_LARGE, size=error.size) from None


def _check(decoded: object, key: Key, record: ParkedRecord) -> None:
    """That it would now be heard, as the same event. Raises: NotRepairable."""
    if not isinstance(decoded, Arrival) or decoded.event is None or decoded.fault is not None:
        fault = getattr(decoded, "fault", None) or getattr(decoded, "reason", None)
        raise NotRepairable(Why.FAILS_AGAIN, fault=fault or "its fact is heard in another version now")
    if (decoded.stream, decoded.entity) != key or (decoded.sequence, decoded.id) != (record.sequence, record.event_id):
        raise NotRepairable(Why.OTHER_EVENT, names=", ".join(IDENTITY))
