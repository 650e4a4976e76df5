package bench

import (
	"context"
	"path/filepath"

	"github.com/eventsource-go/eventsource/bench/peers/hallgren"
	"github.com/eventsource-go/eventsource/bench/raw"
	"github.com/eventsource-go/eventsource/bench/side"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// SQLite returns the cases that append to a file, all with the same driver, payload and
// durability. Cases of one group are compared with each other.
func SQLite() [][]side.Case {
	return [][]side.Case{
		toFile("NORMAL", 1, 1, ours, hallgrens, raws),
		toFile("FULL", 1, 1, ours, hallgrens, raws),
		toFile("NORMAL", 100, 1, ours, hallgrens, raws),
		toFile("FULL", 1, 32, ours, hallgrens, mutexed),
	}
}

// maker opens a writer to a file for a case.
type maker struct {
	impl string
	open func(ctx context.Context, dir, synchronous string, n, callers int) (writer, error)
}

func toFile(synchronous string, n, callers int, makers ...maker) []side.Case {
	var cases []side.Case
	for _, m := range makers {
		cases = append(cases, appending(m.impl, "db=sqlite/sync="+synchronous, n, callers, func(ctx context.Context, dir string) (writer, error) {
			return m.open(ctx, dir, synchronous, n, callers)
		}))
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
		append: func(ctx context.Context, _ int, stream string, version int) error {
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
	return of(w, func(_ context.Context, _ int, stream string, version int) error { return w.Append(stream, version, n) }), nil
}}

// mutexed is the prepared insert for many callers, who wait for each other.
var mutexed = maker{"mutex", raws.open}

// raws is the prepared insert.
var raws = maker{"raw", func(ctx context.Context, dir, synchronous string, n, _ int) (writer, error) {
	w, err := raw.NewWriter(ctx, dir, synchronous, n)
	if err != nil {
		return writer{}, err
	}
	return of(w, func(ctx context.Context, _ int, stream string, version int) error {
		return w.Append(ctx, stream, version)
	}), nil
}}
