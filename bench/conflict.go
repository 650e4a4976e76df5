package bench

import (
	"context"
	"errors"
	"fmt"

	"github.com/eventsource-go/eventsource/bench/domain"
	"github.com/eventsource-go/eventsource/bench/server"
	"github.com/eventsource-go/eventsource/bench/side"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
)

// conflict compares an append whose expectation is stale with one whose is not.
func (p *Postgres) conflict() []side.Case {
	on := func(impl string, stale bool) side.Case {
		return side.Case{Scenario: "Conflict", Impl: impl, Params: "db=postgres/n=1/callers=1", Open: p.inSchema(func(ctx context.Context, sc server.Schema) (side.Subject, error) {
			s, err := openStore(ctx, sc, sc.Direct, 1, postgres.Config{})
			if err != nil {
				return side.Subject{}, err
			}
			w := writer{append: func(ctx context.Context, _ int, stream string, version int) error {
				_, err := s.Append(ctx, Next(stream, version, 1))
				return err
			}}
			do := around(w, 1, 1)
			if stale {
				do, err = staleAppends(ctx, w)
			}
			return side.Subject{Do: do, Close: s.Close}, err
		})}
	}
	return []side.Case{on("success", false), on("stale", true)}
}

// staleAppends fills streams and returns appends to them that are all refused.
func staleAppends(ctx context.Context, w writer) (func(ctx context.Context, caller, i int) error, error) {
	const versions = 3
	for stream := range streams {
		for version := range versions {
			if err := w.append(ctx, 0, domain.Name(stream), version); err != nil {
				return nil, err
			}
		}
	}
	return func(ctx context.Context, _, i int) error {
		err := w.append(ctx, 0, domain.Name(i%streams), 1)
		if conflict, ok := errors.AsType[*eventstore.ConflictError](err); !ok || conflict.Actual != versions {
			return fmt.Errorf("a stale expectation is answered with %w", err)
		}
		return nil
	}, nil
}
