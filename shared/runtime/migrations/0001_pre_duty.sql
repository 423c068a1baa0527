-- Which daily duty was done for which day: whoever writes the day first does it, in the same transaction.
create table duty (name text primary key, done_on date not null);
