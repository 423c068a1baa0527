-- A gemeente may say at any time whether it may be named, for its figures stay when an adoption ends; all else stands fast then.
create or replace trigger adoption_stands_fast before update on adoption for each row
  when (old.ended_on is not null and
    (new.id, new.gemeente, new.gemeente_organisation, new.project, new.project_version, new.budget_euro, new.started_on,
     new.ended_on, new.end_reason) is distinct from
    (old.id, old.gemeente, old.gemeente_organisation, old.project, old.project_version, old.budget_euro, old.started_on,
     old.ended_on, old.end_reason))
  execute function stands_fast();
