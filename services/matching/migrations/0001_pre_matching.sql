-- What is over stands fast: it is kept as it was, and seen, but never changes again.
create function stands_fast() returns trigger language plpgsql as $$
begin
  raise exception '% is over and never changes again', tg_table_name using errcode = 'check_violation';
end $$;

-- The partner registry. A gemeente is an organisation too, once.
create table organisation (
  id uuid primary key default uuidv7(),
  name text not null check (length(name) between 1 and 300),
  kind text not null,
  gemeente text,
  regions text[] not null default '{}',
  phases text[] not null default '{}',
  target_groups text[] not null default '{}',
  means text[] not null default '{}',
  capacity_adoptions int not null default 0 check (capacity_adoptions >= 0),
  active boolean not null default true,
  merged_into uuid references organisation check (merged_into <> id),
  revision int not null default 1 check (revision > 0),
  check ((gemeente is not null) = (kind = 'gemeente')),
  check (merged_into is null or not active));
create unique index organisation_gemeente on organisation (gemeente) where gemeente is not null;
create trigger organisation_stands_fast before update on organisation for each row
  when (old.merged_into is not null) execute function stands_fast();

create table relation (
  organisation uuid not null references organisation,
  other uuid not null references organisation check (other <> organisation),
  kind text not null,
  until date,
  primary key (organisation, other, kind));
create index relation_other on relation (other);

-- What a gemeente says of itself; one that never said anything has no row, or revision 0.
create table situation (
  gemeente text primary key check (gemeente ~ '^GM[0-9]{4}$'),
  covered text[] not null default '{}',
  have_fte double precision check (have_fte >= 0),
  have_euro bigint check (have_euro >= 0),
  conflicts uuid[] not null default '{}',
  wishes text,
  revision int not null default 0 check (revision >= 0));

-- The catalogue, folded from what the other services say. `offered_version` follows from the verdicts (catalogue/model.py).
create table catalogue_project (
  project uuid primary key,
  withdrawn boolean not null,
  offered_version int check (offered_version > 0));
create index catalogue_project_offered on catalogue_project (project desc) where offered_version is not null;

create table catalogue_version (
  project uuid not null,
  project_version int not null check (project_version > 0),
  title text not null,
  summary text not null,
  phases text[] not null,
  target_groups text[] not null,
  regions text[] not null,
  available_from date not null,
  effort_fte double precision not null,
  cost_euro bigint not null,
  needed_kinds text[] not null,
  needed_means text[] not null,
  involvements jsonb not null,  -- read and written whole, and small; so is evidence
  evidence jsonb not null,
  submitted_on date not null,
  words tsvector generated always as
    (setweight(to_tsvector('dutch', title), 'A') || setweight(to_tsvector('dutch', summary), 'B')) stored,
  primary key (project, project_version));
create index catalogue_version_words on catalogue_version using gin (words);

create table catalogue_verdict (
  project uuid not null,
  project_version int not null check (project_version > 0),
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

-- The newest release of each published block. One that was withdrawn shows nothing.
create table catalogue_block (
  block uuid primary key,
  release int not null check (release > 0),
  kind text not null,
  project uuid not null,
  indicator text not null,
  period_start date not null,
  period_end date not null,
  scope text not null,
  shown int,
  shown_numerator int,
  shown_denominator int,
  target_shown int,
  released_at timestamptz not null,
  share double precision check (share between 0 and 1),  -- how far it came with what it aimed at (catalogue/model.py)
  people int check (people > 0),
  check ((share is null) = (people is null)));
create index catalogue_block_project on catalogue_block (project, block);

-- What a gemeente answered to a suggestion: per project the last answer, with the project's themes as they were then.
create table feedback (
  gemeente text not null check (gemeente ~ '^GM[0-9]{4}$'),
  project uuid not null,
  answer text not null,
  phases text[] not null,
  target_groups text[] not null,
  note text,
  given_on date not null,
  revision int not null check (revision > 0),
  primary key (gemeente, project));

-- The lists that gemeenten were given, so that each reason can be checked later. Kept when a list differs from the last.
create table suggestion_list (
  id uuid primary key default uuidv7(),
  gemeente text not null,
  made_on date not null,
  rule_version text not null,
  suggestions jsonb not null);  -- at most five, written once, read whole
create index suggestion_list_gemeente on suggestion_list (gemeente, id desc);

-- An adoption is locked as a whole by its row: its milestones, partnerships and funding change only under that lock.
create table adoption (
  id uuid primary key default uuidv7(),
  gemeente text not null check (gemeente ~ '^GM[0-9]{4}$'),
  gemeente_organisation uuid not null references organisation,
  project uuid not null,
  project_version int not null check (project_version > 0),
  budget_euro bigint not null check (budget_euro >= 0),  -- at its start; funding_plan has what it is now
  may_be_named boolean not null,
  started_on date not null,
  ended_on date check (ended_on >= started_on),
  end_reason text,
  revision int not null default 1 check (revision > 0),
  check ((ended_on is null) = (end_reason is null)));
create unique index adoption_one_running on adoption (gemeente, project) where ended_on is null;
create index adoption_project on adoption (project) where ended_on is null;
create index adoption_gemeente on adoption (gemeente, id desc);
create trigger adoption_stands_fast before update on adoption for each row
  when (old.ended_on is not null) execute function stands_fast();

create table milestone (
  adoption uuid not null references adoption,
  step text not null,
  owner uuid not null references organisation,
  due_on date not null,
  state text not null,
  blocker text,
  primary key (adoption, step));

create table partnership (
  id uuid primary key default uuidv7(),
  adoption uuid not null references adoption,
  organisation uuid not null references organisation,
  role text not null,
  claimed_by uuid not null references organisation,
  claimed_on date not null,
  state text not null,
  decided_on date,
  refusal_reason text,
  check ((state = 'concept') = (decided_on is null)),
  check ((state = 'geweigerd') = (refusal_reason is not null)));
create unique index partnership_once on partnership (adoption, organisation, role) where state <> 'geweigerd';
create index partnership_organisation on partnership (organisation) where state <> 'geweigerd';
create trigger partnership_stands_fast before update on partnership for each row
  when (old.state <> 'concept') execute function stands_fast();

-- That something was measured in an adoption. No figure: those belong to the impact service.
create table measured (
  adoption uuid primary key);

create table funding_plan (
  adoption uuid primary key references adoption,
  budget_euro bigint not null check (budget_euro >= 0),
  secured boolean not null default false,
  revision int not null default 1 check (revision > 0));

create table commitment (
  adoption uuid not null references funding_plan,
  id uuid not null,
  organisation uuid not null references organisation,
  amount_euro bigint not null check (amount_euro > 0),
  stage text not null,
  open_conditions text[] not null default '{}',
  expires_on date,
  withdrawn boolean not null default false,
  counted boolean not null default false,
  primary key (adoption, id));
create index commitment_lapses on commitment (expires_on) where counted;
create trigger commitment_stands_fast before update on commitment for each row
  when (old.withdrawn) execute function stands_fast();

do $$
begin
  execute format('revoke delete on organisation, situation, catalogue_project, catalogue_version, catalogue_verdict,'
    ' catalogue_block, suggestion_list, adoption, milestone, partnership, measured, funding_plan, commitment from %I',
    current_schema());
  execute format('revoke update on suggestion_list, measured from %I', current_schema());
end $$;
