-- What a service keeps to speak and to listen. The rules: docs/messaging.md.

-- Speaking: the version that each entity has reached. Whoever speaks takes the next one in the transaction of the effect.
create table said (
  stream smallint not null, entity uuid not null, sequence int not null check (sequence > 0),
  primary key (stream, entity));

-- What was said and is not confirmed by the broker yet. The relay empties it, shard by shard, and vacuums behind itself.
create table outbox (
  shard smallint generated always as ((hashtext(key) & 2147483647) % 16) stored,
  seq bigint generated always as identity,
  id uuid not null default uuidv7(),
  topic text not null, key text not null, sequence int not null,
  headers jsonb not null, value bytea,
  written timestamptz not null default now(),
  primary key (shard, seq)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

-- What the broker confirmed, and where it stands: by the day, kept for as long as it may have to be told again.
create table told (
  told_at timestamptz not null default now(),
  seq bigint not null, id uuid not null, topic text not null, key text not null, sequence int not null,
  headers jsonb not null, value bytea, written timestamptz not null,
  cluster text not null, part int not null, off bigint not null
) partition by range (told_at);
create index told_key on told (topic, key, sequence);

create function keep_told(days int) returns void language plpgsql security definer set search_path from current as $$
declare
  day date;
  old text;
begin
  if days < 1 then
    raise exception 'what was told is kept for at least a day, not for %', days using errcode = 'check_violation';
  end if;
  perform pg_advisory_xact_lock(hashtext(current_schema() || '.told'));
  for day in select generate_series(current_date - 1, current_date + 7, interval '1 day')::date loop
    if to_regclass('told_' || to_char(day, 'YYYYMMDD')) is null then
      execute format('create table %I partition of told for values from (%L) to (%L)',
        'told_' || to_char(day, 'YYYYMMDD'), day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC');
    end if;
  end loop;
  for old in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'told'::regclass and c.relname < 'told_' || to_char(current_date - days, 'YYYYMMDD')
  loop
    execute format('drop table %I', old);
  end loop;
end $$;
select keep_told(35);

-- A key of which a row cannot be sent: its later rows wait, other keys go on.
create table stopped (
  topic text not null, key text not null, reason text not null, since timestamptz not null default now(),
  primary key (topic, key));

-- Listening: the last version of each entity that was applied, and by which event.
-- held: 0 free, 1 gaps wait for what is missing, 2 stopped until an operator releases it. Every writer raises rev.
create table heard (
  stream smallint not null, entity uuid not null, sequence int not null check (sequence >= 0),
  event_id uuid, held smallint not null default 0, rev int not null default 1,
  primary key (stream, entity));

-- How far each partition was read, in the transaction of the effects.
create table positions (
  topic text not null, part int not null, next bigint not null, cluster text not null, event_id uuid,
  primary key (topic, part));

-- Which types a replica must know to take part: a set that has grown needs a rebuild first.
create table hearing (
  stream smallint not null, type text not null, reaction text not null, generation int not null,
  primary key (stream, type, reaction));

-- Records that wait: a gap for what is missing before it, a failure for an operator.
create table parked (
  stream smallint not null, entity uuid not null, sequence int not null,
  kind text not null check (kind in ('gap', 'failed')), event_id uuid not null,
  topic text not null, part int not null, off bigint not null,
  headers jsonb not null, value bytea, reason text not null, parked_at timestamptz not null default now(),
  primary key (stream, entity, sequence));
create index parked_age on parked (parked_at);

create table skipped (
  stream smallint not null, entity uuid not null, sequence int not null,
  reason text not null, actor text not null, at timestamptz not null default now(),
  primary key (stream, entity, sequence));

-- Records that nobody can read. The bytes are kept only when no person is recognisable in them.
create table dead_letter (
  id uuid primary key default uuidv7(),
  topic text not null, part int not null, off bigint not null,
  key bytea, headers jsonb not null, value bytea, size int not null, bytes_kept boolean not null,
  reason text not null, at timestamptz not null default now(),
  unique (topic, part, off));

create function never_lower() returns trigger language plpgsql as $$
begin
  raise exception 'the version of % in % may not go from % to %', old.entity, tg_table_name, old.sequence, new.sequence
    using errcode = 'check_violation';
end $$;
create trigger said_never_lower before update on said for each row
  when (new.sequence < old.sequence) execute function never_lower();
create trigger heard_never_lower before update on heard for each row
  when (new.sequence < old.sequence) execute function never_lower();

do $$
begin
  -- The service's own role bears the name of its schema.
  execute format('revoke delete on said, heard, told, skipped from %I', current_schema());
  execute format('revoke update on told, skipped, dead_letter from %I', current_schema());
  execute format('grant maintain on outbox to %I', current_schema());
end $$;
