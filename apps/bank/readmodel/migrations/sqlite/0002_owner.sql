-- compatible
-- By which accounts are found by how the name of their owner begins, in upper or lower case.

CREATE INDEX bank_accounts_by_lower_owner ON bank_accounts (lower(owner), id);
