-- Which code may hear: the set of (stream, type, reaction) of generation `number`, and those of the generations before it.
-- Every transaction that hears shares this row until its commit, so that a change of generation waits for those in flight.
create table generation (
  only_one boolean primary key default true check (only_one),
  number int not null check (number >= 0));
insert into generation (number) values (0);

alter table hearing drop constraint hearing_pkey;
alter table hearing add primary key (generation, stream, type, reaction);

-- History that somebody gave up while this generation counted: a reaction begins with what comes from now on.
create table waived (
  generation int not null, stream smallint not null, type text not null, reaction text not null,
  primary key (generation, stream, type, reaction));

-- The event that was given up; null where none came. Of a fork it is the one of the two that had no effect.
alter table skipped add column event_id uuid;

do $$
begin
  execute format('revoke update, delete on hearing, waived from %I', current_schema());
  execute format('revoke insert, delete on generation from %I', current_schema());
end $$;
