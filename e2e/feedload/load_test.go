package feedload_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/e2e/evidence"
	"github.com/eventsource-go/eventsource/e2e/supervisor"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// sizeVariable is how many events to write. By default it is what every run of the tests has
// time for.
const (
	sizeVariable = "FEEDLOAD_EVENTS"
	defaultSize  = 12_000
)

// foreigner is the application name of those whose transactions have nothing to do with events.
const foreigner = "a foreign program"

// The two parts of a run: with the foreign transactions open, and without.
const (
	beside = 1
	alone  = 2
)

// Sixteen writers, some of whom roll back or stay open, and four readers of the store's feed, all
// on one server, on which others have long transactions: nothing is lost, doubled, shown that was
// rolled back, or shown out of order. Two feeds that others use lose events on the same load.
func TestFeedUnderLoad(t *testing.T) {
	r := newRun(t)
	foreign := r.beginForeign(t)
	part := r.size * 7 / 10
	opened := time.Now()

	r.write(beside, part, func(ctx context.Context) error {
		return r.bait.lay(ctx, beside, func(position int64) bool { return r.naive.last.Load() >= position })
	})
	r.waitUntilShown(t) // while they are open: nothing may depend on their end
	whileOpen := r.shown()
	for _, end := range foreign {
		end()
	}
	r.report.ForeignOpen = time.Since(opened)
	r.waitUntil(t, r.xmin.name, &r.xmin.shown, r.committed(all)) // it had to stand still until now

	r.write(alone, r.size, func(ctx context.Context) error {
		return r.bait.lay(ctx, alone, func(position int64) bool {
			return r.naive.last.Load() >= position && r.xmin.last.Load() >= position
		})
	})
	r.report.Took = time.Since(opened)
	close(r.done)
	r.following.Wait()
	if err := context.Cause(r.ctx); err != nil {
		t.Fatal(err)
	}
	r.judge(t, whileOpen)
}

// run is what the parts of the test share.
type run struct {
	ctx       context.Context
	fail      context.CancelCauseFunc
	size      int
	url       string
	stores    []*postgres.Store
	ledger    *ledger
	tally     tally
	writers   []*writer
	bait      *bait
	readers   []*reader
	naive     *rival
	xmin      *rival
	done      chan struct{} // nobody writes any more
	following sync.WaitGroup
	report    report
}

func newRun(t *testing.T) *run {
	t.Helper()
	r := &run{size: defaultSize, url: postgrestest.Database(t), ledger: newLedger(writers + 1), done: make(chan struct{})}
	if text := os.Getenv(sizeVariable); text != "" {
		var err error
		if r.size, err = strconv.Atoi(text); err != nil {
			t.Fatalf("%s=%q is not a number", sizeVariable, text)
		}
	}
	least, most := 1, 12
	if r.size >= 100_000 {
		least, most = 3, 50
	}
	r.report = report{Size: r.size, Seed: evidence.Seed(t), Date: time.Now().Format(time.DateOnly), Cores: runtime.NumCPU()}
	r.ctx, r.fail = context.WithCancelCause(t.Context())
	for range 2 { // as two processes would
		store, err := r.open(t.Context(), "&pool_max_conns=20")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		r.stores = append(r.stores, store)
	}
	if err := r.stores[0].Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.stores[0].DB().ExecContext(t.Context(), "CREATE TABLE elsewhere (n integer); CREATE TABLE unrelated (n integer)"); err != nil {
		t.Fatal(err)
	}
	settings, err := r.stores[0].Settings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.report.PostgreSQL, r.report.Durability = settings.Version, settings.Durability
	for n := range writers {
		r.writers = append(r.writers, newWriter(r.stores[n%2], r.ledger, &r.tally, r.report.Seed, n, least, most))
	}
	r.bait = &bait{store: r.stores[1], book: r.ledger.books[writers], ledger: r.ledger, tally: &r.tally}
	r.startReaders(t)
	return r
}

func (r *run) open(ctx context.Context, params string) (*postgres.Store, error) {
	return postgres.Open(ctx, r.url+params, postgres.Config{})
}

func (r *run) startReaders(t *testing.T) {
	t.Helper()
	r.readers = []*reader{
		{name: "tails", wanted: all, store: r.stores[0]},
		{name: "starts again from its cursor", wanted: all, store: r.stores[1], pause: evidence.Rand(r.report.Seed, 1000), again: func(ctx context.Context) (*postgres.Store, error) {
			return r.open(ctx, "&pool_max_conns=2")
		}},
		{name: "wants one type of three", wanted: onlyFiltered, store: r.stores[0], query: eventstore.FeedQuery{Types: []string{filtered}}},
		{name: "has pages of seven", wanted: all, store: r.stores[1], query: eventstore.FeedQuery{Limit: 7}},
	}
	for _, reader := range r.readers {
		reader.ledger = r.ledger
		r.follow(reader.name, func(ctx context.Context) error { return reader.follow(ctx, r.done) })
	}
	r.naive = &rival{name: "naive: after the last position seen", query: naiveQuery, ledger: r.ledger}
	r.xmin = &rival{name: "`xmin`: the same, below the snapshot's horizon", query: xminQuery, ledger: r.ledger}
	for _, rival := range []*rival{r.naive, r.xmin} {
		conn := postgrestest.Connect(t, r.url)
		r.follow(rival.name, func(ctx context.Context) error { return rival.follow(ctx, conn, r.done) })
	}
}

func (r *run) follow(name string, fn func(ctx context.Context) error) {
	r.following.Go(func() {
		if err := fn(r.ctx); err != nil {
			r.fail(fmt.Errorf("%s: %w", name, err))
		}
	})
}

// beginForeign begins transactions that write and have nothing to do with events, and returns
// what ends them.
func (r *run) beginForeign(t *testing.T) (ends []func()) {
	t.Helper()
	for _, url := range []string{r.url, postgrestest.Database(t)} {
		cfg, err := pgx.ParseConfig(url)
		if err != nil {
			t.Fatal(err)
		}
		cfg.RuntimeParams["application_name"] = foreigner
		conn, err := pgx.ConnectConfig(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
		run := func(text string) {
			if _, err := conn.Exec(t.Context(), text); err != nil {
				t.Fatal(err)
			}
		}
		run("CREATE TABLE IF NOT EXISTS unrelated (n integer)")
		run("BEGIN")
		run("INSERT INTO unrelated VALUES (1)")
		ends = append(ends, func() { run("COMMIT") })
	}
	return ends
}

// write has all writers write until there are so many events, and does something besides once
// they are under way.
func (r *run) write(phase, until int, besides func(ctx context.Context) error) {
	var wg sync.WaitGroup
	for _, w := range r.writers {
		wg.Go(func() {
			if err := w.run(r.ctx, phase, int64(until)); err != nil {
				r.fail(err)
			}
		})
	}
	wg.Go(func() {
		half := (r.tally.events.Load() + int64(until)) / 2
		err := supervisor.Poll(r.ctx, 10*patience, func(context.Context) error {
			if n := r.tally.events.Load(); n < half {
				return fmt.Errorf("%d of %d events are written", n, half)
			}
			return nil
		})
		if err == nil {
			err = besides(r.ctx)
		}
		if err != nil {
			r.fail(err)
		}
	})
	wg.Wait()
}

// waitUntilShown returns when every reader has shown what was written until now.
func (r *run) waitUntilShown(t *testing.T) {
	t.Helper()
	for _, reader := range r.readers {
		r.waitUntil(t, "the reader that "+reader.name, &reader.shown, r.committed(reader.wanted))
	}
}

func (r *run) waitUntil(t *testing.T, name string, shown *atomic.Int64, want int64) {
	t.Helper()
	err := supervisor.Poll(r.ctx, patience, func(context.Context) error {
		if n := shown.Load(); n < want {
			return fmt.Errorf("%s: %d of %d events are shown", name, n, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err, context.Cause(r.ctx))
	}
}

// committed returns how many events are committed, of those that are wanted, while nobody writes.
func (r *run) committed(wanted func(n int) bool) (sum int64) {
	for _, b := range r.ledger.books {
		for n := range b.entries {
			if b.entries[n].committed && wanted(n) {
				sum++
			}
		}
	}
	return sum
}

// shown returns how many events each reader and rival has shown until now.
func (r *run) shown() (n []int64) {
	for _, reader := range r.readers {
		n = append(n, reader.shown.Load())
	}
	return append(n, r.naive.shown.Load(), r.xmin.shown.Load())
}

// judge fails for whatever should not be, and publishes all of it.
func (r *run) judge(t *testing.T, whileOpen []int64) {
	t.Helper()
	rep := &r.report
	rep.Committed, rep.RolledBack = r.ledger.counts()
	rep.Baits = r.bait.open
	rep.Appends, rep.SeveralStreams, rep.Transactions = r.tally.Appends.Load(), r.tally.SeveralStreams.Load(), r.tally.Transactions.Load()
	rep.TransactionsRolledBack, rep.HeldOpen = r.tally.RolledBack.Load(), r.tally.HeldOpen.Load()
	rep.WroteElsewhere, rep.OnHotStreams = r.tally.WroteElsewhere.Load(), r.tally.OnHotStreams.Load()
	for i, reader := range r.readers {
		rep.Readers = append(rep.Readers, line{
			Name: reader.name, verdict: judge(r.ledger, reader.wanted, reader.seen), WhileForeignOpen: whileOpen[i],
			Pages: reader.pages, Stalls: reader.stalls, Restarts: reader.restarts,
		})
		if v := rep.Readers[i]; !v.sound() {
			t.Errorf("the reader that %s: %+v", reader.name, v.verdict)
		}
		rep.BlamedOnIt += len(reader.blamed)
		for _, cause := range reader.blamed {
			t.Errorf("the reader that %s waited for who has nothing to do with it: %s", reader.name, cause)
		}
	}
	if rep.Readers[1].Restarts == 0 {
		t.Error("no reader started again")
	}
	tailing := r.readers[0].seen
	rep.AgainstTime = int64(againstTime(r.ledger, tailing))
	if rep.AgainstTime > 0 {
		t.Errorf("%d events stand before one that was acknowledged before they were appended", rep.AgainstTime)
	}
	rep.WhileOpen.Committed, rep.WhileOpen.Due = lagsOf(r.ledger, beside, tailing)
	rep.Afterwards.Committed, rep.Afterwards.Due = lagsOf(r.ledger, alone, tailing)
	for i, rival := range []*rival{r.naive, r.xmin} {
		v := judge(r.ledger, all, rival.seen)
		rep.Rivals = append(rep.Rivals, line{Name: rival.name, verdict: v, WhileForeignOpen: whileOpen[len(r.readers)+i]})
		if v.Lost == 0 {
			t.Errorf("%s: it lost nothing, so the load proves nothing", rival.name)
		}
	}
	if rep.Rivals[1].WhileForeignOpen != 0 {
		t.Errorf("%s: it showed %d events past a foreign transaction", r.xmin.name, rep.Rivals[1].WhileForeignOpen)
	}
	var stored int
	if err := r.stores[0].DB().NewRaw("SELECT count(*) FROM es_events").Scan(t.Context(), &stored); err != nil || stored != rep.Committed {
		t.Errorf("%d events are stored, %d were committed: %v", stored, rep.Committed, err)
	}
	rep.publish(t)
}
