package eventstoretest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var modelCases = []scenario{
	{name: "Model/RandomCalls", run: func(t *trial) { runMachine(t, false) }},
}

// machine makes random calls on a store and on a model, and compares the two.
type machine struct {
	*trial
	rnd   *rand.Rand
	store eventstore.Store
	model *model
	sent  [][]eventstore.Append // each in the tenant of the same index of sentBy
	by    []string
}

func runMachine(t *trial, reopen bool) {
	m := &machine{trial: t, rnd: t.rand(), store: t.open(), model: newModel()}
	steps := []func(){m.appendSome, m.appendSome, m.appendSome, m.sendAgain, m.readSome, m.lookUp, m.listSome, m.feedSome}
	for i := range 400 {
		if reopen && i%50 == 49 {
			m.store = t.features.Reopen(t.TB, m.store)
		}
		if steps[m.rnd.IntN(len(steps))](); t.Failed() {
			t.Fatalf("at step %d", i)
		}
	}
	if len(m.model.log) < 100 {
		t.Errorf("only %d events were stored", len(m.model.log))
	}
}

func (m *machine) tenant() string { return []string{"", "a", "b"}[m.rnd.IntN(3)] }

func (m *machine) stream() event.StreamID {
	return event.StreamID{Category: []string{"test", "other"}[m.rnd.IntN(2)], ID: fmt.Sprint(m.rnd.IntN(6))}
}

// expectation is right more often than not.
func (m *machine) expectation(k modelKey) eventstore.Expectation {
	head := m.model.head(k)
	switch m.rnd.IntN(8) {
	case 0:
		return eventstore.NoStream
	case 1:
		return eventstore.StreamExists
	case 2, 3:
		return eventstore.Any
	case 4:
		return eventstore.Exactly(head + event.Version(m.rnd.IntN(3)))
	default:
		return eventstore.Exactly(head)
	}
}

func (m *machine) draft() event.Draft {
	d := draft([]string{"x", "y", "z"}[m.rnd.IntN(3)])
	if len(m.model.log) > 0 && m.rnd.IntN(60) == 0 {
		d.ID = m.model.log[m.rnd.IntN(len(m.model.log))].ID
	}
	d.Data = fmt.Appendf(nil, `{"n":%d}`, m.rnd.IntN(1000))
	d.Occurred = noon.Add(time.Duration(m.rnd.IntN(10)) * time.Hour)
	d.Metadata = event.Metadata{Correlation: fmt.Sprint(m.rnd.IntN(9))}
	return d
}

func (m *machine) appendSome() {
	tenant := m.tenant()
	var appends []eventstore.Append
	for range 1 + m.rnd.IntN(3) {
		stream := m.stream()
		if slices.ContainsFunc(appends, func(a eventstore.Append) bool { return a.Stream == stream }) {
			continue
		}
		a := eventstore.Append{Stream: stream, Expect: m.expectation(modelKey{tenant, stream}), Close: m.rnd.IntN(40) == 0}
		for range 1 + m.rnd.IntN(4) {
			if d := m.draft(); !slices.ContainsFunc(a.Events, func(o event.Draft) bool { return o.ID == d.ID }) {
				a.Events = append(a.Events, d)
			}
		}
		if a.Close && m.rnd.IntN(2) == 0 {
			a.Events = nil
		}
		appends = append(appends, a)
	}
	m.send(tenant, appends)
}

// sendAgain sends an earlier call again, sometimes with a change.
func (m *machine) sendAgain() {
	if len(m.sent) == 0 {
		return
	}
	i := m.rnd.IntN(len(m.sent))
	tenant, appends := m.by[i], slices.Clone(m.sent[i])
	k := m.rnd.IntN(len(appends))
	appends[k].Expect = m.expectation(modelKey{tenant, appends[k].Stream})
	appends[k].Events = slices.Clone(appends[k].Events)
	switch m.rnd.IntN(8) {
	case 0:
		tenant = m.tenant()
	case 1:
		appends[k].Events = append(appends[k].Events, draft("x"))
	case 2:
		appends[k].Close = !appends[k].Close || len(appends[k].Events) == 0
	case 3:
		if len(appends[k].Events) > 0 {
			appends[k].Events[0].Data = []byte(`"changed"`)
		}
	case 4:
		appends = appends[k : k+1]
	}
	m.send(tenant, appends)
}

func (m *machine) send(tenant string, appends []eventstore.Append) {
	seen := make(map[event.ID]bool)
	for _, a := range appends {
		for _, d := range a.Events {
			if seen[d.ID] {
				return // not even well formed
			}
			seen[d.ID] = true
		}
	}
	results, err := m.store.Append(event.WithTenant(m.Context(), tenant), appends...)
	ends, replayed, errs := m.model.append(tenant, appends)
	switch {
	case len(errs) > 0 && !slices.ContainsFunc(errs, func(want error) bool { return errors.Is(err, want) }):
		m.Errorf("append of %+v by %q: %v, %v; want one of %v", appends, tenant, results, err, errs)
		return
	case len(errs) > 0:
		return
	case err != nil || len(results) != len(appends):
		m.Errorf("append of %+v by %q: %v, %v; want versions %v", appends, tenant, results, err, ends)
		return
	}
	for i, res := range results {
		if res.Version != ends[i] || res.Replayed != replayed {
			m.Errorf("append of %+v by %q: %v; want versions %v, replayed: %v", appends, tenant, results, ends, replayed)
		}
	}
	if !replayed {
		m.sent, m.by = append(m.sent, appends), append(m.by, tenant)
	}
}

// requireModel compares records with the model's, which knows neither positions nor clocks.
func (m *machine) requireModel(what string, got, want []event.Record) {
	m.Helper()
	want = slices.Clone(want)
	for i := range min(len(got), len(want)) {
		want[i].Position, want[i].Recorded = got[i].Position, got[i].Recorded
	}
	m.requireSame(what, got, want)
}

func (m *machine) readSome() {
	k := modelKey{m.tenant(), m.stream()}
	at := func() (at time.Time) {
		if m.rnd.IntN(3) == 0 {
			at = noon.Add(time.Duration(m.rnd.IntN(10)) * time.Hour)
		}
		return at
	}
	q := eventstore.ReadQuery{
		After: event.Version(m.rnd.IntN(5)), UpTo: event.Version(m.rnd.IntN(20)), Since: at(), Until: at(),
		Backward: m.rnd.IntN(2) == 0, Limit: m.rnd.IntN(6),
	}
	recs := m.collect(m.store.Read(event.WithTenant(m.Context(), k.tenant), k.stream, q))
	m.requireModel(fmt.Sprintf("%+v of %s", q, k.stream), recs, selected(m.model.streams[k], q))
}

func (m *machine) lookUp() {
	tenant := m.tenant()
	ids := []event.ID{event.NewID()}
	var want []event.Record
	for range 5 {
		if len(m.model.log) == 0 {
			break
		}
		rec := m.model.log[m.rnd.IntN(len(m.model.log))]
		if ids = append(ids, rec.ID); rec.Metadata.Tenant == tenant {
			want = append(want, rec)
		}
	}
	found, err := m.store.Lookup(event.WithTenant(m.Context(), tenant), ids...)
	if err != nil {
		m.Fatalf("look-up: %v", err)
	}
	m.requireModel("looked up", found, want)
}

func (m *machine) listSome() {
	tenant := m.tenant()
	q := eventstore.ListQuery{Category: "test", After: fmt.Sprint(m.rnd.IntN(6)), Limit: 1 + m.rnd.IntN(8)}
	listing, err := m.store.List(event.WithTenant(m.Context(), tenant), q)
	want := m.model.list(tenant, q.Category, q.After)
	n := min(q.Limit, len(want))
	if err != nil || !slices.Equal(listing.Streams, want[:n]) || listing.AtEnd && n < len(want) {
		m.Errorf("%+v by %q: %+v, %v; want %+v", q, tenant, listing, err, want)
	}
}

func (m *machine) feedSome() {
	q := eventstore.FeedQuery{Limit: 1 + m.rnd.IntN(60), Tenant: m.tenant()}
	if m.rnd.IntN(2) == 0 {
		q.Types = []string{"x", "z"}
	}
	if m.rnd.IntN(2) == 0 {
		q.Categories = []string{"other"}
	}
	ctx := context.Context(m.Context())
	if m.rnd.IntN(2) == 0 {
		ctx = event.WithTenant(ctx, q.Tenant)
	}
	recs, _ := m.readFeed(ctx, m.store, q)
	m.requireModel(fmt.Sprintf("feed of %+v", q), recs, only(m.model.log, func(rec event.Record) bool { return wanted(q, rec) }))
}
