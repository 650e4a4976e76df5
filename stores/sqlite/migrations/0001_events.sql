-- The log. Times are microseconds since 1970 in UTC.

-- Which log this is. Positions name it, so that one of another log is refused.
CREATE TABLE es_store (
	id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
	created_at INTEGER NOT NULL
) STRICT;

INSERT INTO es_store (id, created_at)
VALUES (randomblob(16), CAST(unixepoch('subsec') * 1000000 AS INTEGER));

-- A row for each stream: the guard of every append, the directory, and where a stream ends.
CREATE TABLE es_streams (
	tenant   TEXT    NOT NULL, -- empty is none
	category TEXT    NOT NULL,
	stream   TEXT    NOT NULL,
	version  INTEGER NOT NULL, -- of the last event
	first    INTEGER NOT NULL DEFAULT 1, -- version of the first event that is kept
	closed   INTEGER NOT NULL DEFAULT 0, -- 1: takes no more events
	PRIMARY KEY (tenant, category, stream)
) STRICT, WITHOUT ROWID;

-- The events, in the order in which they were committed. They are never changed.
CREATE TABLE es_events (
	position    INTEGER PRIMARY KEY,
	event_id    BLOB    NOT NULL UNIQUE,
	tenant      TEXT    NOT NULL,
	category    TEXT    NOT NULL,
	stream      TEXT    NOT NULL,
	version     INTEGER NOT NULL,
	type        TEXT    NOT NULL,
	schema      INTEGER NOT NULL, -- version of the payload's form
	occurred_at INTEGER NOT NULL, -- by the clock of who decided
	recorded_at INTEGER NOT NULL, -- by the store's clock; says nothing about order
	metadata    TEXT    NOT NULL, -- JSON; empty is none
	data        TEXT    NOT NULL, -- JSON
	UNIQUE (tenant, category, stream, version)
) STRICT;

-- The feed of one tenant. A log without tenants does not pay for it.
CREATE INDEX es_events_tenant ON es_events (tenant, position) WHERE tenant <> '';
