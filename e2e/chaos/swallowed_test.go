package chaos_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/e2e/chaos/wire"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// fresh appends so many new events to a new stream.
func fresh(expect eventstore.Expectation, n int) eventstore.Append {
	a := eventstore.Append{Stream: stream(event.NewID().String()), Expect: expect}
	for range n {
		a.Events = append(a.Events, event.Draft{ID: event.NewID(), Type: types[0], Schema: 1, Data: []byte(`{}`)})
	}
	return a
}

// The one reply that matters is swallowed: that to the commit. Whoever is told in the end, is told
// that this call stored the events; whoever can't be told, because the server is out of reach from
// then on, is told that nobody knows.
func TestReplyToTheCommitIsSwallowed(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]func() []eventstore.Append{
		"one":  func() []eventstore.Append { return []eventstore.Append{fresh(eventstore.NoStream, 1)} },
		"many": func() []eventstore.Append { return []eventstore.Append{fresh(eventstore.Any, 3)} },
		"several": func() []eventstore.Append {
			return []eventstore.Append{fresh(eventstore.NoStream, 2), fresh(eventstore.Any, 1)}
		},
	} {
		for how, send := range map[string]func(context.Context, *postgres.Store, []eventstore.Append) ([]eventstore.AppendResult, error){
			"Append": func(ctx context.Context, s *postgres.Store, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
				return s.Append(ctx, appends...)
			},
			"InTx": func(ctx context.Context, s *postgres.Store, appends []eventstore.Append) (results []eventstore.AppendResult, err error) {
				err = s.InTx(ctx, func(ctx context.Context, _ bun.Tx, streams eventstore.Streams) error {
					results, err = streams.Append(ctx, appends...)
					return err
				})
				return results, err
			},
		} {
			t.Run(name+"/"+how, func(t *testing.T) {
				t.Parallel()
				at := postgrestest.Database(t)
				direct := openStore(t, at)
				if err := direct.Migrate(t.Context()); err != nil {
					t.Fatal(err)
				}
				line := wire.New(t, at)
				s, err := postgres.Open(t.Context(), line.URL, postgres.Config{ListenURL: "-", ResolveTimeout: 500 * time.Millisecond})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				line.Swallow(2)
				if _, err := s.Append(t.Context(), fresh(eventstore.Any, 1)); err != nil {
					t.Fatal(err)
				}
				first, err := send(t.Context(), s, form())
				if err != nil || first[0].Replayed {
					t.Errorf("told in the end: %+v, %v", first, err)
				}
				line.Swallow(1)
				line.Fall()
				appends := form()
				if _, err := send(t.Context(), s, appends); !errors.Is(err, postgres.ErrOutcomeUnknown) {
					t.Errorf("out of reach: %v", err)
				}
				for _, a := range appends {
					records, err := eventstore.Collect(direct.Read(t.Context(), a.Stream, eventstore.ReadQuery{}))
					if err != nil || len(records) != len(a.Events) {
						t.Errorf("%v: %d of %d events, %v", a.Stream, len(records), len(a.Events), err)
					}
				}
			})
		}
	}
}
