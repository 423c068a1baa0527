-- Webhooks of subscribers. All lines of the ledger up to `cursor` were taken up: delivered, or a row of webhook_waiting. Nothing is
-- written a line and webhook otherwise. Whoever delivers claims a webhook for a while (`claimed_by`), and writes only in its name.
create table webhook (
  id uuid primary key default uuidv7(),
  subscriber text not null check (length(subscriber) between 1 and 100),
  address text not null check (length(address) <= 2000),
  gemeente text,
  province text,
  project uuid,
  indicator text,
  state text not null check (state in ('onbevestigd', 'actief', 'gepauzeerd', 'uitgeschakeld')),
  notice text,
  notice_at timestamptz check ((notice_at is null) = (notice is null)),
  revision int not null default 1 check (revision > 0),
  created_at timestamptz not null,
  cursor bigint not null check (cursor >= 0),
  delivered_at timestamptz,
  failing_since timestamptz,
  setbacks int not null default 0 check (setbacks >= 0),
  resting_until timestamptz,
  due_at timestamptz,
  is_slow boolean not null default false,
  attempted bigint not null default 0,
  turn_at timestamptz,
  claimed_by uuid,
  claimed_until timestamptz check ((claimed_until is null) = (claimed_by is null))) with (fillfactor = 50);
create index webhook_subscriber on webhook (subscriber, id);

-- What messages are signed with: one that holds, and for a day the one before it. Only the service reads them.
create table webhook_secret (
  webhook uuid not null references webhook on delete cascade,
  secret bytea not null check (length(secret) between 24 and 64),
  valid_until timestamptz,
  primary key (webhook, secret));
create unique index webhook_secret_now on webhook_secret (webhook) where valid_until is null;

-- What could not be delivered, and what came after it of the same block; with `dead_at` it is given up.
create table webhook_waiting (
  webhook uuid not null references webhook on delete cascade,
  position bigint not null references release (position),
  block uuid not null,
  attempts int not null check (attempts >= 0),
  first_at timestamptz,
  next_at timestamptz,
  dead_at timestamptz,
  primary key (webhook, position)) with (fillfactor = 70);
create index webhook_waiting_dead on webhook_waiting (dead_at) where dead_at is not null;

-- The last attempts of each webhook, in a ring: number modulo its size. No addresses, no bodies.
create table webhook_attempt (
  webhook uuid not null references webhook on delete cascade,
  slot int not null check (slot >= 0),
  number bigint not null check (number > 0),
  kind text not null check (kind in ('regel', 'test', 'uitdaging')),
  position bigint,
  at timestamptz not null,
  status int,
  fault text,
  milliseconds int not null check (milliseconds >= 0),
  primary key (webhook, slot)) with (fillfactor = 50);

-- Single messages that a subscriber asked for. They outlive the webhook, so that nobody knocks anywhere as often as they like.
create table webhook_errand (
  id uuid primary key default uuidv7(),
  webhook uuid references webhook on delete set null,
  subscriber text not null,
  kind text not null check (kind in ('test', 'uitdaging')),
  asked_at timestamptz not null,
  claimed_until timestamptz,
  done_at timestamptz,
  status int,
  fault text,
  milliseconds int);
create unique index webhook_errand_open on webhook_errand (webhook, kind) where done_at is null;
create index webhook_errand_subscriber on webhook_errand (subscriber, asked_at);
