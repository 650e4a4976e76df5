package feedload_test

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// rival is a feed that others use: a query of its own over the same table.
type rival struct {
	name   string
	query  string
	ledger *ledger

	seen  []sight
	shown atomic.Int64
	last  atomic.Int64 // position
}

const (
	naiveQuery = `SELECT event_id, position, category, stream, version FROM es_events WHERE position > $1 ORDER BY position LIMIT 500`
	xminQuery  = `SELECT event_id, position, category, stream, version FROM es_events
WHERE position > $1 AND xmin::text::bigint < pg_snapshot_xmin(pg_current_snapshot())::text::bigint ORDER BY position LIMIT 500`
)

// follow reads on after the last position seen, until there is nothing after the end.
func (r *rival) follow(ctx context.Context, conn *pgx.Conn, done <-chan struct{}) error {
	for {
		ending := false
		select {
		case <-done:
			ending = true
		default:
		}
		began := time.Now()
		n, err := r.look(ctx, conn)
		switch {
		case err != nil:
			return err
		case n > 0:
			continue
		case ending:
			return nil
		}
		select { // a query that looks at everything and shows nothing must not take the machine
		case <-time.After(min(max(2*time.Millisecond, 10*time.Since(began)), time.Second)):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (r *rival) look(ctx context.Context, conn *pgx.Conn) (n int, err error) {
	rows, err := conn.Query(ctx, r.query, pgx.QueryExecModeExec, r.last.Load()) // a plan made when the table was empty would make it late
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	now := r.ledger.now()
	for rows.Next() {
		s := sight{at: now}
		if err := rows.Scan(&s.id, &s.position, &s.stream.Category, &s.stream.ID, &s.version); err != nil {
			return n, err
		}
		r.seen = append(r.seen, s)
		n++
	}
	if n > 0 {
		r.last.Store(r.seen[len(r.seen)-1].position)
		r.shown.Store(int64(len(r.seen)))
	}
	return n, rows.Err()
}
