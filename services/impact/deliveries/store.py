"""The tables of webhooks, as those who deliver claim and move them: many webhooks a statement, a few statements a turn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.impact.webhooks.model import ATTEMPTS_KEPT, ErrandKind
from shared.feeds.delivering_metrics import Standing
from shared.feeds.delivering_round import Outcome, Waiting
from shared.feeds.outbound import Answer
from shared.storage import Transaction, rows

# Claims go by the database's clock, which all replicas share. Whoever had a turn longest ago comes first.
CLAIM = """
with due as (
  select id from webhook
  where state = 'actief' and is_slow = $1 and (claimed_until is null or claimed_until < clock_timestamp())
    and (resting_until is null or resting_until <= $2) and (cursor < $3 or due_at <= $2) and subscriber = any($7)
  order by turn_at nulls first limit $4 for no key update skip locked)
update webhook w set claimed_by = $5, claimed_until = clock_timestamp() + $6 * interval '1 second', turn_at = clock_timestamp()
from due where w.id = due.id
returning w.id, w.address, w.gemeente, w.province, w.project, w.indicator, w.cursor, w.revision, w.is_slow, w.setbacks,
  w.failing_since
"""
WAITING = """
select webhook, position, block as key, attempts, first_at, next_at from webhook_waiting
where webhook = any($1) and dead_at is null order by webhook, position
"""
SECRETS = """
select webhook, secret from webhook_secret where webhook = any($1) and (valid_until is null or valid_until > $2)
order by webhook, valid_until desc nulls first
"""
ERRANDS = """
with due as (
  select id from webhook_errand where done_at is null and (claimed_until is null or claimed_until < clock_timestamp())
  order by id limit $1 for update skip locked)
update webhook_errand e set claimed_until = clock_timestamp() + $2 * interval '1 second'
from due where e.id = due.id returning e.id, e.webhook, e.kind
"""
ADDRESSES = "select id, address from webhook where id = any($1)"
LAST = "select last from ledger"
RECORD = """
update webhook w set
  cursor = n.cursor, setbacks = n.setbacks, failing_since = n.failing_since, is_slow = n.is_slow, due_at = n.due_at,
  resting_until = n.resting_until, delivered_at = coalesce(n.delivered_at, w.delivered_at),
  attempted = w.attempted + n.attempts,
  state = case when w.state <> 'actief' then w.state when n.gone then 'uitgeschakeld' when n.given_up then 'gepauzeerd'
    else w.state end,
  notice = case when w.state <> 'actief' then w.notice when n.gone then 'adres-opgeheven' when n.given_up then 'faalt-te-lang'
    else w.notice end,
  notice_at = case when w.state = 'actief' and (n.gone or n.given_up) then $14 else w.notice_at end,
  revision = w.revision + (w.state = 'actief' and (n.gone or n.given_up))::int,
  claimed_by = case when n.goes_on and w.state = 'actief' and w.revision = n.revision then w.claimed_by end,
  claimed_until = case when n.goes_on and w.state = 'actief' and w.revision = n.revision
    then clock_timestamp() + $15 * interval '1 second' end
from unnest($1::uuid[], $2::uuid[], $3::int[], $4::bigint[], $5::int[], $6::timestamptz[], $7::boolean[], $8::timestamptz[],
  $9::timestamptz[], $10::timestamptz[], $11::int[], $12::boolean[], $13::boolean[], $16::boolean[])
  n(id, token, revision, cursor, setbacks, failing_since, is_slow, due_at, resting_until, delivered_at, attempts, gone,
    given_up, goes_on)
where w.id = n.id and w.claimed_by = n.token
returning w.id, n.token, w.claimed_by is not null as ours, w.attempted - n.attempts as attempted
"""
DROP = "delete from webhook_waiting using unnest($1::uuid[], $2::bigint[]) n(webhook, position) where {same}".format(
    same="webhook_waiting.webhook = n.webhook and webhook_waiting.position = n.position"
)
KEEP = """
insert into webhook_waiting (webhook, position, block, attempts, first_at, next_at, dead_at)
select * from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::int[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[])
on conflict (webhook, position) do update set attempts = excluded.attempts, first_at = excluded.first_at,
  next_at = excluded.next_at, dead_at = excluded.dead_at
"""
LOG = """
insert into webhook_attempt (webhook, slot, number, kind, position, at, status, fault, milliseconds)
select * from unnest($1::uuid[], $2::int[], $3::bigint[], $4::text[], $5::bigint[], $6::timestamptz[], $7::int[], $8::text[],
  $9::int[])
on conflict (webhook, slot) do update set number = excluded.number, kind = excluded.kind, position = excluded.position,
  at = excluded.at, status = excluded.status, fault = excluded.fault, milliseconds = excluded.milliseconds
"""
SETTLE = """
update webhook_errand set done_at = $2, status = $3, fault = $4, milliseconds = $5 where id = $1 and done_at is null
returning webhook, kind
"""
COUNT_ON = "update webhook set attempted = attempted + 1 where id = $1 returning attempted"
PROVEN = """
update webhook set state = 'actief', notice = null, notice_at = null, revision = revision + 1
where id = $1 and state = 'onbevestigd'
"""
UNPROVEN = """
update webhook set notice = 'uitdaging-niet-beantwoord', notice_at = $2, revision = revision + 1
where id = $1 and state = 'onbevestigd'
"""
STANDING = """
select w.state, count(*) as webhooks, coalesce(max(l.last - w.cursor), 0) as lines,
  coalesce(max(extract(epoch from $1 - r.released_at)), 0)::float8 as seconds,
  coalesce(sum((select count(*) from webhook_waiting d where d.webhook = w.id and d.dead_at is not null)), 0)::bigint as dead
from webhook w cross join ledger l left join release r on r.position = w.cursor + 1
where w.subscriber = any($2) group by w.state
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A webhook that was claimed, with all that is needed to go on."""

    row: rows.Row
    secrets: Sequence[bytes]
    waiting: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A challenge or test that was claimed."""

    id: UUID
    webhook: UUID
    kind: ErrandKind
    address: str
    secrets: Sequence[bytes]


async def last(tx: Transaction) -> int:
    """The newest line of the ledger that is committed."""
    found: int = await tx.fetchval(LAST)
    return found


async def claim(
    tx: Transaction,
    token: UUID,
    subscribers: Collection[str],
    *,
    slow: bool,
    now: datetime,
    last: int,
    most: int,
    seconds: float,
) -> Sequence[rows.Row]:
    """Webhooks of these that have something to get and are nobody's; they are ours for so many seconds."""
    return await tx.fetch(CLAIM, slow, now, last, most, token, seconds, list(subscribers)) if most > 0 else []


async def complete(tx: Transaction, claimed: Sequence[rows.Row], now: datetime) -> Sequence[Claimed]:
    """With the secrets that sign for them now, and what waits of them."""
    ids = [row["id"] for row in claimed]
    if not ids:
        return []
    secrets, waiting = await _secrets(tx, ids, now), defaultdict(list)
    for row in await tx.fetch(WAITING, ids):
        waiting[row["webhook"]].append(Waiting(*list(row.values())[1:]))
    return [Claimed(row, secrets[row["id"]], tuple(waiting[row["id"]])) for row in claimed]


async def errands(tx: Transaction, now: datetime, most: int, seconds: float) -> Sequence[Asked]:
    """Challenges and tests that wait, and that nobody is sending."""
    found = await tx.fetch(ERRANDS, most, seconds) if most > 0 else []
    webhooks = [row["webhook"] for row in found]
    secrets = await _secrets(tx, webhooks, now) if found else {}
    addresses = {row["id"]: row["address"] for row in await tx.fetch(ADDRESSES, webhooks)} if found else {}
    return [
        Asked(row["id"], row["webhook"], ErrandKind(row["kind"]), addresses[row["webhook"]], secrets[row["webhook"]])
        for row in found
        if row["webhook"] in addresses
    ]


async def record(
    tx: Transaction, outcomes: Sequence[tuple[Outcome, bool]], now: datetime, seconds: float
) -> set[tuple[UUID, UUID]]:
    """What turns came to, for as far as the claims hold; returns webhook and token of the claims that stay ours."""
    found = await tx.fetch(RECORD, *_columns(outcomes, now), now, seconds, [goes_on for _, goes_on in outcomes])
    numbers = {(row["id"], row["token"]): row["attempted"] for row in found}
    ours = [outcome for outcome, _ in outcomes if outcome.claim.name in numbers]
    await _write_waiting(tx, ours, now)
    await _write_log(tx, ours, numbers)
    return {(row["id"], row["token"]) for row in found if row["ours"]}


async def settle(tx: Transaction, errand: UUID, answer: Answer, now: datetime) -> tuple[UUID, ErrandKind] | None:
    """What was answered to a challenge or test; None when somebody else wrote that, or it was withdrawn."""
    took = round(answer.seconds * 1000)
    row = await tx.fetchrow(SETTLE, errand, now, answer.status, answer.fault, took)
    if row is None:
        return None
    webhook, kind = UUID(bytes=row["webhook"].bytes), ErrandKind(row["kind"])
    number = await tx.fetchval(COUNT_ON, webhook)
    line = (webhook, number % ATTEMPTS_KEPT, number, kind, None, now, answer.status, answer.fault, took)
    await tx.execute(LOG, *[[value] for value in line])
    return webhook, kind


async def prove(tx: Transaction, webhook: UUID) -> None:
    """Its address has sent the challenge back."""
    await tx.execute(PROVEN, webhook)


async def tell_unproven(tx: Transaction, webhook: UUID, now: datetime) -> None:
    """Its address has not."""
    await tx.execute(UNPROVEN, webhook, now)


async def standing(tx: Transaction, subscribers: Collection[str], now: datetime) -> Sequence[Standing]:
    """How all webhooks of these stand, for whoever watches over them."""
    return [rows.read(Standing, row) for row in await tx.fetch(STANDING, now, list(subscribers))]


async def _secrets(tx: Transaction, webhooks: Sequence[UUID], now: datetime) -> Mapping[UUID, Sequence[bytes]]:
    found: defaultdict[UUID, list[bytes]] = defaultdict(list)
    for row in await tx.fetch(SECRETS, webhooks, now):
        found[row["webhook"]].append(row["secret"])
    return found


def _columns(outcomes: Sequence[tuple[Outcome, bool]], now: datetime) -> list[list[Any]]:
    found = [
        (
            outcome.claim.receiver,
            outcome.claim.token,
            outcome.claim.revision,
            outcome.claim.cursor,
            outcome.claim.setbacks,
            outcome.claim.failing_since,
            outcome.claim.is_slow,
            outcome.due_at,
            outcome.resting_until,
            now if outcome.delivered else None,
            len(outcome.attempts),
            outcome.gone,
            outcome.given_up,
        )
        for outcome, _ in outcomes
    ]
    return [list(column) for column in zip(*found, strict=True)]


async def _write_waiting(tx: Transaction, outcomes: Iterable[Outcome], now: datetime) -> None:
    dropped = [(outcome.claim.receiver, position) for outcome in outcomes for position in outcome.dropped]
    if dropped:
        await tx.execute(DROP, *map(list, zip(*dropped, strict=True)))
    kept = [
        (outcome.claim.receiver, w.position, w.key, w.attempts, w.first_at, w.next_at, dead_at)
        for outcome in outcomes
        for waiting, dead_at in ((outcome.kept, None), (outcome.dead, now))
        for w in waiting
    ]
    if kept:
        await tx.execute(KEEP, *map(list, zip(*kept, strict=True)))


async def _write_log(tx: Transaction, outcomes: Iterable[Outcome], numbers: Mapping[tuple[UUID, UUID], int]) -> None:
    lines = []
    for outcome in outcomes:
        webhook = outcome.claim.receiver
        for number, attempt in enumerate(outcome.attempts, numbers[outcome.claim.name] + 1):
            took = round(attempt.seconds * 1000)
            where = (webhook, number % ATTEMPTS_KEPT, number, "regel", attempt.position)
            lines.append((*where, attempt.at, attempt.status, attempt.fault, took))
    if lines:
        await tx.execute(LOG, *map(list, zip(*lines, strict=True)))
