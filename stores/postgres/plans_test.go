package postgres_test

import (
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// With 10^5 events in 1 000 streams of 10 tenants, what the store asks goes by an index.
func TestPlans(t *testing.T) {
	s := open(t, postgrestest.Database(t), postgres.Config{})
	exec(t, s.DB(), `INSERT INTO es_streams SELECT 't' || n % 10, 'c' || n % 7, n::text, 100 FROM generate_series(1, 1000) n`)
	exec(t, s.DB(), `INSERT INTO es_streams SELECT 't3', 'many', n::text, 1 FROM generate_series(1, 20000) n`)
	exec(t, s.DB(), `INSERT INTO es_events (event_id, tenant, category, stream, version, type, schema, occurred_at, recorded_at, data)
		SELECT gen_random_uuid(), 't' || n % 10, 'c' || n % 7, n::text, v, 'type' || v % 20, 1, now(), now(), '{}'
		FROM generate_series(1, 100) v, generate_series(1, 1000) n`)
	exec(t, s.DB(), `ANALYZE es_streams, es_events`)
	for name, text := range postgres.Statements(s, eventstore.FeedQuery{Types: []string{"type1", "type2"}, Limit: 100}, eventstore.FeedQuery{Tenant: "t3", Limit: 100}) {
		rows, err := s.DB().DB.QueryContext(t.Context(), "EXPLAIN "+text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var plan strings.Builder
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			plan.WriteString(line + "\n")
		}
		if err := rows.Err(); err != nil {
			t.Error(err)
		}
		if p := plan.String(); strings.Contains(p, "Seq Scan on es_") || strings.Contains(p, "Sort") || !strings.Contains(p, "Index") {
			t.Errorf("%s:\n%s", name, p)
		}
	}
}
