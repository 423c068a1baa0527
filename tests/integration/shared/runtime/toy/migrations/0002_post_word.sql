create index note_word on note (word);
