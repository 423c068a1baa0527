"""What an operator asks and cannot be done, by name: the command line says it in English, the web in Dutch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum, auto
from typing import Any


class Why(StrEnum):
    """Why it cannot be done."""

    OTHER_EVENT = auto()
    OTHER_TYPE = auto()
    NO_TYPE = auto()
    HEARD_AS_ANOTHER = auto()
    UNREADABLE_DATA = auto()
    NO_SUCH_PLACE = auto()
    PERSON = auto()
    WRONG_DATA = auto()
    TOO_LARGE = auto()
    FAILS_AGAIN = auto()
    NO_BYTES = auto()
    ILLEGIBLE = auto()
    OTHER_VERSION = auto()
    DISCARDED = auto()
    WAITS_AS_ANOTHER = auto()


SENTENCES: Mapping[Why, str] = {
    Why.OTHER_EVENT: "A repair keeps {names}: it stays the same event of the same entity.",
    Why.OTHER_TYPE: "A repair keeps the type of an event that can be heard.",
    Why.NO_TYPE: "Nothing here hears its type. Give the right one as header ce_type, or discard it.",
    Why.HEARD_AS_ANOTHER: "Version {sequence} was heard as another event: one of the two is to be discarded.",
    Why.UNREADABLE_DATA: "Its data cannot be read, so that no single value can be set: give all of it.",
    Why.NO_SUCH_PLACE: "There is nothing at {path} in its data.",
    Why.PERSON: "A person is recognisable in {names}.",
    Why.WRONG_DATA: "It is no {kind}: {fault}.",
    Why.TOO_LARGE: "It would have {size} bytes, which is too much for one event.",
    Why.FAILS_AGAIN: "It would fail again: {fault}.",
    Why.NO_BYTES: "Its bytes were not kept. Have its owner tell it again, then discard it.",
    Why.ILLEGIBLE: "{fault}. Say whose it is (subject, sequence, id), or discard it.",
    Why.OTHER_VERSION: "Its fact is heard in another version. Discard it.",
    Why.DISCARDED: (
        "Version {sequence} of {entity} was discarded before. Nothing is heard for it any more: discard this letter too."
    ),
    Why.WAITS_AS_ANOTHER: (
        "Version {sequence} of {entity} waits as another event. Release that one and discard this letter, or repair that "
        "one with the data of this letter."
    ),
}


class Refused(Exception):
    """`details` fill the sentence. `faults` are those of the data, as pydantic names them: loc, type, msg, ctx."""

    def __init__(self, why: Why, faults: Sequence[Mapping[str, Any]] = (), **details: object) -> None:
        super().__init__(SENTENCES[why].format_map(details))
        self.why, self.faults, self.details = why, tuple(faults), details


class NotRepairable(Refused):
    """What was given does not make it right."""


class NotReplayable(Refused):
    """A dead letter that cannot be heard after all."""
