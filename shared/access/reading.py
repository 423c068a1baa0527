"""Reads deploy/kafka/access.yaml, and says everything that is wrong with it at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from shared.access.model import Access, BadAccess, Publisher, Right, Scope, Subscriber
from shared.contracts.event import GemeenteCode, Stream
from shared.contracts.registry import EVENTS

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
Oin = Annotated[str, StringConstraints(pattern=r"^[0-9]{20}$")]
Named = Literal["all"] | list[UUID]


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Right(_Declared):
    event: str
    gemeenten: Literal["all"] | list[GemeenteCode] = []
    projects: Named = []
    organisations: Named = []
    delegation: Annotated[str, StringConstraints(min_length=3, max_length=200)] | None = None

    def read(self) -> Right:
        """As the rest of the platform knows it."""
        return Right(
            self.event, _scope(self.gemeenten), _scope(self.projects), _scope(self.organisations), self.delegation
        )


class _Publisher(_Declared):
    name: Name
    oin: Oin
    publishes: Annotated[list[_Right], Field(min_length=1)]


class _Subscriber(_Declared):
    name: Name
    streams: Annotated[list[str], Field(min_length=1)] = ["releases"]


class _File(_Declared):
    publishers: list[_Publisher] = []
    subscribers: list[_Subscriber] = []


def read_access(file: Path) -> Access:
    """Who is declared in this file. Raises: BadAccess."""
    try:
        declared = _File.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    except OSError as error:
        raise BadAccess(f"{file} cannot be read ({error.strerror}).") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadAccess(f"{file} is no YAML: {error}") from None
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_url=False))
        raise BadAccess(f"{file}: {'; '.join(faults)}") from None
    if wrong := list(_faults(declared)):
        raise BadAccess(f"{file}: {'; '.join(wrong)}")
    return Access(
        {
            one.name: Publisher(one.name, one.oin, tuple(right.read() for right in one.publishes))
            for one in declared.publishers
        },
        {one.name: Subscriber(one.name, frozenset(one.streams)) for one in declared.subscribers},
    )


def _faults(declared: _File) -> Iterator[str]:
    named = Counter([one.name for one in declared.publishers] + [one.name for one in declared.subscribers])
    for name, count in named.items():
        if count > 1:
            yield f"{name} is declared {count} times: a name is one user and one client"
    known, streams = {one.event.TYPE for one in EVENTS}, {stream.name.lower() for stream in Stream}
    for publisher in declared.publishers:
        events = Counter(right.event for right in publisher.publishes)
        yield from (f"{publisher.name}: there is no event {event}" for event in events if event not in known)
        yield from (
            f"{publisher.name}: {event} stands there {count} times" for event, count in events.items() if count > 1
        )
        for right in publisher.publishes:
            if right.event == "project-assessed" and right.delegation is None:
                yield f"{publisher.name}: project-assessed needs `delegation`: the board's decision that lets it assess"
    for subscriber in declared.subscribers:
        yield from (
            f"{subscriber.name}: there is no stream {name}" for name in subscriber.streams if name not in streams
        )


def _scope(names: Literal["all"] | list[GemeenteCode] | list[UUID]) -> Scope:
    return Scope(everything=True) if names == "all" else Scope(frozenset(map(str, names)))
