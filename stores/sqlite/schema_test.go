package sqlite

import (
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"github.com/eventsource-go/eventsource/core/eventstore"
)

func TestStoreWithoutSchemaSaysSo(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "events.db"), Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, appendErr := s.Append(t.Context(), draftTo("1", eventstore.Any, "a"))
	_, headErr := s.Head(t.Context())
	for name, err := range map[string]error{"append": appendErr, "head": headErr, "check": s.CheckSchema(t.Context())} {
		if schema, ok := errors.AsType[*SchemaError](err); !ok || !errors.Is(err, ErrSchemaMissing) || schema.Set != "eventsource" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := errors.Join(s.Migrate(t.Context()), s.CheckSchema(t.Context())); err != nil {
		t.Error(err)
	}
	if _, err := s.Append(t.Context(), draftTo("1", eventstore.Any, "a")); err != nil {
		t.Error(err)
	}
}

func TestMigrateAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	var wg sync.WaitGroup
	for range 4 {
		s, err := Open(t.Context(), path, Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		wg.Go(func() {
			if err := s.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestSchemaThatDoesNotFit(t *testing.T) {
	for name, c := range map[string]struct {
		tamper string
		want   error
	}{
		"newer program":   {"INSERT INTO es_migrations VALUES ('eventsource', 3, 'later', 'x', 0)", ErrSchemaNewer},
		"compatible":      {"INSERT INTO es_migrations VALUES ('eventsource', 3, 'later', 'x', 1)", nil},
		"other migration": {"UPDATE es_migrations SET checksum = 'x' WHERE number = 2", ErrSchemaAltered},
		"missing one":     {"DELETE FROM es_migrations WHERE number = 2", ErrSchemaMissing},
		"missing table":   {"DROP TABLE es_checkpoints", ErrSchemaAltered},
		"other table":     {"ALTER TABLE es_events ADD COLUMN extra TEXT", ErrSchemaAltered},
		"missing index":   {"DROP INDEX es_events_tenant", ErrSchemaAltered},
		"user's table":    {"CREATE TABLE mine (a)", nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := openForGroups(t, Config{})
			if _, err := s.writer.conn.ExecContext(t.Context(), c.tamper); err != nil {
				t.Fatal(err)
			}
			if err := s.CheckSchema(t.Context()); !errors.Is(err, c.want) || c.want != nil && !errors.Is(err, ErrSchema) {
				t.Errorf("check: %v", err)
			}
			if c.want == ErrSchemaMissing {
				return // which Migrate would mend, were the table not there
			}
			if err := s.Migrate(t.Context()); !errors.Is(err, c.want) {
				t.Errorf("migrate: %v", err)
			}
		})
	}
}

// The guard is only as good as what the database refuses by itself.
func TestTablesRefuseWhatTheStoreNeverWrites(t *testing.T) {
	s := openForGroups(t, Config{})
	if _, err := s.Append(t.Context(), draftTo("1", eventstore.Any, "a")); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"INSERT INTO es_events SELECT 2, event_id, tenant, category, stream, 2, type, schema, occurred_at, recorded_at, metadata, data FROM es_events",
		"INSERT INTO es_events SELECT 2, randomblob(16), tenant, category, stream, 1, type, schema, occurred_at, recorded_at, metadata, data FROM es_events",
		"UPDATE es_events SET version = 'one'",
	} {
		if _, err := s.writer.conn.ExecContext(t.Context(), text); err == nil {
			t.Errorf("accepted %s", text)
		}
	}
}
