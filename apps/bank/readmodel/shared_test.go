package readmodel_test

import (
	"context"
	"errors"
	"testing"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/banktest"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/bunstore"
)

// Of two processes each goes on at once from where the other got to, in the middle of a page too,
// and nothing counts twice.
func TestTwoTakeTurns(t *testing.T) { banktest.Each(t, testTwoTakeTurns) }

func testTwoTakeTurns(t *testing.T, newDatabase func(testing.TB) string) {
	ctx := t.Context()
	b := banktest.Open(t, newDatabase(t), ledger.Config{})
	first, second := readmodel.NewSubscription(b.Store).Sink, readmodel.NewSubscription(b.Store).Sink
	at, err := first.Resume(ctx)
	if _, other := second.Resume(ctx); err != nil || other != nil {
		t.Fatal(err, other)
	}
	id, balance := b.OpenAccount("Ann", 0), int64(0)
	for round := range 4 {
		for range 5 {
			if _, err := b.Ledger.Deposit(ctx, id, account.Deposit{Amount: eur(1)}); err != nil {
				t.Fatal(err)
			}
			balance++
		}
		page, err := b.Store.Page(ctx, eventstore.FeedQuery{After: at})
		if err != nil || !page.AtHead {
			t.Fatal(page.AtHead, err)
		}
		some := page.Records[:2+round%2]
		last := some[len(some)-1]
		steps := []func() error{
			func() error { return first.Take(ctx, some, event.Cursor{Position: last.Position, Event: last.ID}) },
			func() error { return second.Take(ctx, page.Records, page.Next) },
			func() error { return first.Take(ctx, page.Records[len(some):], page.Next) },
		}
		for i, step := range steps {
			if err := step(); err != nil {
				t.Fatalf("round %d, step %d: %v", round, i, err)
			}
		}
		if a, err := b.Reader.Account(ctx, id); err != nil || a.Balance != eur(balance) {
			t.Fatalf("round %d: %+v, %v", round, a, err)
		}
		at, first, second = page.Next, second, first
	}
}

// A checkpoint that was set back, or stands at another event, is no progress of somebody else.
func TestCheckpointThatDidNotAdvance(t *testing.T) { banktest.Each(t, testCheckpointThatDidNotAdvance) }

func testCheckpointThatDidNotAdvance(t *testing.T, newDatabase func(testing.TB) string) {
	for _, change := range []string{"DELETE FROM es_checkpoints", "UPDATE es_checkpoints SET event_id = '01890000-0000-7000-8000-000000000000'"} {
		ctx := t.Context()
		b := banktest.Open(t, newDatabase(t), ledger.Config{})
		sink := readmodel.NewSubscription(b.Store).Sink
		at, err := sink.Resume(ctx)
		if err != nil {
			t.Fatal(err)
		}
		id := b.OpenAccount("Ann", 1)
		take := func() error {
			page, err := b.Store.Page(ctx, eventstore.FeedQuery{After: at})
			if err != nil {
				return err
			}
			at = page.Next
			return sink.Take(ctx, page.Records, page.Next)
		}
		if err := take(); err != nil {
			t.Fatal(err)
		}
		err = b.Store.InTx(ctx, func(ctx context.Context, tx bun.Tx, _ eventstore.Streams) error {
			_, err := tx.ExecContext(ctx, change)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Ledger.Deposit(ctx, id, account.Deposit{Amount: eur(1)}); err != nil {
			t.Fatal(err)
		}
		if err := take(); !errors.Is(err, bunstore.ErrMoved) {
			t.Errorf("%s: %v", change, err)
		}
	}
}
