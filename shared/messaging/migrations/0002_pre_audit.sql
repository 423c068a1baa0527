-- Who changed what was said or heard by hand, why, and what came of it. Written in the transaction of the change.
create table audit (
  id uuid primary key default uuidv7(),
  at timestamptz not null default now(),
  actor text not null check (actor <> ''), reason text not null check (reason <> ''),
  action text not null, target text not null, outcome text not null);
create index audit_at on audit (at);

do $$
begin
  execute format('revoke update, delete on audit from %I', current_schema());
end $$;
