package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/eventsource-go/eventsource/bench/domain"
	"github.com/eventsource-go/eventsource/bench/roundtrip"
	"github.com/eventsource-go/eventsource/bench/server"
	"github.com/eventsource-go/eventsource/bench/side"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
)

// wake compares the time from when an append is acknowledged until a handler of the same process
// has the event with that of a page of the feed that has nothing. The appends are apart, so that
// everybody is at rest when one comes.
func (p *Postgres) wake() []side.Case {
	const apart = 2 * time.Millisecond
	handler := p.inSchema(func(ctx context.Context, sc server.Schema) (side.Subject, error) {
		store, err := openStore(ctx, sc, sc.Direct, 4, postgres.Config{})
		if err != nil {
			return side.Subject{}, err
		}
		handled := make(chan time.Time, 1)
		r, err := read(ctx, store, 1, func() { handled <- time.Now() })
		if err != nil {
			return side.Subject{Close: store.Close}, err
		}
		lap := func(ctx context.Context, _, i int) (time.Duration, error) {
			time.Sleep(apart)
			if _, err := store.Append(ctx, Next(domain.Name(i%streams), i/streams, 1)); err != nil {
				return 0, err
			}
			stored := time.Now()
			select {
			case at := <-handled:
				return max(0, at.Sub(stored)), nil
			case <-time.After(time.Minute):
				return 0, errors.New("no handler has the event")
			}
		}
		return side.Subject{Lap: lap, Close: func() error { return errors.Join(r.stop(), store.Close()) }}, nil
	})
	query := p.inSchema(func(ctx context.Context, sc server.Schema) (side.Subject, error) {
		store, err := openStore(ctx, sc, sc.Direct, 4, postgres.Config{})
		if err != nil {
			return side.Subject{}, err
		}
		s := side.Subject{Close: store.Close}
		if _, err := store.Append(ctx, Next(domain.Name(0), 0, 1)); err != nil {
			return s, err
		}
		page, err := store.Page(ctx, eventstore.FeedQuery{})
		if err != nil {
			return s, err
		}
		s.Lap = func(ctx context.Context, _, _ int) (time.Duration, error) {
			time.Sleep(apart)
			start := time.Now()
			empty, err := store.Page(ctx, eventstore.FeedQuery{After: page.Next})
			if err == nil && (len(empty.Records) > 0 || !empty.AtHead) {
				err = fmt.Errorf("%d events after the last", len(empty.Records))
			}
			return time.Since(start), err
		}
		return s, nil
	})
	on := func(impl string, open func(context.Context, string) (side.Subject, error)) side.Case {
		return side.Case{Scenario: "Wake", Impl: impl, Params: "db=postgres", Open: open}
	}
	return []side.Case{on("handler", handler), on("query", query)}
}

// idle measures what subscriptions cost the server while nothing happens: how often they ask it,
// and for how much of the time a connection waits for it. What matters are the units counted.
func (p *Postgres) idle() []side.Case {
	var cases []side.Case
	for _, n := range []int{1, 64} {
		cases = append(cases, side.Case{Scenario: "Idle", Impl: "ours", Params: fmt.Sprintf("db=postgres/subscribers=%d", n), Open: p.inSchema(func(ctx context.Context, sc server.Schema) (side.Subject, error) {
			way, err := roundtrip.Open(sc.Direct, 0)
			if err != nil {
				return side.Subject{}, err
			}
			store, err := openStore(ctx, sc, way.URL, 4, postgres.Config{})
			if err != nil {
				return side.Subject{Close: way.Close}, err
			}
			s := side.Subject{Close: func() error { return errors.Join(store.Close(), way.Close()) }}
			r, err := read(ctx, store, n, func() {})
			if err != nil {
				return s, err
			}
			end := s.Close
			s.Close = func() error { return errors.Join(r.stop(), end()) }
			s.Do = func(ctx context.Context, _, _ int) error {
				select {
				case <-time.After(p.rest()):
				case <-ctx.Done():
				}
				return ctx.Err()
			}
			s.Counters = func() map[string]float64 {
				trips, busy := way.Counted()
				return map[string]float64{"trips/s": float64(trips), "busy-%": 100 * busy.Seconds()}
			}
			return s, nil
		})})
	}
	return cases
}

// rest is how long a case at rest rests at least: three polls of a subscription.
func (p *Postgres) rest() time.Duration {
	if p.small {
		return 20 * time.Millisecond
	}
	return 600 * time.Millisecond
}
