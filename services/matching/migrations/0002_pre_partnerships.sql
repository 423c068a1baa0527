-- An adoption is read with all its partnerships, also those that were refused: the partial indexes do not serve that.
create index partnership_adoption on partnership (adoption);
