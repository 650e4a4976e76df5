package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/uptrace/bun"
)

// shape is what the statements of the store rely on, as [shapeQuery] describes it. What a newer,
// compatible program added is left alone.
var shape = []string{
	"es_store.id uuid not null",
	"es_streams.tenant text not null C",
	"es_streams.category text not null C",
	"es_streams.stream text not null C",
	"es_streams.version bigint not null",
	"es_streams.first bigint not null",
	"es_streams.closed boolean not null",
	"es_events.position bigint not null identity",
	"es_events.event_id uuid not null",
	"es_events.tenant text not null C",
	"es_events.category text not null C",
	"es_events.stream text not null C",
	"es_events.version bigint not null",
	"es_events.type text not null C",
	"es_events.schema integer not null",
	"es_events.occurred_at timestamp with time zone not null",
	"es_events.recorded_at timestamp with time zone not null",
	"es_events.metadata json",
	"es_events.data json not null",
	"es_checkpoints.name text not null C",
	"es_checkpoints.position text not null",
	"es_checkpoints.event_id text not null",
	"es_store_pkey on es_store PRIMARY KEY (id)",
	"es_streams_pkey on es_streams PRIMARY KEY (tenant, category, stream)",
	"es_events_pkey on es_events PRIMARY KEY (position)",
	"es_events_event_id on es_events UNIQUE (event_id)",
	"es_events_version on es_events UNIQUE (tenant, category, stream, version)",
	"es_checkpoints_pkey on es_checkpoints PRIMARY KEY (name)",
	"es_events_tenant on es_events index",
	"es_why_not (text, text, text, uuid[]) bigint",
}

// shapeQuery has a row for each column, key, index and function in the current schema. Names of tables and
// keys have the default prefix, whatever prefix they have.
const shapeQuery = `
WITH t AS (
	SELECT c.oid, ?1 || substr(c.relname, length(?0) + 1) AS name FROM pg_class c
	WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND starts_with(c.relname, ?0)
)
SELECT t.name || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
	|| CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
	|| CASE WHEN a.attidentity = 'a' THEN ' identity' ELSE '' END
	|| CASE WHEN l.collname = 'C' THEN ' C' ELSE '' END
FROM t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_collation l ON l.oid = a.attcollation
UNION ALL
SELECT ?1 || substr(k.conname, length(?0) + 1) || ' on ' || t.name || ' ' || replace(pg_get_constraintdef(k.oid), '"', '')
FROM t JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype IN ('p', 'u') AND starts_with(k.conname, ?0)
UNION ALL
SELECT ?1 || substr(i.relname, length(?0) + 1) || ' on ' || t.name || ' index'
FROM t JOIN pg_index x ON x.indrelid = t.oid JOIN pg_class i ON i.oid = x.indexrelid
WHERE x.indisvalid AND starts_with(i.relname, ?0)
UNION ALL
SELECT ?1 || substr(p.proname, length(?0) + 1) || ' (' || pg_get_function_identity_arguments(p.oid) || ') ' || format_type(p.prorettype, NULL)
FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace AND starts_with(p.proname, ?0)`

// checkShape compares what is in the current schema with what the store relies on.
func (s *Store) checkShape(ctx context.Context, tx bun.Tx) error {
	rows, err := tx.QueryContext(ctx, shapeQuery, s.names.prefix, "es_")
	if err != nil {
		return fmt.Errorf("read the schema: %w", err)
	}
	defer rows.Close()
	got := make(map[string]bool)
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		got[line] = true
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, line := range shape {
		if !got[line] {
			name, _, _ := strings.Cut(line, " ")
			return &SchemaError{Set: Migrations.Name, Reason: ErrSchemaAltered, Detail: name + " is missing, or has another form"}
		}
	}
	return nil
}
