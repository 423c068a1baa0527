-- What an operator made of a record that nobody could hear as it stands in the log: a copy of the log has to hear this too.
create table mended (
  stream smallint not null, entity uuid not null, sequence int not null, event_id uuid not null,
  topic text not null, part int not null, off bigint not null,
  headers jsonb not null, value bytea, at timestamptz not null default now(),
  primary key (stream, entity, sequence));

do $$
begin
  execute format('revoke delete on mended from %I', current_schema());
end $$;
