-- A tenth of the size of the index on (topic, key, sequence), since entries of one key are kept together: it stays in memory
-- when a million is told at once. Whoever asks for a version looks at all that was told of its key.
create index told_by_key on told (key);
drop index told_key;
