-- The board: one row of settings, and who sits on it. `person` is opaque: the name stands in the erasable table `person`.
create table board_settings (
  id boolean primary key default true check (id),
  reviews int not null default 4 check (reviews > 0),
  seats int not null default 3 check (seats > 0),
  revision int not null default 1 check (revision > 0));
insert into board_settings default values;

create table member (
  id uuid primary key default uuidv7(),
  person uuid not null,
  seat text not null,
  affiliations jsonb not null check (jsonb_array_length(affiliations) > 0),
  since date not null,
  until date check (until >= since),
  revision int not null default 1 check (revision > 0));
create index member_person on member (person);

-- The partner registry as heard: what binds organisations to each other, for conflicts of interest.
create table organisation (
  id uuid primary key,
  name text not null,
  merged_into uuid);
create index organisation_merged_into on organisation (merged_into) where merged_into is not null;

create table relation (
  organisation uuid not null references organisation,
  nth int not null,
  kind text not null,
  other uuid not null,
  until date,
  primary key (organisation, nth));
create index relation_other on relation (other);

-- One assessment for each version of a project. The dossier is the version as it was submitted; it is read whole.
create table assessment (
  id uuid primary key default uuidv7(),
  project uuid not null,
  project_version int not null check (project_version > 0),
  framework_version int not null,
  dossier jsonb not null,
  state text not null,
  offered boolean not null default true,
  revision int not null default 1 check (revision > 0),
  unique (project, project_version));
create index assessment_state on assessment (state, id);

create table review (
  id uuid primary key default uuidv7(),
  assessment uuid not null references assessment,
  member uuid not null references member,
  scores jsonb not null,
  handed_in_on date,
  revision int not null default 1 check (revision > 0),
  unique (assessment, member));

create table decision (
  assessment uuid primary key references assessment,
  verdict text not null,
  evidence_level text not null,
  reasons jsonb not null check (jsonb_array_length(reasons) = 3),
  conditions jsonb not null,
  override_reason text,
  decided_on date not null,
  released_on date,
  valid_until date,
  check ((released_on is null) = (valid_until is null)));

create function stands_fast() returns trigger language plpgsql as $$
begin
  raise exception 'what was handed in or made known in % never changes again', tg_table_name
    using errcode = 'check_violation';
end $$;
create trigger review_stands_fast before update or delete on review for each row
  when (old.handed_in_on is not null) execute function stands_fast();
create trigger decision_stands_fast before update or delete on decision for each row
  when (old.released_on is not null) execute function stands_fast();

-- What became of projects once adopted, as heard.
create table adoption (
  id uuid primary key,
  project uuid not null,
  gemeente text not null);
create index adoption_project on adoption (project);

create table figure (
  block uuid primary key,
  project uuid not null,
  release int not null,
  withdrawn boolean not null);
create index figure_project on figure (project);

do $$
begin
  execute format('revoke insert, delete on board_settings from %I', current_schema());
  execute format('revoke delete on member, organisation, assessment, review, decision from %I', current_schema());
  execute format('revoke update on assessment from %I', current_schema());
  execute format('grant update (state, offered, revision) on assessment to %I', current_schema());
end $$;
