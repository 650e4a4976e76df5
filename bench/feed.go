package bench

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/eventsource-go/eventsource/bench/domain"
	"github.com/eventsource-go/eventsource/bench/peers"
	"github.com/eventsource-go/eventsource/bench/raw"
	"github.com/eventsource-go/eventsource/bench/server"
	"github.com/eventsource-go/eventsource/bench/side"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
)

// pageEvents is how many events a page has where pages are compared.
const pageEvents = 1000

func (p *Postgres) feedEvents() int {
	if p.small {
		return 2 * pageEvents
	}
	return 20 * pageEvents
}

// feed reads a log from its begin to its end: the platform and the bare scan in pages, hallgren
// and goes all at once. Decoded is the platform with what goes does besides.
func (p *Postgres) feed() []side.Case {
	n := p.feedEvents()
	on := func(impl string, open func(ctx context.Context, sc server.Schema) (reading, error)) side.Case {
		var kept *reading // for all rounds: nobody writes
		return side.Case{Scenario: "Feed", Impl: impl, Params: fmt.Sprintf("db=postgres/n=%d", n), Events: n, Open: func(ctx context.Context, _ string) (side.Subject, error) {
			if kept == nil {
				r, err := p.keep(ctx, open)
				if err != nil {
					return side.Subject{}, err
				}
				kept = &r
			}
			return side.Subject{Do: func(ctx context.Context, _, _ int) error {
				got, err := kept.read(ctx)
				if err == nil && got != n {
					err = fmt.Errorf("%d events of %d", got, n)
				}
				return err
			}, CPU: p.server.CPU}, nil
		}}
	}
	library := func(m pgMaker) func(ctx context.Context, sc server.Schema) (reading, error) {
		return func(ctx context.Context, sc server.Schema) (reading, error) {
			w, err := filled(ctx, m, sc, n)
			return reading{w.count, w.close}, err
		}
	}
	return []side.Case{
		on("ours", func(ctx context.Context, sc server.Schema) (reading, error) { return ourFeed(ctx, sc, n, false) }),
		on("raw", func(ctx context.Context, sc server.Schema) (reading, error) { return rawFeed(ctx, sc, n) }),
		on("hallgren", library(hallgrenPGX)),
		on("decoded", func(ctx context.Context, sc server.Schema) (reading, error) { return ourFeed(ctx, sc, n, true) }),
		on("goes", library(goesPG)),
	}
}

// reading reads all events of a log and returns how many there are.
type reading struct {
	read  func(ctx context.Context) (int, error)
	close func() error
}

// keep opens a reading of a schema of its own, until p is closed.
func (p *Postgres) keep(ctx context.Context, open func(ctx context.Context, sc server.Schema) (reading, error)) (reading, error) {
	sc, err := p.server.Schema(ctx)
	if err != nil {
		return reading{}, err
	}
	r, err := open(ctx, sc)
	end := func() error {
		if r.close == nil {
			return sc.Drop()
		}
		return errors.Join(r.close(), sc.Drop())
	}
	if err == nil {
		err = sc.Settle(ctx)
	}
	if err != nil {
		return reading{}, errors.Join(err, end())
	}
	p.logs.mu.Lock()
	defer p.logs.mu.Unlock()
	p.logs.keep(end)
	return r, nil
}

// filled opens a writer and has it append n events, in streams of a hundred. What is read often
// has been vacuumed.
func filled(ctx context.Context, m pgMaker, sc server.Schema, n int) (writer, error) {
	const atOnce = 100
	w, err := m.open(ctx, sc, sc.Direct, atOnce, 1)
	if err != nil {
		return writer{}, err
	}
	for i := 0; i < n && err == nil; i += atOnce {
		err = w.append(ctx, 0, domain.Name(i/atOnce), 0)
	}
	if err == nil {
		err = sc.Vacuum(ctx)
	}
	return w, err
}

func ourFeed(ctx context.Context, sc server.Schema, n int, decoded bool) (reading, error) {
	w, err := filled(ctx, oursPG, sc, n)
	if err != nil {
		return reading{close: w.close}, err
	}
	store, err := openStore(ctx, sc, sc.Direct, 2, postgres.Config{})
	if err != nil {
		return reading{close: w.close}, err
	}
	return reading{func(ctx context.Context) (got int, err error) {
		for q := (eventstore.FeedQuery{Limit: pageEvents}); ; {
			page, err := store.Page(ctx, q)
			if err != nil {
				return got, err
			}
			for _, rec := range page.Records {
				if decoded {
					if _, ok, err := peers.Type.Events.Decode(ctx, rec); err != nil || !ok {
						return got, fmt.Errorf("event %d is not decoded: %w", got, err)
					}
				}
				got++
			}
			if q.After = page.Next; page.AtHead {
				return got, nil
			}
		}
	}, func() error { return errors.Join(store.Close(), w.close()) }}, nil
}

// rawFeed scans the platform's table.
func rawFeed(ctx context.Context, sc server.Schema, n int) (reading, error) {
	w, err := filled(ctx, oursPG, sc, n)
	if err != nil {
		return reading{close: w.close}, err
	}
	conn, err := pgx.Connect(ctx, sc.Direct)
	if err != nil {
		return reading{close: w.close}, err
	}
	return reading{func(ctx context.Context) (got int, err error) {
		for after := int64(0); ; {
			page, err := raw.Scan(ctx, conn, "es_events", after, pageEvents)
			if err != nil || len(page) == 0 {
				return got, err
			}
			got += len(page)
			after = page[len(page)-1].Position
		}
	}, func() error { return errors.Join(conn.Close(context.WithoutCancel(ctx)), w.close()) }}, nil
}
