package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/eventsource-go/eventsource/bench/peers/goes"
	"github.com/eventsource-go/eventsource/bench/peers/hallgren"
	"github.com/eventsource-go/eventsource/bench/raw"
	"github.com/eventsource-go/eventsource/bench/server"
	"github.com/eventsource-go/eventsource/bench/side"
	"github.com/eventsource-go/eventsource/stores/postgres"
)

// Postgres is the cases on PostgreSQL and the server that they share, which the first of them
// starts. Close it.
type Postgres struct {
	// Many is how many events the large log has that the cases of size compare with [Few].
	// Defaults to 10^6.
	Many int

	server server.Server
	logs   logs
	small  bool // as tests need it
}

// Few is how many events the small log has in the cases of size.
const Few = 100_000

// Cases returns the cases, all with the same server, payload and durability. Cases of one group
// are compared with each other.
func (p *Postgres) Cases() [][]side.Case {
	libraries := []pgMaker{oursPG, rawPG, hallgrenPGX, hallgrenPQ, goesPG}
	everybody := append(libraries, silentPG)
	groups := [][]side.Case{
		p.appends(false, 1, 1, everybody...),
		p.appends(false, 1, 8, everybody...),
		p.appends(false, 1, 32, oursPG, rawPG, silentPG),
		p.appends(false, 100, 1, libraries...),
		p.appends(false, 100, 8, libraries...),
		p.appends(true, 1, 1, libraries...),
		p.appends(true, 100, 1, libraries...),
		p.conflict(),
		p.live(8),
		p.subscribers(),
		p.wake(),
		p.idle(),
		p.feed(),
	}
	return append(groups, p.size()...)
}

// Describe returns what is to be said of the server in the header of a report.
func (p *Postgres) Describe(ctx context.Context) (version, trips string, err error) {
	return p.server.Describe(ctx)
}

// Close stops the server, and removes its data if it was started here.
func (p *Postgres) Close() error { return errors.Join(p.logs.close(), p.server.Close()) }

// inSchema opens a case in an empty schema, which goes with it.
func (p *Postgres) inSchema(open func(ctx context.Context, sc server.Schema) (side.Subject, error)) func(context.Context, string) (side.Subject, error) {
	return func(ctx context.Context, _ string) (side.Subject, error) {
		sc, err := p.server.Schema(ctx)
		if err != nil {
			return side.Subject{}, err
		}
		s, err := open(ctx, sc)
		if err == nil {
			err = sc.Settle(ctx)
		}
		s.CPU = p.server.CPU
		end := s.Close
		s.Close = func() (err error) {
			if end != nil {
				err = end()
			}
			return errors.Join(err, sc.Drop())
		}
		if err != nil {
			return side.Subject{}, errors.Join(err, s.Close())
		}
		return s, nil
	}
}

// pgMaker opens a writer to PostgreSQL for a case.
type pgMaker struct {
	impl string
	open func(ctx context.Context, sc server.Schema, url string, n, callers int) (writer, error)
}

// appends compares makers, each with as many connections as callers; far is the long way.
func (p *Postgres) appends(far bool, n, callers int, makers ...pgMaker) []side.Case {
	params := "db=postgres"
	if far {
		params += fmt.Sprintf("/rtt=%s", server.RTT)
	}
	var cases []side.Case
	for _, m := range makers {
		c := appending(m.impl, params, n, callers, nil)
		c.Open = p.inSchema(func(ctx context.Context, sc server.Schema) (side.Subject, error) {
			url := sc.Direct
			if far {
				url = sc.Long
			}
			w, err := m.open(ctx, sc, url, n, callers)
			if err != nil {
				return side.Subject{}, err
			}
			do, err := warmed(ctx, around(w, n, callers), callers)
			return side.Subject{Do: do, Close: w.close}, err
		})
		cases = append(cases, c)
	}
	return cases
}

// warmed has all callers go around once, if there are several: connections prepare their
// statements, and plan the first times they are executed. Windows are too short for that with
// many of them.
func warmed(ctx context.Context, do func(ctx context.Context, caller, i int) error, callers int) (func(ctx context.Context, caller, i int) error, error) {
	if callers == 1 {
		return do, nil
	}
	errs := make([]error, callers)
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for i := 0; i < streams && errs[caller] == nil; i++ {
				errs[caller] = do(ctx, caller, i)
			}
		})
	}
	wg.Wait()
	return func(ctx context.Context, caller, i int) error { return do(ctx, caller, i+streams) }, errors.Join(errs...)
}

// openStore opens the platform's store in a schema, with its tables.
func openStore(ctx context.Context, sc server.Schema, url string, conns int, cfg postgres.Config) (*postgres.Store, error) {
	cfg.Schema = sc.Name
	s, err := postgres.Open(ctx, fmt.Sprintf("%s&pool_max_conns=%d", url, conns), cfg)
	if err != nil {
		return nil, err
	}
	if err = s.Migrate(ctx); err == nil {
		err = server.WarmSQL(ctx, s.DB().DB, conns)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// oursPG is the store as it is by default: it also tells other processes. silentPG does not.
var oursPG, silentPG = oursOn("ours", postgres.Config{}), oursOn("silent", postgres.Config{ListenURL: "-"})

func oursOn(impl string, cfg postgres.Config) pgMaker {
	return pgMaker{impl, func(ctx context.Context, sc server.Schema, url string, n, callers int) (writer, error) {
		s, err := openStore(ctx, sc, url, callers, cfg)
		if err != nil {
			return writer{}, err
		}
		return writer{
			append: func(ctx context.Context, _ int, stream string, version int) error {
				_, err := s.Append(ctx, Next(stream, version, n))
				return err
			},
			count: func(ctx context.Context) (n int, err error) {
				err = s.DB().QueryRowContext(ctx, `SELECT count(*) FROM es_events`).Scan(&n)
				return n, err
			},
			close: s.Close,
		}, nil
	}}
}

// rawPG is the bare insert.
var rawPG = pgMaker{"raw", func(ctx context.Context, _ server.Schema, url string, n, callers int) (writer, error) {
	w, err := raw.NewPostgresWriter(ctx, url, n, callers)
	if err != nil {
		return writer{}, err
	}
	return of(w, w.Append), nil
}}

var hallgrenPGX, hallgrenPQ = hallgrenOn("pgx", "hallgren-pgx"), hallgrenOn("postgres", "hallgren-pq")

// hallgrenOn is the library on one of the drivers that its users have.
func hallgrenOn(driver, impl string) pgMaker {
	return pgMaker{impl, func(ctx context.Context, _ server.Schema, url string, n, callers int) (writer, error) {
		w, err := hallgren.NewPostgresWriter(ctx, driver, url, callers)
		if err != nil {
			return writer{}, err
		}
		return of(w, func(_ context.Context, _ int, stream string, version int) error { return w.Append(stream, version, n) }), nil
	}}
}

var goesPG = pgMaker{"goes", func(ctx context.Context, _ server.Schema, url string, n, callers int) (writer, error) {
	w, err := goes.NewPostgresWriter(ctx, url, callers)
	if err != nil {
		return writer{}, err
	}
	return of(w, func(ctx context.Context, _ int, stream string, version int) error {
		return w.Append(ctx, stream, version, n)
	}), nil
}}
