-- Who logs in, by an opaque id. Erasing somebody empties subject and display_name; the id stays where it was written.
create table person (
  id uuid primary key default uuidv7(),
  subject text unique check (length(subject) between 1 and 255),
  display_name text
);

-- The answer to each mutation, so that a retry gets it again. Kept for a day (shared/web/idempotency.py).
create table idempotency (
  caller uuid not null,
  key text not null check (length(key) between 1 and 255),
  fingerprint bytea not null,
  asked_at timestamptz not null,
  status smallint,
  headers jsonb,
  body bytea,
  primary key (caller, key)
);

create index idempotency_asked_at on idempotency (asked_at);
