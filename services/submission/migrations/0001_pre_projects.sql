-- Projects in their versions. A version that is not submitted yet is the concept: it may miss everything but its number.
create table project (
  id uuid primary key default uuidv7(),
  organisation uuid not null,
  withdrawn_on date,
  withdrawal_reason text,
  revision int not null default 1 check (revision > 0),
  check ((withdrawn_on is null) = (withdrawal_reason is null)));
create index project_organisation on project (organisation, id);

create table version (
  project uuid not null references project,
  number int not null check (number > 0),
  submitted_on date,
  title text,
  summary text,
  phases text[] not null default '{}',
  target_groups text[] not null default '{}',
  regions text[] not null default '{}',
  available_from date,
  effort_fte double precision,
  cost_euro bigint,
  needed_kinds text[] not null default '{}',
  needed_means text[] not null default '{}',
  involvements jsonb not null default '[]',  -- read and written whole, and small
  evidence jsonb not null default '[]',
  primary key (project, number),
  check (submitted_on is null or (
    title is not null and summary is not null and available_from is not null and effort_fte >= 0 and cost_euro >= 0
    and cardinality(phases) > 0 and cardinality(target_groups) > 0
    and jsonb_array_length(involvements) > 0 and jsonb_array_length(evidence) > 0)));
create unique index version_one_concept on version (project) where submitted_on is null;

create function version_stands_fast() returns trigger language plpgsql as $$
begin
  raise exception 'version % of project % was submitted and never changes again', old.number, old.project
    using errcode = 'check_violation';
end $$;
create trigger version_stands_fast before update or delete on version for each row
  when (old.submitted_on is not null) execute function version_stands_fast();

-- What the portfolioboard made known of each version, as heard: one row a version, in whatever order they come.
create table outcome (
  project uuid not null,
  project_version int not null,
  assessment uuid not null,
  framework_version int not null,
  verdict text not null,
  evidence_level text not null,
  reasons jsonb not null,
  conditions jsonb not null,
  override_reason text,
  decided_on date not null,
  released_on date not null,
  valid_until date not null,
  primary key (project, project_version));

do $$
begin
  execute format('revoke delete on project, version, outcome from %I', current_schema());
end $$;
