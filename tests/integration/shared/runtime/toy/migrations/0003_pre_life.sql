create table life (entity uuid primary key, words text[] not null);
