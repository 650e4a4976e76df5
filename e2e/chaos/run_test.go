package chaos_test

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/e2e/chaos/history"
	"github.com/eventsource-go/eventsource/e2e/chaos/wire"
	"github.com/eventsource-go/eventsource/e2e/supervisor"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

const (
	lines = 2

	// resolveTimeout is how long stores try to find out what became of what they sent.
	resolveTimeout = 2 * time.Second

	// patience is how long anything may take that has to happen at all.
	patience = 2 * time.Minute
)

// run is writers and followers of one log, and what they saw.
type run struct {
	target
	seed    uint64
	url     string                           // of the database, past the lines
	wrap    func(s *postgres.Store) database // what is taken for the store
	resolve time.Duration                    // of the stores
	began   time.Time

	stores   [lines]database
	acks     atomic.Int64
	writers  []*writer
	readers  []*follower
	outages  []history.Outage
	timeline []string
	last     atomic.Pointer[event.Position] // of the log, when it is known
}

func newRun(t *testing.T, seed uint64, server *postgrestest.Server, url string, wrap func(*postgres.Store) database, resolve time.Duration) *run {
	t.Helper()
	r := &run{seed: seed, url: url, wrap: wrap, resolve: resolve, began: time.Now(), target: target{server: server}}
	store := openStore(t, url)
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := store.DB().ExecContext(t.Context(), "CREATE TABLE chaos_notes (event uuid PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	for n := range lines {
		r.lines = append(r.lines, wire.New(t, url))
		s, err := r.open(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		r.stores[n] = wrap(s)
	}
	for n := range writers {
		line := n / 2 % lines
		r.writers = append(r.writers, &writer{number: n, line: line, db: r.stores[line], clock: r.clock, acks: &r.acks})
	}
	r.readers = []*follower{
		{name: "tail", open: r.shared(0)},
		{name: "restarting", open: r.own(1), restarts: 20, query: eventstore.FeedQuery{Limit: 120}},
		{name: "types", open: r.shared(1), query: eventstore.FeedQuery{Types: types[:1]}},
		{name: "tenant", open: r.own(0), query: eventstore.FeedQuery{Tenant: tenants[1], Limit: 37}},
	}
	return r
}

func (r *run) clock() time.Duration { return time.Since(r.began) }

// open returns a store at the end of a line.
func (r *run) open(ctx context.Context, line int) (*postgres.Store, error) {
	return postgres.Open(ctx, r.lines[line].URL+"&pool_max_conns=12", postgres.Config{ResolveTimeout: r.resolve})
}

func (r *run) shared(line int) func(context.Context) (database, func() error, error) {
	return func(context.Context) (database, func() error, error) {
		return r.stores[line], func() error { return nil }, nil
	}
}

func (r *run) own(line int) func(context.Context) (database, func() error, error) {
	return func(ctx context.Context) (database, func() error, error) {
		s, err := r.open(ctx, line)
		if err != nil {
			return nil, nil, err
		}
		return r.wrap(s), s.Close, nil
	}
}

// play has everybody work while faults are done, and until enough calls were acknowledged afterwards.
func (r *run) play(t *testing.T, faults iter.Seq[fault], afterwards int64) *ending {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var over atomic.Bool
	var writing, reading sync.WaitGroup
	for _, w := range r.writers {
		writing.Go(func() { w.write(ctx, r.seed, over.Load) })
	}
	stuck := make([]error, len(r.readers))
	for n, f := range r.readers {
		reading.Go(func() { stuck[n] = f.follow(ctx, r.isLast) })
	}
	for f := range faults {
		r.waitForAcks(t, f.after)
		t.Logf("%.2fs %v", r.clock().Seconds(), f)
		out, err := r.do(t.Context(), f, r.clock)
		if err != nil {
			t.Fatalf("%v: %v", f, err)
		}
		r.outages = append(r.outages, out)
		r.timeline = append(r.timeline, fmt.Sprintf("%6.2fs %v", out.Began.Seconds(), f))
	}
	r.waitForAcks(t, afterwards)
	over.Store(true)
	for _, line := range r.lines {
		line.Swallow(0)
	}
	within(t, "writers", writing.Wait)
	e := r.settle(t)
	r.last.Store(&e.last)
	timer := time.AfterFunc(patience, cancel)
	defer timer.Stop()
	reading.Wait()
	for n, f := range r.readers {
		if stuck[n] != nil {
			e.add("reader "+f.name, stuck[n])
		}
	}
	return e
}

// isLast reports whether a reader is at the end of a log to which nothing is added any more.
func (r *run) isLast(at event.Position) bool {
	last := r.last.Load()
	if last == nil {
		return false
	}
	order, err := at.Compare(*last)
	return err == nil && order >= 0
}

// waitForAcks returns when so many more calls were acknowledged.
func (r *run) waitForAcks(t *testing.T, more int64) {
	t.Helper()
	goal := r.acks.Load() + more
	if err := supervisor.Poll(t.Context(), patience, func(context.Context) error {
		if now := r.acks.Load(); now < goal {
			return fmt.Errorf("%d of %d calls were acknowledged", now, goal)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func within(t *testing.T, who string, wait func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("the %s do not end", who)
	}
}
