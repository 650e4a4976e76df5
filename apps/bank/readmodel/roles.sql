
-- The same for the tables of the bank.
ALTER TABLE bank_accounts OWNER TO bank_owner;
ALTER TABLE bank_entries OWNER TO bank_owner;
ALTER TABLE bank_audit OWNER TO bank_owner;
REVOKE ALL ON bank_accounts, bank_entries, bank_audit FROM PUBLIC, bank_writer, bank_reader;
GRANT SELECT ON bank_accounts, bank_entries, bank_audit TO bank_writer, bank_reader;
GRANT INSERT, UPDATE ON bank_accounts TO bank_writer;
GRANT INSERT ON bank_entries, bank_audit TO bank_writer;
