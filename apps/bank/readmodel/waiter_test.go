package readmodel_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/apps/bank/banktest"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// What was acknowledged while somebody else still stores something before it is not shown yet, and
// no reason to say that it is not there.
func TestAwaitBehindAnOpenTransaction(t *testing.T) {
	b := banktest.StartAt(t, postgrestest.Database(t), ledger.Config{})
	inside, leave, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- b.Store.InTx(context.WithoutCancel(t.Context()), func(ctx context.Context, _ bun.Tx, streams eventstore.Streams) error {
			_, err := streams.Append(ctx, eventstore.Append{
				Stream: event.StreamID{Category: "slow", ID: "1"},
				Events: []event.Draft{{ID: event.NewID(), Type: "slow.happened", Schema: 1, Data: []byte("{}")}},
			})
			close(inside)
			<-leave
			return err
		})
	}()
	<-inside
	id := b.OpenAccount("Ann", 0)
	var last event.Position
	for env, err := range b.Ledger.History(t.Context(), id, eventstore.ReadQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		last = env.Position
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := b.Waiter.Await(short, last); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, readmodel.ErrAhead) {
		t.Error(err)
	}
	close(leave)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	patient, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := b.Waiter.Await(patient, last); err != nil {
		t.Error(err)
	}
}
