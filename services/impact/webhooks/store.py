"""The tables of webhooks, as their subscribers see and change them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.impact.webhooks.model import (
    Attempt,
    DeadLetter,
    Errand,
    ErrandKind,
    Filters,
    Lag,
    NoticeReason,
    Webhook,
    WebhookState,
)
from shared.storage import Transaction, rows

TAKE_TURNS = "select pg_advisory_xact_lock(hashtext('webhook ' || $1))"
COUNT = "select count(*) from webhook where subscriber = $1"
ADD = """
insert into webhook (subscriber, address, gemeente, province, project, indicator, state, created_at, cursor)
values ($1, $2, $3, $4, $5, $6, 'onbevestigd', $7, $8) returning id
"""
COLUMNS = """
w.id, w.subscriber, w.address, w.gemeente, w.province, w.project, w.indicator, w.state, w.revision, w.created_at,
w.cursor as position, w.notice, w.notice_at, w.delivered_at, w.failing_since, w.resting_until,
(select max(s.valid_until) from webhook_secret s where s.webhook = w.id) as earlier_secret_until
"""
READ = f"select {COLUMNS} from webhook w where w.id = $1 and w.subscriber = $2"
LOCK = "select 1 from webhook where id = $1 and subscriber = $2 for no key update"
LIST = f"""
select {COLUMNS} from webhook w where w.subscriber = $1 and ($2::uuid is null or w.id > $2) order by w.id limit $3
"""
# Whoever delivers finds the claim gone, and writes nothing of what it sent to the address or place of before.
SAVE = """
update webhook set address = $2, gemeente = $3, province = $4, project = $5, indicator = $6, state = $7, notice = null,
  notice_at = null, setbacks = 0, failing_since = null, resting_until = null, is_slow = false, claimed_by = null,
  claimed_until = null, revision = revision + 1, cursor = $8,
  due_at = (select $9::timestamptz from webhook_waiting where webhook = $1 and dead_at is null limit 1)
where id = $1
"""
AT_ONCE = "update webhook_waiting set next_at = null where webhook = $1 and dead_at is null and next_at is not null"
# What is on its way is still written down, and nothing new is sent.
PAUSE = "update webhook set state = 'gepauzeerd', revision = revision + 1 where id = $1"
DELETE = "delete from webhook where id = $1"
DROP_EARLIER = "delete from webhook_secret where webhook = $1 and valid_until is not null"
END_LAST = "update webhook_secret set valid_until = $2 where webhook = $1 and valid_until is null"
ADD_NEXT = "insert into webhook_secret (webhook, secret) values ($1, $2)"
LAG = """
with waits as (
  select count(*) filter (where dead_at is null) as waiting, count(*) filter (where dead_at is not null) as dead,
         min(position) filter (where dead_at is null) as first
  from webhook_waiting where webhook = $1)
select l.last - w.cursor + waits.waiting as lines, waits.waiting, waits.dead,
       (select min(r.released_at) from release r where r.position in (w.cursor + 1, waits.first)) as oldest
from webhook w, ledger l, waits where w.id = $1
"""
ATTEMPTS = """
select number, kind, position, at as attempted_at, status, fault, milliseconds from webhook_attempt
where webhook = $1 and ($2::bigint is null or number < $2) order by number desc limit $3
"""
DEAD = """
select d.position, d.block, r.number as release, d.attempts, d.first_at, d.dead_at
from webhook_waiting d join release r on r.position = d.position
where d.webhook = $1 and d.dead_at is not null and d.position > $2 order by d.position limit $3
"""
REVIVE = """
update webhook_waiting set attempts = 0, first_at = null, dead_at = null, next_at = null
where webhook = $1 and dead_at is not null
"""
WAKE = "update webhook set due_at = $2, resting_until = null, claimed_by = null, claimed_until = null where id = $1"
FORGET_WAITING = "delete from webhook_waiting where webhook = $1 and position > $2"
POSITION_BEFORE = """
select coalesce((select min(r.position) - 1 from release r where r.released_at >= $1), l.last) from ledger l
"""
LAST = "select last from ledger"
ASK = """
insert into webhook_errand (webhook, subscriber, kind, asked_at) values ($1, $2, $3, $4)
on conflict (webhook, kind) where done_at is null do nothing
returning id, kind, asked_at, done_at, status, fault, milliseconds
"""
WITHDRAW = "update webhook_errand set done_at = $2, fault = 'ingetrokken' where webhook = $1 and done_at is null"
ERRAND = """
select id, kind, asked_at, done_at, status, fault, milliseconds from webhook_errand where id = $1 and webhook = $2 and kind = $3
"""
ASKED = "select count(*) from webhook_errand where subscriber = $1 and asked_at > $2"
FORGET_DEAD = "delete from webhook_waiting where dead_at < $1"
FORGET_ERRANDS = "delete from webhook_errand where asked_at < $1"
FORGET_SECRETS = "delete from webhook_secret where valid_until < $1"


async def take_turns(tx: Transaction, subscriber: str) -> None:
    """Until the commit nobody else adds a webhook of this subscriber, or asks for a message."""
    await tx.execute(TAKE_TURNS, subscriber)


async def count(tx: Transaction, subscriber: str) -> int:
    """How many webhooks it has."""
    found: int = await tx.fetchval(COUNT, subscriber)
    return found


async def add(
    tx: Transaction, subscriber: str, address: str, filters: Filters, *, now: datetime, position: int
) -> UUID:
    """A new one, which has shown nothing yet."""
    made = await tx.fetchval(ADD, subscriber, address, *_columns(filters), now, position)
    return UUID(bytes=made.bytes)


async def read(tx: Transaction, webhook: UUID, subscriber: str, *, lock: bool = False) -> Webhook | None:
    """The webhook of this subscriber, held until the commit if asked for; None when it has no such webhook."""
    if lock:  # apart: what is read with the lock could be of before it
        await tx.execute(LOCK, webhook, subscriber)
    row = await tx.fetchrow(READ, webhook, subscriber)
    return None if row is None else _webhook(row)


async def of_subscriber(tx: Transaction, subscriber: str, after: UUID | None, limit: int) -> Sequence[Webhook]:
    """Its webhooks, the oldest first."""
    return [_webhook(row) for row in await tx.fetch(LIST, subscriber, after, limit)]


async def save(tx: Transaction, webhook: Webhook, now: datetime) -> None:
    """As it is now, in its next revision. That it failed before is forgotten, and all that waits is tried at once."""
    where = (*_columns(webhook.filters), webhook.state, webhook.position)
    await tx.execute(AT_ONCE, webhook.id)
    await tx.execute(SAVE, webhook.id, webhook.address, *where, now)


async def pause(tx: Transaction, webhook: UUID) -> None:
    """Nothing new is sent."""
    await tx.execute(PAUSE, webhook)


async def delete(tx: Transaction, webhook: UUID) -> None:
    """With its secrets, its log and all that waits."""
    await tx.execute(DELETE, webhook)


async def renew_secret(tx: Transaction, webhook: UUID, secret: bytes, earlier_until: datetime) -> None:
    """This one signs from now on; the one before it signs along until then, and none that is older."""
    await tx.execute(DROP_EARLIER, webhook)
    await tx.execute(END_LAST, webhook, earlier_until)
    await tx.execute(ADD_NEXT, webhook, secret)


async def lag(tx: Transaction, webhook: UUID, now: datetime) -> Lag:
    """How far it is behind."""
    row = dict(await tx.fetchrow(LAG, webhook) or {})
    seconds = 0.0 if row["oldest"] is None else max(0.0, (now - row["oldest"]).total_seconds())
    return Lag(row["lines"], seconds, row["waiting"], row["dead"])


async def attempts(tx: Transaction, webhook: UUID, before: int | None, limit: int) -> Sequence[Attempt]:
    """The log, the newest first."""
    return [rows.read(Attempt, row) for row in await tx.fetch(ATTEMPTS, webhook, before, limit)]


async def dead_letters(tx: Transaction, webhook: UUID, after: int, limit: int) -> Sequence[DeadLetter]:
    """What was given up, in the order of the ledger."""
    return [rows.read(DeadLetter, row) for row in await tx.fetch(DEAD, webhook, after, limit)]


async def revive(tx: Transaction, webhook: UUID, now: datetime) -> int:
    """All that was given up is tried again, from now on and as if for the first time. How many there were."""
    revived = await tx.changed(REVIVE, webhook)
    await tx.execute(WAKE, webhook, now)
    return revived


async def forget_waiting(tx: Transaction, webhook: UUID, after: int) -> None:
    """What waits or was given up after this line goes: it is all sent again."""
    await tx.execute(FORGET_WAITING, webhook, after)


async def position_before(tx: Transaction, moment: datetime) -> int:
    """The last line before the first one that was released then or later."""
    found: int = await tx.fetchval(POSITION_BEFORE, moment)
    return found


async def last(tx: Transaction) -> int:
    """The newest line of the ledger."""
    found: int = await tx.fetchval(LAST)
    return found


async def ask(tx: Transaction, webhook: Webhook, kind: ErrandKind, now: datetime) -> Errand | None:
    """A message to send; None when one of this kind is being sent already."""
    row = await tx.fetchrow(ASK, webhook.id, webhook.subscriber, kind, now)
    return None if row is None else rows.read(Errand, row)


async def withdraw_errands(tx: Transaction, webhook: UUID, now: datetime) -> None:
    """What was asked for and not done yet was for an address that is not its own any more."""
    await tx.execute(WITHDRAW, webhook, now)


async def errand(tx: Transaction, errand: UUID, webhook: UUID, kind: ErrandKind) -> Errand | None:
    """One that was asked for this webhook; None when there is none."""
    row = await tx.fetchrow(ERRAND, errand, webhook, kind)
    return None if row is None else rows.read(Errand, row)


async def asked_since(tx: Transaction, subscriber: str, moment: datetime) -> int:
    """How many messages this subscriber asked for since then."""
    found: int = await tx.fetchval(ASKED, subscriber, moment)
    return found


async def forget(tx: Transaction, *, dead_before: datetime, errands_before: datetime, now: datetime) -> None:
    """What is older, and secrets that sign no more."""
    await tx.execute(FORGET_DEAD, dead_before)
    await tx.execute(FORGET_ERRANDS, errands_before)
    await tx.execute(FORGET_SECRETS, now)


def _columns(filters: Filters) -> tuple[str | None, str | None, UUID | None, str | None]:
    return filters.gemeente, filters.province, filters.project, filters.indicator


def _webhook(row: rows.Row) -> Webhook:
    known = dict(row)
    filters = rows.read(Filters, row)
    notice = None if known["notice"] is None else NoticeReason(known["notice"])
    return rows.read(Webhook, {**known, "filters": filters, "notice": notice, "state": WebhookState(known["state"])})
