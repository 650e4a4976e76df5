-- How far each subscription got.
CREATE TABLE es_checkpoints (
	name     text COLLATE "C" NOT NULL,
	position text NOT NULL, -- with the identity of the log
	event_id text NOT NULL, -- of the event there, as proof that it is the same log; empty is none
	CONSTRAINT es_checkpoints_pkey PRIMARY KEY (name)
);
