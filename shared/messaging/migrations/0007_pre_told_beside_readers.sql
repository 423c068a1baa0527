-- A back-up (pg_dump) holds ACCESS SHARE on `told` and its days for as long as it lasts. A day is therefore made beside `told` and
-- attached: neither readers nor who tells wait for that. To drop one takes `told` for oneself alone; whoever tells meanwhile waits
-- behind it, so it steps out of the queue soon. What cannot be done now is done at a later sweep: days are made a week ahead.
create or replace function keep_told(days int) returns void language plpgsql security definer
set search_path from current set lock_timeout = '2s' as $$
declare
  today constant date := (now() at time zone 'UTC')::date;
  day date;
  name text;
begin
  if days < 1 then
    raise exception 'what was told is kept for at least a day, not for %', days using errcode = 'check_violation';
  end if;
  begin
    perform pg_advisory_xact_lock(hashtext(current_schema() || '.told'));
    for day in select today + n from generate_series(-1, 7) n loop
      name := 'told_' || to_char(day, 'YYYYMMDD');
      if to_regclass(name) is null then
        -- Empty, and nobody knows of it: to attach it scans nothing, and its own lock keeps nobody waiting.
        execute format('create table %I (like told including all)', name);
        execute format('alter table told attach partition %I for values from (%L) to (%L)',
          name, day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC');
      end if;
    end loop;
    begin
      for name in
        select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'told'::regclass and c.relname < 'told_' || to_char(today - days, 'YYYYMMDD')
      loop
        execute format('drop table %I', name);
      end loop;
    exception when lock_not_available then
      raise log 'days of told that are kept long enough go at a later sweep: %', sqlerrm;
    end;
  exception when lock_not_available then
    raise log 'the days of told that come are made at a later sweep: %', sqlerrm;
  end;
  if to_regclass('told_' || to_char(today, 'YYYYMMDD')) is null then
    raise exception 'told has no partition for %, and somebody holds what making it needs', today
      using errcode = 'lock_not_available';
  end if;
end $$;
