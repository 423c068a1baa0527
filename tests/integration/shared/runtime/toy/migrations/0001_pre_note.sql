create table note (id uuid primary key default uuidv7(), entity uuid not null, word text not null);
create table day (day date not null, at timestamptz not null default now());
