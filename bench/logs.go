package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eventsource-go/eventsource/bench/domain"
	"github.com/eventsource-go/eventsource/bench/server"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/stores/postgres"
)

// logs are stores with many events. They are filled once, when somebody first asks, and kept for
// all rounds: their cases find what was there in the round before, and more.
type logs struct {
	mu     sync.Mutex
	filled map[int]*log
	closes []func() error
}

// log is a store that was filled.
type log struct {
	store  *postgres.Store
	schema server.Schema
	id     string // of the log, as positions begin
	rows   int
	took   time.Duration
	bytes  int64 // tables and indexes

	appended, begun, paged atomic.Int64 // by all cases until now
}

// perStream is how many events each stream of a log has.
const perStream = 10

// log returns the one that has so many events.
func (p *Postgres) log(ctx context.Context, rows int) (*log, error) {
	p.logs.mu.Lock()
	defer p.logs.mu.Unlock()
	if l := p.logs.filled[rows]; l != nil {
		return l, nil
	}
	sc, err := p.server.Schema(ctx)
	if err != nil {
		return nil, err
	}
	l := &log{schema: sc, rows: rows}
	if l.store, err = openStore(ctx, sc, sc.Direct, 8, postgres.Config{}); err != nil {
		return nil, errors.Join(err, sc.Drop())
	}
	start := time.Now()
	if err := l.fill(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("fill a log of %d events: %w", rows, err), l.store.Close(), sc.Drop())
	}
	l.took = time.Since(start)
	p.logs.keep(func() error { return errors.Join(l.store.Close(), sc.Drop()) })
	if p.logs.filled == nil {
		p.logs.filled = make(map[int]*log)
	}
	p.logs.filled[rows] = l
	return l, nil
}

func (l *logs) keep(end func() error) { l.closes = append(l.closes, end) }

func (l *logs) close() (err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, end := range l.closes {
		err = errors.Join(err, end())
	}
	l.closes, l.filled = nil, nil
	return err
}

const (
	fillStreams = `INSERT INTO es_streams (tenant, category, stream, version)
SELECT '', 'account', '01930000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'), $3 FROM generate_series($1::bigint, $2::bigint - 1) n`

	// Ids are in order of time, as event.NewID makes them, and the streams of domain.ID.
	fillEvents = `INSERT INTO es_events (event_id, tenant, category, stream, version, type, schema, occurred_at, recorded_at, metadata, data)
SELECT (lpad(to_hex(1764000000000 + n / 4), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 5, 15))::uuid,
	'', 'account', '01930000-0000-7000-8000-' || lpad(to_hex(n / $3), 12, '0'), n % $3 + 1, CASE n % 2 WHEN 0 THEN 'account.credited' ELSE 'account.debited' END,
	1, now(), now(), $4::json, $5::json
FROM generate_series($1::bigint, $2::bigint - 1) n`
)

// fill inserts the events as the store's own appends would have, but faster, and brings the
// tables to rest. Positions are drawn by the table.
func (l *log) fill(ctx context.Context) error {
	const atOnce = 500_000
	db := l.store.DB().DB
	for from := 0; from < l.rows; from += atOnce {
		to := min(from+atOnce, l.rows)
		if _, err := db.ExecContext(ctx, l.in(fillStreams), from/perStream, to/perStream, perStream); err != nil {
			return err
		}
		if _, err := db.ExecContext(ctx, l.in(fillEvents), from, to, perStream, string(domain.Why.JSON()), string(domain.Payload(0))); err != nil {
			return err
		}
	}
	if err := l.schema.Vacuum(ctx); err != nil {
		return err
	}
	head, err := l.store.Head(ctx)
	if err != nil {
		return err
	}
	l.id, _, _ = strings.Cut(head.String(), ".")
	err = db.QueryRowContext(ctx, `SELECT pg_total_relation_size($1) + pg_total_relation_size($2)`, l.in("es_streams"), l.in("es_events")).Scan(&l.bytes)
	return errors.Join(err, l.schema.Settle(ctx))
}

// in fills in the schema of the log.
func (l *log) in(text string) string {
	return strings.NewReplacer("es_streams", l.schema.Name+".es_streams", "es_events", l.schema.Name+".es_events").Replace(text)
}

// at returns the n-th position.
func (l *log) at(n int) (event.Position, error) {
	return event.ParsePosition(fmt.Sprintf("%s.%d", l.id, n))
}

// Logs says which large logs there were, for the header of a report; empty if none.
func (p *Postgres) Logs() string {
	p.logs.mu.Lock()
	defer p.logs.mu.Unlock()
	var words []string
	for _, l := range []*log{p.logs.filled[p.few()], p.logs.filled[p.many()]} {
		if l != nil {
			words = append(words, fmt.Sprintf("%d events of %d MB, filled in %.0f s", l.rows, l.bytes>>20, l.took.Seconds()))
		}
	}
	return strings.Join(words, "; ")
}
