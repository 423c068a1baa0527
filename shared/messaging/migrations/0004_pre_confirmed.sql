-- How far each partition of our own topics is known to agree with `said` and `told`: the next offset, and the event before it.
-- The relay advances it as the broker confirms; what lies behind it need not be read again at the next start.
create table confirmed (
  topic text not null, part int not null, cluster text not null, next bigint not null, event_id uuid,
  primary key (topic, part)) with (fillfactor = 50);

-- Who compares what was said with what was heard sees entities and versions of every service, and no content.
do $$
begin
  if not exists (select from pg_roles where rolname = 'verifier') then
    raise exception 'the role "verifier" is not there: run the set-up (deploy.setup) before this migration';
  end if;
  grant select on said, heard, positions to verifier;
  grant select (topic, key, sequence) on outbox to verifier;
  grant select (stream, entity, sequence, kind) on parked to verifier;
  grant select (stream, entity, sequence) on skipped to verifier;
end $$;
