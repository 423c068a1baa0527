-- What outside systems published, and what came of it. Kept for 90 days (shared/publishing/store.py).
-- An event of theirs is known by (publisher, source, event_id). Rows that do not count are refusals of what had no id that can be
-- read, or one that was used for something else: nothing can be asked again under them.
create table publication (
  id uuid primary key default uuidv7(),
  publisher text not null, source text, event_id text, type text,
  fingerprint bytea not null,
  via text not null check (via in ('http', 'kafka')), place text,
  status text not null check (status in ('accepted', 'refused')),
  entity uuid, problem jsonb,
  counts boolean not null default true,
  untold boolean not null default false,
  received_at timestamptz not null,
  check (not counts or (source is not null and event_id is not null)),
  check (not untold or status = 'refused'));

create unique index publication_event on publication (publisher, source, event_id) where counts;
create index publication_publisher on publication (publisher, id);
create index publication_untold on publication (id) where untold;
