package bench

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventsource-go/eventsource/bench/domain"
	"github.com/eventsource-go/eventsource/bench/server"
	"github.com/eventsource-go/eventsource/bench/side"
)

func smallPostgres(t *testing.T) *Postgres {
	p := &Postgres{small: true}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// Each case does what it is about, twice, and whatever it checks is so. What they find out is for
// a quiet machine.
func TestPostgresCases(t *testing.T) {
	p := smallPostgres(t)
	for _, group := range p.Cases() {
		for _, c := range group {
			if err := tryOut(t.Context(), c); err != nil {
				t.Errorf("%s: %v", c.Name(), err)
			}
		}
	}
}

func tryOut(ctx context.Context, c side.Case) (err error) {
	s, err := c.Open(ctx, "")
	if err != nil {
		return err
	}
	if s.Close != nil {
		defer func() {
			if end := s.Close(); err == nil {
				err = end
			}
		}()
	}
	for i := range 2 {
		for caller := range max(1, c.Callers) {
			if s.Lap != nil {
				_, err = s.Lap(ctx, caller, i)
			} else {
				err = s.Do(ctx, caller, i)
			}
			if err != nil {
				return err
			}
		}
	}
	if s.Counters != nil {
		if n := s.Counters(); n["trips/s"] == 0 || n["busy-%"] <= 0 {
			return fmt.Errorf("counted %v", n)
		}
	}
	return nil
}

// Who is compared must do the same work: after the same appends all have the same number of
// events, and none has a version twice.
func TestPostgresWritersAgree(t *testing.T) {
	p := smallPostgres(t)
	for _, m := range []pgMaker{oursPG, silentPG, rawPG, hallgrenPGX, hallgrenPQ, goesPG} {
		for _, n := range []int{1, 3} {
			const appends = 4
			sc, err := p.server.Schema(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			w, err := m.open(t.Context(), sc, sc.Direct, n, 2)
			if err != nil {
				t.Fatal(m.impl, err)
			}
			for stream := range 2 {
				for i := range appends {
					if err := w.append(t.Context(), stream, domain.Name(stream), i*n); err != nil {
						t.Fatal(m.impl, err)
					}
				}
			}
			if got, err := w.count(t.Context()); err != nil || got != 2*appends*n {
				t.Errorf("%s has %d events, want %d, error %v", m.impl, got, 2*appends*n, err)
			}
			if err := w.append(t.Context(), 0, domain.Name(0), 0); err == nil {
				t.Errorf("%s stored version 1 twice", m.impl)
			}
			if err := w.close(); err != nil {
				t.Error(m.impl, err)
			}
			if err := sc.Drop(); err != nil {
				t.Error(err)
			}
		}
	}
}

// The bare insert is into what the platform inserts into: the same columns, keys and indexes.
func TestTheBaseHasTheSameTable(t *testing.T) {
	p := smallPostgres(t)
	table := func(m pgMaker, table string) []string {
		sc, err := p.server.Schema(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		w, err := m.open(t.Context(), sc, sc.Direct, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer w.close()
		return shape(t, sc, table)
	}
	if want, got := table(oursPG, "es_events"), table(rawPG, "events"); len(want) < 15 || !slices.Equal(got, want) {
		t.Errorf("the base has\n%q, the platform\n%q", got, want)
	}
}

// shape lists columns with type, collation and whether they may be null, and what is indexed how.
func shape(t *testing.T, sc server.Schema, table string) []string {
	conn, err := pgx.Connect(t.Context(), sc.Direct)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), `
SELECT a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull || a.attidentity::text || ' ' || coalesce(l.collname, '')
FROM pg_attribute a LEFT JOIN pg_collation l ON l.oid = a.attcollation WHERE a.attrelid = $1::regclass AND a.attnum > 0
UNION ALL
SELECT 'index ' || i.indisunique || ' ' || regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING', '') FROM pg_index i WHERE i.indrelid = $1::regclass
ORDER BY 1`, table)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return lines
}
