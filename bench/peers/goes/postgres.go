package goes

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/modernice/goes/backend/postgres"
	"github.com/modernice/goes/codec"
	"github.com/modernice/goes/event"
	"github.com/modernice/goes/event/query"

	"github.com/eventsource-go/eventsource/bench/domain"
	"github.com/eventsource-go/eventsource/bench/server"
)

// Writer appends through the library's PostgreSQL store, which encodes payloads itself and has no
// metadata.
type Writer struct {
	pool  *pgxpool.Pool
	store *postgres.EventStore
}

// NewPostgresWriter returns a writer into an empty schema.
func NewPostgresWriter(ctx context.Context, url string, callers int) (*Writer, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns = int32(callers)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	events := codec.New()
	codec.Register[domain.Posting](events, credited)
	codec.Register[domain.Posting](events, debited)
	w := &Writer{pool, postgres.NewEventStore(events, postgres.Pool(pool))}
	if err = w.store.Connect(ctx); err == nil {
		err = server.Warm(ctx, pool, callers)
	}
	if err != nil {
		pool.Close()
		return nil, err
	}
	return w, nil
}

// Append adds n events to a stream, whose name is a UUID, after version.
func (w *Writer) Append(ctx context.Context, stream string, version, n int) error {
	id, err := uuid.Parse(stream)
	if err != nil {
		return err
	}
	events := make([]event.Event, n)
	for i := range events {
		p, debit := domain.At(version + i)
		typ := credited
		if debit {
			typ = debited
		}
		events[i] = event.New[any](typ, p, event.Aggregate(id, name, version+i+1))
	}
	return w.store.Insert(ctx, events...)
}

// Count reads all events at once, decoded, and returns how many there are.
func (w *Writer) Count(ctx context.Context) (int, error) {
	events, errs, err := w.store.Query(ctx, query.New(query.SortByTime()))
	if err != nil {
		return 0, err
	}
	n := 0
	for events != nil || errs != nil {
		select {
		case e, ok := <-events:
			if !ok {
				events = nil
				continue
			}
			if _, ok := e.Data().(domain.Posting); !ok {
				return n, fmt.Errorf("event %d is not decoded", n)
			}
			n++
		case err, ok := <-errs:
			if ok {
				return n, err
			}
			errs = nil
		}
	}
	return n, nil
}

// Close closes the connections.
func (w *Writer) Close() error { w.pool.Close(); return nil }
