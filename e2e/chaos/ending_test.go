package chaos_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/e2e/chaos/history"
	"github.com/eventsource-go/eventsource/e2e/evidence"
	"github.com/eventsource-go/eventsource/e2e/logcheck"
	"github.com/eventsource-go/eventsource/e2e/supervisor"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// ending is what there is when nobody writes any more, and what is wrong with it.
type ending struct {
	last   event.Position
	log    *history.Log
	before *history.Log   // before unknown ops were sent again
	again  []history.Call // these
	notes  map[event.ID]bool

	judged   int // operations that were checked to be linearizable
	findings []finding
}

// finding is what a check has found wrong.
type finding struct {
	check string
	err   error
}

func (e *ending) add(check string, err error) {
	if err != nil {
		e.findings = append(e.findings, finding{check, err})
	}
}

// found reports whether a check whose name begins so has found something.
func (e *ending) found(check string) bool {
	return slices.ContainsFunc(e.findings, func(f finding) bool { return strings.HasPrefix(f.check, check) })
}

// settle waits until everything is decided, sends again what nobody knows the outcome of, and reads
// everything.
func (r *run) settle(t *testing.T) *ending {
	t.Helper()
	r.decide(t)
	store := openStore(t, r.url)
	e := &ending{notes: make(map[event.ID]bool)}
	e.before = history.NewLog(readFeed(t, store))
	e.again = r.sendAgain(t, store)
	records := readFeed(t, store)
	e.log = history.NewLog(records)
	if len(records) > 0 {
		e.last = records[len(records)-1].Position
	}
	for _, tenant := range tenants {
		_, err := logcheck.Read(event.WithTenant(t.Context(), tenant), store, "chaos")
		e.add("log of "+tenant, err)
	}
	var notes []event.ID
	if err := store.DB().NewSelect().Table("chaos_notes").Column("event").Scan(t.Context(), &notes); err != nil {
		t.Fatal(err)
	}
	for _, id := range notes {
		e.notes[id] = true
	}
	return e
}

// decide ends every connection of the database, so that what was not decided is.
func (r *run) decide(t *testing.T) {
	t.Helper()
	conn := postgrestest.Connect(t, r.url)
	var now time.Time
	if err := conn.QueryRow(t.Context(), "SELECT clock_timestamp()").Scan(&now); err != nil {
		t.Fatal(err)
	}
	if err := supervisor.Poll(t.Context(), patience, func(ctx context.Context) error {
		var left int // readers come back, but not with what was there before
		err := conn.QueryRow(ctx, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_start < $1`, now).Scan(&left)
		if err == nil && left > 0 {
			err = fmt.Errorf("%d connections are left", left)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// sendAgain sends ops again of which a call ended without knowing.
func (r *run) sendAgain(t *testing.T, store *postgres.Store) []history.Call {
	t.Helper()
	w := &writer{db: store, clock: r.clock, acks: &r.acks, known: make(map[event.StreamID]event.Version)}
	sent := make(map[[2]int]bool)
	for _, c := range r.calls() {
		op := [2]int{c.Writer, c.Index}
		if c.Outcome != history.Unknown || sent[op] {
			continue
		}
		sent[op] = true
		w.send(t.Context(), step{op: c.Op, inTx: c.InTx, rollBack: c.RolledBack})
	}
	return w.calls
}

func (r *run) calls() []history.Call {
	var all []history.Call
	for _, w := range r.writers {
		all = append(all, w.calls...)
	}
	return all
}

func readFeed(t *testing.T, store *postgres.Store) (records []event.Record) {
	t.Helper()
	for q := (eventstore.FeedQuery{Limit: 5000}); ; {
		page, err := store.Page(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, page.Records...)
		if page.AtHead {
			return records
		} else if page.Stall != nil {
			t.Fatalf("the feed is stalled when nobody writes: %s", page.Stall.Cause)
		}
		q.After = page.Next
	}
}

// judge does all checks.
func (r *run) judge(t *testing.T, e *ending) {
	t.Helper()
	calls := r.calls()
	all := append(slices.Clone(calls), e.again...)
	var reads []history.Read
	for _, w := range r.writers {
		reads = append(reads, w.reads...)
	}
	e.add("versions", history.CheckVersions(e.log))
	e.add("sent", history.CheckSent(all, e.log))
	e.add("acknowledged", history.CheckAcknowledged(all, e.log))
	e.add("refused", history.CheckRefused(all, e.log, refusals...))
	e.add("whole", history.CheckWhole(all, e.log))
	e.add("again", history.CheckAgain(all))
	e.add("real time", history.CheckRealTime(all))
	e.add("notes", history.CheckNotes(all, e.log, e.notes))
	e.add("unknown", history.CheckUnknown(calls, r.outages, r.resolve))
	e.add("resolved", history.CheckResolved(e.before, e.again))
	e.add("beginning", history.CheckBeginning(sights(e.before.Records), e.log))
	for _, f := range r.readers {
		e.add("reader "+f.name, history.CheckReader(history.Reader{Name: f.name, Types: f.query.Types, Tenant: f.query.Tenant, Seen: f.seen}, e.log))
	}
	var err error
	e.judged, err = history.CheckLinear(all, reads, e.log, filepath.Join(evidence.Dir(t), "history.html"))
	e.add("linear", err)
}

func sights(records []event.Record) []history.Sight {
	all := make([]history.Sight, len(records))
	for i, rec := range records {
		all[i] = history.Saw(rec)
	}
	return all
}
