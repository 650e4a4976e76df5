package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// A server that is to wait for a standby says that it has committed when its client leaves
// meanwhile, and only warns that no standby has it.
func TestWhoLeavesBeforeAStandbyHasItIsNotTold(t *testing.T) {
	server, err := postgrestest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Remove(); err != nil {
			t.Error(err)
		}
	})
	before := open(t, server.URL, postgres.Config{ListenURL: "-"})
	if err := errors.Join(before.Close(), server.Stop(), server.Restart(t.Context(), "synchronous_standby_names=nobody")); err != nil {
		t.Fatal(err)
	}
	s, err := postgres.Open(t.Context(), server.URL, postgres.Config{ListenURL: "-"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, store := range map[string]func(ctx context.Context) error{
		"append": func(ctx context.Context) error {
			_, err := s.Append(ctx, to(one, eventstore.NoStream, "a"))
			return err
		},
		"several": func(ctx context.Context) error {
			_, err := s.Append(ctx, to(two, eventstore.NoStream, "a"), to(stream("three"), eventstore.NoStream, "a"))
			return err
		},
		"transaction": func(ctx context.Context) error {
			return s.InTx(ctx, func(ctx context.Context, _ bun.Tx, streams eventstore.Streams) error {
				_, err := streams.Append(ctx, to(stream("four"), eventstore.NoStream, "a"))
				return err
			})
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		if err := store(ctx); !errors.Is(err, postgres.ErrOutcomeUnknown) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
}
