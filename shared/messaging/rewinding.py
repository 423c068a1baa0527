"""Where a service is in the log, and how an operator sends it back to the beginning: whatever was heard is dropped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupIdNotFound, for_code

from shared.messaging.audit import Act, fence, record
from shared.messaging.looking import NotThere
from shared.storage import Transaction

PLACES = "select topic, part, next, cluster, event_id from positions order by topic, part"
OF = "select part from positions where topic = $1 and part = coalesce($2, part) order by part for update"
FORGET = "delete from positions where topic = $1 and part = coalesce($2, part)"


class StillHearing(Exception):
    """A replica that hears would go on where it is, and write its place anew."""

    def __init__(self, service: str, members: int) -> None:
        super().__init__(
            f"{members} replica(s) of {service} still hear. Stop all of them first; start them again afterwards. "
            "One that was killed counts for ten more seconds."
        )


async def places(tx: Transaction) -> Sequence[tuple[Any, ...]]:
    """Topic, partition, next offset, cluster and the event before it."""
    return [tuple(row.values()) for row in await tx.fetch(PLACES)]


async def members(admin: AIOKafkaAdminClient, group: str) -> int:
    """How many members a consumer group has. Raises: KafkaError."""
    count = 0
    for answer in await admin.describe_consumer_groups([group]):
        for code, _, _, _, _, described, *_ in answer.groups:
            if code and for_code(code) is not GroupIdNotFound:
                raise for_code(code)(group)
            count += len(described)
    return count


async def rewind(tx: Transaction, act: Act, topic: str, partition: int | None, *, dry_run: bool = False) -> str:
    """Forgets where we are in a topic, or in one partition of it. No replica may hear meanwhile. Raises: NotThere, Busy."""
    await fence(tx, f"places {topic}")
    found = [row["part"] for row in await tx.fetch(OF, topic, partition)]
    if not found:
        raise NotThere(f"This service has no place in {topic}. See `places list`.")
    outcome = f"{topic} is read from its beginning in partition(s) {', '.join(map(str, found))}"
    if not dry_run:
        await tx.execute(FORGET, topic, partition)
        await record(tx, act, "places rewind", topic, outcome)
    return outcome
