package live_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/live"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/memstore"
	"github.com/eventsource-go/eventsource/core/subscription"
)

func TestSlowReceiverIsToldThatItMissedSomething(t *testing.T) {
	var b live.Broadcaster
	slow, quick := b.Changes(t.Context()), b.Changes(t.Context())
	const n = 1000
	for i := range n {
		b.Publish(live.Change{Account: "A", Version: event.Version(i + 1)})
		if got := <-quick; got.Version != event.Version(i+1) {
			t.Fatal(got)
		}
	}
	if len(slow) > cap(slow) || cap(slow) > 100 {
		t.Fatal("not bounded", len(slow), cap(slow))
	}
	var last live.Change
	missed := false
	for len(slow) > 0 {
		last = <-slow
		missed = missed || last.Account == ""
	}
	if !missed {
		t.Error("missed changes and was not told")
	}
	if last.Version != n && last.Account != "" {
		t.Error("the last one is lost:", last)
	}
}

func TestChangesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b live.Broadcaster
		ctx, cancel := context.WithCancel(t.Context())
		first, second := b.Changes(ctx), b.Changes(t.Context())
		cancel()
		synctest.Wait()
		if _, open := <-first; open || b.Receivers() != 1 {
			t.Error("listens on after its context is done")
		}
		b.Close()
		if _, open := <-second; open {
			t.Error("listens on after the end")
		}
		if _, open := <-b.Changes(t.Context()); open || b.Receivers() != 0 {
			t.Error("listens after the end")
		}
		b.Publish(live.Change{Account: "A"})
		b.Close()
	})
}

func TestConcurrentUse(t *testing.T) {
	var b live.Broadcaster
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 200 {
				b.Publish(live.Change{Account: fmt.Sprint(i)})
			}
		})
		wg.Go(func() {
			for range 50 {
				ctx, cancel := context.WithCancel(t.Context())
				b.Changes(ctx)
				cancel()
			}
		})
	}
	wg.Wait()
	b.Close()
}

// What happened before it runs is not told, what happens then is, once and in order.
func TestSubscription(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	store, b := memstore.New(), new(live.Broadcaster)
	l := ledger.New(store, ledger.Config{NewID: func() string { return "A1" }})
	before, err := l.Open(ctx, account.Open{Owner: "Ann", Currency: money.EUR})
	if err != nil {
		t.Fatal(err)
	}
	sub := live.NewSubscription(store, b)
	group, err := subscription.NewGroup(store, subscription.Config{}, sub)
	if err != nil {
		t.Fatal(err)
	}
	changes := b.Changes(ctx)
	done := make(chan error)
	go func() { done <- group.Run(ctx) }()
	if err := group.WaitFor(ctx, sub.Name, before.Position); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		res, err := l.Deposit(ctx, "A1", account.Deposit{Amount: money.Amount{Minor: 1, Currency: money.EUR}})
		if err != nil {
			t.Fatal(err)
		}
		want := live.Change{Account: "A1", Version: event.Version(i + 2), Position: res.Position}
		if got := <-changes; got != want {
			t.Fatalf("%v, want %v", got, want)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
