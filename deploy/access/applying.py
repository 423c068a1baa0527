"""Brings Kafka to what is declared, step by step: what is missing first, then what nobody declares any more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy import topics
from deploy.access import acls, users
from deploy.access.model import Declared, Member, declared, nobodys, outsiders_topics
from deploy.access.settings import AccessSettings
from deploy.local import passwords as kept
from shared.access import Access, read_access
from shared.messaging.brokers import Brokers, Login, lets_in
from shared.runtime.settings import NoSecret
from shared.runtime.starting import administering

Say = Callable[[str], object]
HOUR_MS = 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Step:
    """One change: what an operator reads of it, and how it is made."""

    line: str
    do: Callable[[], Awaitable[object]]


async def apply(
    settings: AccessSettings,
    members: Sequence[Member],
    say: Say,
    *,
    dry_run: bool = False,
    make_passwords: bool = False,
) -> int:
    """Makes every change that is needed, or only says them; returns how many. Done twice, the second finds none.

    `make_passwords`: first one for each user that has none, in its file.
    Raises: BadAccess, NoSecret; KafkaError, after which what is left can be done by another run.
    """
    access = read_access(settings.access_file)
    wanted = declared(members, access, settings.kept)
    guarded = settings.kafka_security != "PLAINTEXT"
    made_up = _made_up(settings, wanted.users, say, dry_run=dry_run) if guarded and make_passwords else {}
    passwords = made_up | settings.passwords(name for name in wanted.users if name not in made_up) if guarded else {}
    count = 0
    async with administering(settings.brokers, topics.WAIT_SECONDS) as admin:
        steps = [_topics(admin, outsiders(access, settings.kafka_replication, settings.kafka_min_insync))]
        steps += [_rights(admin, settings, wanted, passwords)] if guarded else []
        for some in steps:
            async for step in some:
                count += 1
                if not dry_run:
                    await topics.patiently(step.do)
                say(step.line)
        for name in nobodys(await topics.patiently(admin.list_topics), access):
            say(f"  topic {name}: nobody is declared who writes or reads it; what is in it goes by itself")
    if not guarded:
        say("  KAFKA_SECURITY is PLAINTEXT: Kafka asks nobody who they are, so there are topics and no users or rights")
    return count


def _made_up(settings: AccessSettings, names: Sequence[str], say: Say, *, dry_run: bool) -> dict[str, str]:
    """A password for each user that has none, kept in its file unless it is a dry run. Raises: NoSecret."""
    lacking = settings.without_password(names)
    for file in lacking.values():
        if not dry_run:
            try:
                kept.ensure(file.parent, [file.name])
            except OSError as error:
                raise NoSecret(f"ACCESS_PASSWORD_DIR: {file} cannot be written ({error.strerror}).") from None
        say(f"+ password {file}")
    return dict.fromkeys(lacking, "not made yet") if dry_run else {}


def outsiders(access: Access, replication: int, min_insync: int) -> list[NewTopic]:
    """The topics of all publishers, with so many copies each."""
    return [
        topics.new_topic(topic.name, topic.partitions, topic.config, replication, min_insync)
        for topic in outsiders_topics(access)
    ]


async def _topics(admin: AIOKafkaAdminClient, wanted: Sequence[NewTopic]) -> AsyncIterator[Step]:
    there = set(await topics.patiently(admin.list_topics))
    for topic in wanted:
        if topic.name not in there:
            hours = int(topic.topic_configs["retention.ms"]) // HOUR_MS
            yield Step(f"+ topic {topic.name} (kept for {hours} hours)", partial(topics.make, admin, [topic]))
    for topic, difference in await topics.patiently(partial(topics.differing, admin, wanted, there)):
        yield Step(f"~ topic {topic.name}: {difference}", partial(topics.change, admin, topic))


async def _rights(
    admin: AIOKafkaAdminClient, settings: AccessSettings, wanted: Declared, passwords: Mapping[str, str]
) -> AsyncIterator[Step]:
    there = await topics.patiently(partial(users.all_users, admin))
    entered = await topics.patiently(partial(acls.all_acls, admin))
    for step in await _let_in(admin, settings.brokers, there, passwords):
        yield step
    for acl in sorted(wanted.acls - entered):
        yield Step(f"+ {acl}", partial(acls.add, admin, acl))
    for acl in sorted(entered - wanted.acls):
        if acl.user not in settings.kept:
            yield Step(f"- {acl}", partial(acls.remove, admin, acl))
    for step in _let_out(admin, there, {*wanted.users}, settings.kept):
        yield step


async def _let_in(
    admin: AIOKafkaAdminClient, brokers: Brokers, there: users.Users, passwords: Mapping[str, str]
) -> list[Step]:
    """Who is new, or has another password. Kafka does not tell a password: it is tried."""
    known = [name for name in passwords if users.OURS in there.get(name, ())]
    tried = await asyncio.gather(*(_fits(brokers, name, passwords[name]) for name in known))
    fits = dict(zip(known, tried, strict=True))
    return [
        Step(f"~ user {name}: another password" if name in fits else f"+ user {name}", _given(admin, name, password))
        for name, password in passwords.items()
        if not fits.get(name, False)
    ]


def _given(admin: AIOKafkaAdminClient, name: str, password: str) -> Callable[[], Awaitable[None]]:
    return partial(users.give, admin, name, password)


async def _fits(brokers: Brokers, user: str, password: str) -> bool:
    return await lets_in(replace(brokers, login=Login(user, lambda: password)))


def _let_out(admin: AIOKafkaAdminClient, there: users.Users, wanted: set[str], kept: set[str]) -> Iterator[Step]:
    """Passwords of who is not declared, and those by another mechanism of who is."""
    for name, mechanisms in sorted(there.items()):
        for mechanism in sorted(mechanisms):
            if name not in kept and (name not in wanted or mechanism != users.OURS):
                way = "" if mechanism == users.OURS else " by another mechanism"
                yield Step(f"- user {name}{way}", partial(users.take, admin, name, mechanism))


def quiet() -> None:
    """aiokafka writes a line for every password that does not fit, and for every attempt to reach a broker."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
