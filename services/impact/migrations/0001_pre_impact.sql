-- What was heard: adoptions, the board's verdicts on project versions, the names of gemeenten.
create table adoption (
  id uuid primary key,
  gemeente text not null,
  project uuid not null,
  may_be_named boolean not null,
  started_on date,
  ended_on date,
  gemeente_organisation uuid,
  project_version int,
  is_funded boolean not null);
create index adoption_project on adoption (project, gemeente);

create table assessed (
  assessment uuid primary key,
  project uuid not null,
  project_version int not null,
  verdict text not null,
  evidence_level text not null,
  valid_until date not null);
create index assessed_version on assessed (project, project_version);

create table gemeente_name (
  organisation uuid primary key,
  gemeente text,
  name text not null);

-- What an adoption means to reach: `plans` has the revision of all its plans together.
create table plans (
  adoption uuid primary key references adoption,
  revision int not null check (revision > 0));

create table plan (
  adoption uuid not null references plans,
  indicator text not null,
  grain text not null,
  baseline numeric not null check (scale(baseline) <= 2 and baseline <> 'NaN'),
  target numeric not null check (scale(target) <= 2 and target <> 'NaN' and target <> baseline),
  starts_on date not null,
  ends_on date not null check (ends_on > starts_on),
  primary key (adoption, indicator));

-- Exact figures. An observation is what is measured and when; its versions hold the figures and never change again.
create table observation (
  id uuid primary key default uuidv7(),
  adoption uuid not null references adoption,
  indicator text not null,
  period_start date not null,
  period_end date not null check (period_end >= period_start),
  breakdown text,
  version int not null default 1 check (version > 0),
  unique nulls not distinct (adoption, indicator, period_start, period_end, breakdown));
create index observation_adoption on observation (adoption, id);

create table observation_version (
  observation uuid not null references observation,
  version int not null check (version > 0),
  value numeric check (scale(value) <= 2 and value <> 'NaN'),
  numerator bigint check (numerator between 0 and denominator),
  denominator bigint,
  provenance jsonb not null,  -- source, method, link: read and written whole
  correction_reason text,
  withdrawn boolean not null,
  recorded_on date not null,
  primary key (observation, version),
  check ((version = 1) = (correction_reason is null)),
  check ((numerator is null) = (denominator is null)),
  check (withdrawn = (num_nonnulls(value, numerator) = 0) and num_nonnulls(value, numerator) < 2));

-- Disclosure control (methods D, Data). What is hidden has a contribution only; what is shown has a block and releases.
create table family (
  id uuid primary key default uuidv7(),
  project uuid not null,
  indicator text not null,
  period_start date not null,
  period_end date not null,
  state text not null default 'open' check (state in ('open', 'gesloten')),
  closed_at timestamptz check ((closed_at is null) = (state = 'open')),
  unique (project, indicator, period_start, period_end));

create table contribution (
  family uuid not null references family,
  gemeente text not null,
  version int not null default 1 check (version > 0),
  value numeric,
  numerator bigint,
  denominator bigint,
  may_be_named boolean not null,
  waits boolean not null,  -- a release is due that comes a day later
  primary key (family, gemeente));
create index contribution_waits on contribution (family, gemeente) where waits;

create table block (
  id uuid primary key default uuidv7(),
  family uuid not null references family,
  scope text not null,
  members text[] not null check (cardinality(members) > 0),
  withdrawn_at timestamptz,
  unique (family, scope));

-- The ledger: the only source of everything that leaves, and only ever added to. `position` has no gaps and follows the order of
-- commits, for whoever adds takes it from `ledger` and holds that row until the commit. A release is the event
-- ImpactPublished of its block with `number` as its version.
create table release (
  position bigint not null unique check (position > 0),
  block uuid not null references block,
  number int not null check (number > 0),
  kind text not null,
  shown int check (shown >= 10 and shown % 5 = 0),
  shown_numerator int check (shown_numerator >= 10 and shown_numerator % 5 = 0),
  shown_denominator int check (shown_denominator >= 50 and shown_denominator % 5 = 0),
  target_shown int check (target_shown >= 0 and target_shown % 5 = 0),
  replaces int check (replaces is not distinct from nullif(number - 1, 0)),
  released_on date not null,
  released_at timestamptz not null,
  primary key (block, number),
  foreign key (block, replaces) references release (block, number),
  unique (block, released_on),
  check (num_nonnulls(shown, shown_numerator) = case kind when 'ingetrokken' then 0 else 1 end),
  check ((shown_numerator is null) = (shown_denominator is null)),
  check (shown_denominator - shown_numerator >= 10));

create table ledger (
  id boolean primary key default true check (id),
  last bigint not null check (last >= 0));
insert into ledger (last) values (0);

do $$
begin
  execute format('revoke update, delete on release, observation_version from %I', current_schema());
  execute format('revoke insert, delete on ledger from %I', current_schema());
  execute format('revoke delete on adoption, assessed, gemeente_name, plans, observation, family, contribution, block from %I',
    current_schema());
  execute format('revoke update on observation, block from %I', current_schema());
  execute format('grant update (version) on observation to %I', current_schema());
  execute format('grant update (withdrawn_at) on block to %I', current_schema());
end $$;
