"""Who may do what in Kafka: what follows from what services declare and from access.yaml. Nobody may anything else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from shared.access import Access, BadAccess, Publisher, Subscriber
from shared.access.model import INBOUND, REFUSALS
from shared.contracts.event import Stream
from shared.contracts.registry import EVENTS, TOPIC_SETTINGS

DAY_MS = 24 * 60 * 60 * 1000
INBOUND_KEPT_MS, REFUSALS_KEPT_MS = DAY_MS, 30 * DAY_MS
"""What came in was taken or refused within moments; who publishes may have been away for a while."""
OWNERS: Mapping[str, str] = {declared.event.TYPE: declared.owner for declared in EVENTS}


class Operation(IntEnum):
    """What may be done, as Kafka's protocol numbers it. READ and WRITE let see that the thing exists (DESCRIBE) too."""

    READ = 3
    WRITE = 4
    DESCRIBE_CONFIGS = 10


class Resource(IntEnum):
    """With what."""

    TOPIC = 2
    GROUP = 3


class Pattern(IntEnum):
    """Whether a name is meant, or all names that begin with it."""

    LITERAL = 3
    PREFIXED = 4


class Permission(IntEnum):
    """What an entry says about it."""

    DENY = 2
    ALLOW = 3


@dataclass(frozen=True, slots=True, order=True)
class Acl:
    """One entry as Kafka keeps it. What somebody else entered may have numbers that are not ours."""

    principal: str
    resource: int
    name: str
    operation: int
    pattern: int = Pattern.LITERAL
    permission: int = Permission.ALLOW
    host: str = "*"

    @property
    def user(self) -> str:
        """Whom it is about."""
        return self.principal.removeprefix("User:")

    def __str__(self) -> str:
        """For an operator."""
        may = "may" if self.permission == Permission.ALLOW else "may not"
        kind = _called(Resource, self.resource).lower()
        what = f"{kind} {self.name}" if self.pattern == Pattern.LITERAL else f"{kind}s that begin with {self.name}"
        place = "" if self.host == "*" else f" from {self.host}"
        return f"{self.user} {may} {_called(Operation, self.operation)} {what}{place}"


def _called(kind: type[IntEnum], number: int) -> str:
    return kind(number).name if number in set(kind) else f"{kind.__name__.upper()}_{number}"


@dataclass(frozen=True, slots=True)
class Member:
    """A service, as its declaration describes it: its name, the topics that it writes, and those that it hears."""

    name: str
    says: Collection[str]
    hears: Collection[str]


@dataclass(frozen=True, slots=True)
class OutsidersTopic:
    """A topic between an outsider and the platform.

    One partition: what somebody publishes is taken in its order, whatever its keys.
    """

    name: str
    kept_ms: int
    partitions: int = 1

    @property
    def config(self) -> dict[str, str]:
        """What Kafka is to be told of it."""
        return {name: str(value) for name, value in TOPIC_SETTINGS.items()} | {"retention.ms": str(self.kept_ms)}


@dataclass(frozen=True, slots=True)
class Declared:
    """All that is to be in Kafka: users, entries and outsiders' topics."""

    users: Sequence[str]
    acls: frozenset[Acl]
    topics: Sequence[OutsidersTopic] = field(default_factory=tuple)


def declared(members: Sequence[Member], access: Access, kept: Collection[str]) -> Declared:
    """What follows. `kept` are users that are not ours to change. Raises: BadAccess when an outsider has another's name."""
    users = [*(member.name for member in members), *access.publishers, *access.subscribers]
    if taken := sorted({*access.publishers, *access.subscribers} & ({member.name for member in members} | set(kept))):
        raise BadAccess(f"{', '.join(taken)}: a service or an operator has this name. Give the outsider another one.")
    acls = [
        *(acl for member in members for acl in _of_member(member, access)),
        *(acl for publisher in access.publishers.values() for acl in _of_publisher(publisher)),
        *(acl for subscriber in access.subscribers.values() for acl in _of_subscriber(subscriber)),
    ]
    return Declared(users, frozenset(acls), outsiders_topics(access))


def outsiders_topics(access: Access) -> list[OutsidersTopic]:
    """For each publisher one a type that it may publish, and one that says what was refused."""
    return [
        topic
        for publisher in access.publishers.values()
        for topic in (
            *(OutsidersTopic(name, INBOUND_KEPT_MS) for name in publisher.inbound_topics),
            OutsidersTopic(publisher.refusals_topic, REFUSALS_KEPT_MS),
        )
    ]


def nobodys(topics: Iterable[str], access: Access) -> list[str]:
    """Outsiders' topics of those that there are, that belong to nobody any more."""
    known = {topic.name for topic in outsiders_topics(access)}
    return sorted(name for name in topics if name.startswith((INBOUND, REFUSALS)) and name not in known)


def _of_member(member: Member, access: Access) -> Iterator[Acl]:
    """A service looks at how its topics are set before it starts; what it says it reads too, to know it again."""
    for topic in sorted({*member.says, *member.hears}):
        yield from _may(member.name, topic, Operation.READ, Operation.DESCRIBE_CONFIGS)
    for topic in sorted(member.says):
        yield from _may(member.name, topic, Operation.WRITE)
    yield _group(member.name, member.name, Pattern.LITERAL)
    for publisher in access.publishers.values():
        taken = [right.event for right in publisher.rights if OWNERS[right.event] == member.name]
        if taken:
            yield _group(member.name, f"{member.name}.inbound", Pattern.LITERAL)
            yield from _may(member.name, publisher.refusals_topic, Operation.WRITE)
        for event in taken:
            yield from _may(member.name, publisher.inbound_topic(event), Operation.READ)


def _of_publisher(publisher: Publisher) -> Iterator[Acl]:
    for topic in publisher.inbound_topics:
        yield from _may(publisher.name, topic, Operation.WRITE)
    yield from _may(publisher.name, publisher.refusals_topic, Operation.READ)
    yield _group(publisher.name, f"{publisher.name}.", Pattern.PREFIXED)


def _of_subscriber(subscriber: Subscriber) -> Iterator[Acl]:
    for stream in sorted(subscriber.streams):
        yield from _may(subscriber.name, Stream[stream.upper()].topic, Operation.READ)
    yield _group(subscriber.name, subscriber.group_prefix, Pattern.PREFIXED)


def _may(user: str, topic: str, *operations: Operation) -> Iterator[Acl]:
    return (Acl(f"User:{user}", Resource.TOPIC, topic, operation) for operation in operations)


def _group(user: str, name: str, pattern: Pattern) -> Acl:
    return Acl(f"User:{user}", Resource.GROUP, name, Operation.READ, pattern)
