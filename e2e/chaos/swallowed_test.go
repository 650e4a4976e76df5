package chaos_test

import (
	"context"
	"errors"
	"testing"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/e2e/chaos/wire"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

func events(n int) []event.Draft {
	var drafts []event.Draft
	for range n {
		drafts = append(drafts, event.Draft{ID: event.NewID(), Type: "chaos.a", Schema: 1, Data: []byte(`{}`)})
	}
	return drafts
}

// The one reply that matters is swallowed: that to the commit. Whoever is told in the end, is told
// that this call stored the events; whoever can't be told, because the server is out of reach from
// then on, is told that nobody knows.
func TestReplyToTheCommitIsSwallowed(t *testing.T) {
	for name, appends := range map[string][]eventstore.Append{
		"one":     {{Stream: stream("a"), Expect: eventstore.NoStream, Events: events(1)}},
		"many":    {{Stream: stream("b"), Expect: eventstore.Any, Events: events(3)}},
		"several": {{Stream: stream("c"), Expect: eventstore.NoStream, Events: events(2)}, {Stream: stream("d"), Expect: eventstore.Any, Events: events(1)}},
	} {
		for how, send := range map[string]func(context.Context, *postgres.Store) ([]eventstore.AppendResult, error){
			"Append": func(ctx context.Context, s *postgres.Store) ([]eventstore.AppendResult, error) {
				return s.Append(ctx, appends...)
			},
			"InTx": func(ctx context.Context, s *postgres.Store) (results []eventstore.AppendResult, err error) {
				err = s.InTx(ctx, func(ctx context.Context, _ bun.Tx, streams eventstore.Streams) error {
					results, err = streams.Append(ctx, appends...)
					return err
				})
				return results, err
			},
		} {
			t.Run(name+"/"+how, func(t *testing.T) {
				at := postgrestest.Database(t)
				direct := openStore(t, at)
				if err := direct.Migrate(t.Context()); err != nil {
					t.Fatal(err)
				}
				line := wire.New(t, at)
				s, err := postgres.Open(t.Context(), line.URL, postgres.Config{ListenURL: "-", ResolveTimeout: resolveTimeout})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				line.Swallow(2)
				if _, err := s.Append(t.Context(), eventstore.Append{Stream: stream("before"), Expect: eventstore.Any, Events: events(1)}); err != nil {
					t.Fatal(err)
				}
				first, err := send(t.Context(), s)
				if err != nil || first[0].Replayed {
					t.Errorf("told in the end: %+v, %v", first, err)
				}
				for i := range appends { // once more, as new events
					appends[i].Stream.ID += "-" + how
					for k := range appends[i].Events {
						appends[i].Events[k].ID = event.NewID()
					}
				}
				line.Swallow(1)
				line.Fall()
				if _, err := send(t.Context(), s); !errors.Is(err, postgres.ErrOutcomeUnknown) {
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
