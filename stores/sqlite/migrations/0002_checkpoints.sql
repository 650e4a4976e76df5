-- How far each subscription got.
CREATE TABLE es_checkpoints (
	name     TEXT NOT NULL PRIMARY KEY,
	position TEXT NOT NULL, -- with the identity of the log
	event_id TEXT NOT NULL -- of the event there, as proof that it is the same log; empty is none
) STRICT, WITHOUT ROWID;
