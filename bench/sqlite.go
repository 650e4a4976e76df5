package bench

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/eventsource-go/eventsource/bench/domain"
	"github.com/eventsource-go/eventsource/bench/peers"
	"github.com/eventsource-go/eventsource/bench/peers/hallgren"
	"github.com/eventsource-go/eventsource/bench/raw"
	"github.com/eventsource-go/eventsource/bench/side"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// SQLite returns the cases that append to a file, all with the same driver, payload and
// durability. Cases of one group are compared with each other.
func SQLite() [][]side.Case {
	return [][]side.Case{
		appends("NORMAL", 1, 1, ours, hallgrens, raws),
		appends("FULL", 1, 1, ours, hallgrens, raws),
		appends("NORMAL", 100, 1, ours, hallgrens, raws),
		appends("FULL", 1, 32, ours, hallgrens, mutexed),
	}
}

// writer appends n events, which n was said when it was made, to stream after version.
type writer struct {
	append func(ctx context.Context, stream string, version int) error
	count  func(ctx context.Context) (int, error)
	close  func() error
}

// maker opens a writer for a case.
type maker struct {
	impl string
	open func(ctx context.Context, dir, synchronous string, n, callers int) (writer, error)
}

// appends compares makers: each caller goes around streams of its own, so nobody conflicts.
func appends(synchronous string, n, callers int, makers ...maker) []side.Case {
	const streams = 16
	var cases []side.Case
	for _, m := range makers {
		cases = append(cases, side.Case{
			Scenario: "Append", Impl: m.impl, Callers: callers, Events: n,
			Params: fmt.Sprintf("db=sqlite/sync=%s/n=%d/callers=%d", synchronous, n, callers),
			Open: func(ctx context.Context, dir string) (side.Subject, error) {
				w, err := m.open(ctx, dir, synchronous, n, callers)
				if err != nil {
					return side.Subject{}, err
				}
				names := make([]string, streams*callers)
				for i := range names {
					names[i] = domain.ID(i).String()
				}
				return side.Subject{Do: func(ctx context.Context, caller, i int) error {
					return w.append(ctx, names[caller*streams+i%streams], i/streams*n)
				}, Close: w.close}, nil
			},
		})
	}
	return cases
}

var ours = maker{"ours", func(ctx context.Context, dir, synchronous string, n, _ int) (writer, error) {
	cfg := sqlite.Config{}
	if synchronous == "NORMAL" {
		cfg.Synchronous = sqlite.Normal
	}
	store, err := sqlite.Open(ctx, filepath.Join(dir, "bench.db"), cfg)
	if err != nil {
		return writer{}, err
	}
	return writer{
		append: func(ctx context.Context, stream string, version int) error {
			_, err := store.Append(ctx, Next(stream, version, n))
			return err
		},
		count: func(ctx context.Context) (n int, err error) {
			err = store.DB().QueryRowContext(ctx, `SELECT count(*) FROM es_events`).Scan(&n)
			return n, err
		},
		close: store.Close,
	}, store.Migrate(ctx)
}}

// hallgrens is the library's plain store for one caller, and the one it has for many for more.
var hallgrens = maker{"hallgren", func(_ context.Context, dir, synchronous string, n, callers int) (writer, error) {
	w, err := hallgren.NewWriter(dir, synchronous, callers > 1)
	if err != nil {
		return writer{}, err
	}
	return writer{
		append: func(_ context.Context, stream string, version int) error { return w.Append(stream, version, n) },
		count:  w.Count, close: w.Close,
	}, nil
}}

// mutexed is the prepared insert for many callers, who wait for each other.
var mutexed = maker{"mutex", raws.open}

// raws is the prepared insert.
var raws = maker{"raw", func(ctx context.Context, dir, synchronous string, n, _ int) (writer, error) {
	w, err := raw.NewWriter(ctx, dir, synchronous, n)
	if err != nil {
		return writer{}, err
	}
	return writer{append: w.Append, count: w.Count, close: w.Close}, nil
}}

// Next returns the append of the n events that follow version in stream.
func Next(stream string, version, n int) eventstore.Append {
	a := eventstore.Append{
		Stream: event.StreamID{Category: "account", ID: stream},
		Expect: eventstore.Exactly(event.Version(version)),
		Events: make([]event.Draft, n),
	}
	for i := range a.Events {
		p, debit := domain.At(version + i)
		typ := "account.credited"
		if debit {
			typ = "account.debited"
		}
		a.Events[i] = event.Draft{
			ID: event.NewID(), Type: typ, Schema: 1, Occurred: p.At, Metadata: peers.Metadata, Data: domain.Payload(version + i),
		}
	}
	return a
}
