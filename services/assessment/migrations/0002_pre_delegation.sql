-- The board's own decision by which it left this one to somebody else; null where it decided itself.
alter table decision add column delegation text;
