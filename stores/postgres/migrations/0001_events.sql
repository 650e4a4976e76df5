-- The log. Names are compared byte by byte, whatever the database's collation is.

-- Which log this is. Positions name it, so that one of another log is refused.
CREATE TABLE es_store (
	id         uuid        NOT NULL PRIMARY KEY DEFAULT gen_random_uuid(),
	created_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO es_store DEFAULT VALUES;

-- A row for each stream: the guard of every append, the directory, and where a stream ends.
-- The room that is left in each page lets an update stay in it.
CREATE TABLE es_streams (
	tenant   text COLLATE "C" NOT NULL, -- empty is none
	category text COLLATE "C" NOT NULL,
	stream   text COLLATE "C" NOT NULL,
	version  bigint  NOT NULL, -- of the last event
	first    bigint  NOT NULL DEFAULT 1, -- version of the first event that is kept
	closed   boolean NOT NULL DEFAULT false, -- takes no more events
	CONSTRAINT es_streams_pkey PRIMARY KEY (tenant, category, stream)
) WITH (fillfactor = 80);

-- The events. They are never changed. A position is drawn before its transaction commits, so
-- readers must not take a hole for empty: see "the gap fence" in docs/adr. The fence needs each
-- position drawn from the sequence one by one, by the INSERT.
CREATE TABLE es_events (
	position    bigint GENERATED ALWAYS AS IDENTITY (CACHE 1),
	event_id    uuid        NOT NULL,
	tenant      text COLLATE "C" NOT NULL,
	category    text COLLATE "C" NOT NULL,
	stream      text COLLATE "C" NOT NULL,
	version     bigint      NOT NULL,
	type        text COLLATE "C" NOT NULL,
	schema      integer     NOT NULL, -- version of the payload's form
	occurred_at timestamptz NOT NULL, -- by the clock of who decided
	recorded_at timestamptz NOT NULL, -- by the store's clock; says nothing about order
	metadata    json, -- null is none
	data        json        NOT NULL,
	CONSTRAINT es_events_pkey PRIMARY KEY (position),
	CONSTRAINT es_events_event_id UNIQUE (event_id),
	CONSTRAINT es_events_version UNIQUE (tenant, category, stream, version)
);

-- The feed of one tenant. A log without tenants does not pay for it.
CREATE INDEX es_events_tenant ON es_events (tenant, position) WHERE tenant <> '';
