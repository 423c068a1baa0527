create table ended (adoption uuid not null, word text not null, publication uuid not null);
create table repaired (only_one boolean primary key default true);
