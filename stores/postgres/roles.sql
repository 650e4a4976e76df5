-- Three roles for one log, each with no more rights than it needs. Run it as a superuser, or as
-- the role that migrated, if it may create roles and may create in the schema; it becomes a member
-- of the owner. After the first Migrate, and again after each that follows, because new tables
-- have new rights. To run it again changes nothing.
-- The roles are groups: give their membership to those who log in.

DO $$
DECLARE wanted text;
BEGIN
	FOREACH wanted IN ARRAY ARRAY[{owner_text}, {writer_text}, {reader_text}] LOOP
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
			EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
		END IF;
	END LOOP;
	IF NOT pg_has_role(current_user, {owner_text}, 'MEMBER') THEN -- who gives something away has to be of those who get it
		EXECUTE format('GRANT %I TO CURRENT_USER', {owner_text});
	END IF;
END $$;

-- The owner migrates, and does what nobody else may: change or remove what is stored.
GRANT USAGE, CREATE ON SCHEMA {schema} TO {owner};
GRANT USAGE ON SCHEMA {schema} TO {writer}, {reader};
ALTER TABLE {store} OWNER TO {owner};
ALTER TABLE {streams} OWNER TO {owner};
ALTER TABLE {events} OWNER TO {owner}; -- and its sequence
ALTER TABLE {checkpoints} OWNER TO {owner};
ALTER TABLE {migrations} OWNER TO {owner};
ALTER FUNCTION {why_not}(text, text, text, uuid[]) OWNER TO {owner};

-- Whatever was granted before, these have it no more.
REVOKE ALL ON {store}, {streams}, {events}, {checkpoints}, {migrations}, {events_position_seq} FROM PUBLIC, {writer}, {reader};
REVOKE ALL ON FUNCTION {why_not}(text, text, text, uuid[]) FROM PUBLIC, {writer}, {reader};

-- Both check the schema, read streams, and read the feed, which asks the sequence how far it is.
GRANT SELECT ON {store}, {streams}, {events}, {checkpoints}, {migrations}, {events_position_seq} TO {writer}, {reader};

-- The writer adds events, and neither changes nor removes one. It can't choose their position:
-- the feed relies on that. What stands in the way of an append it asks for with its own rights.
GRANT EXECUTE ON FUNCTION {why_not}(text, text, text, uuid[]) TO {writer};
GRANT INSERT (event_id, tenant, category, stream, version, type, schema, occurred_at, recorded_at, metadata, data) ON {events} TO {writer};
GRANT INSERT (tenant, category, stream, version, closed), UPDATE (version, closed) ON {streams} TO {writer};
GRANT INSERT, UPDATE, DELETE ON {checkpoints} TO {writer};
