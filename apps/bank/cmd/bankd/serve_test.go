package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/banktest"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/subscription"
	"github.com/eventsource-go/eventsource/stores/bunstore"
)

// broken is a sink that fails when it is told to.
type broken struct{ err chan error }

func (b broken) Types() []string                                          { return []string{"account.opened"} }
func (b broken) Resume(context.Context) (event.Cursor, error)             { return event.Cursor{}, nil }
func (b broken) Take(context.Context, []event.Record, event.Cursor) error { return <-b.err }

// A bank is ready when it has caught up once, as long as nothing fails.
func TestReadiness(t *testing.T) {
	b := banktest.Open(t, ":memory:", ledger.Config{})
	sink := broken{make(chan error)}
	group, err := subscription.NewGroup(b.Store, subscription.Config{}, subscription.Subscription{Name: "s", Sink: sink})
	if err != nil {
		t.Fatal(err)
	}
	ready := working(group)
	if err := ready(t.Context()); !errors.Is(err, errBehind) {
		t.Error("ready before it runs:", err)
	}
	b.OpenAccount("Ann", 0)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- group.Run(ctx) }()
	boom := errors.New("boom")
	sink.err <- boom
	until(t, func() bool { return errors.Is(ready(ctx), boom) })
	sink.err <- nil
	until(t, func() bool { return ready(ctx) == nil })
	b.OpenAccount("Bob", 0)
	sink.err <- boom
	until(t, func() bool { err := ready(ctx); return errors.Is(err, boom) && !errors.Is(err, errBehind) })
	sink.err <- bunstore.ErrMoved
	until(t, func() bool { return errors.Is(group.Status()[0].Failure, bunstore.ErrMoved) })
	if err := ready(ctx); err != nil {
		t.Error("not ready because another process is:", err)
	}
	close(sink.err)
	until(t, func() bool { return ready(ctx) == nil })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func until(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); {
		if time.Now().After(deadline) {
			t.Fatal("it never holds")
		}
	}
}
