package demo_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/banktest"
	"github.com/eventsource-go/eventsource/apps/bank/demo"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/apps/bank/verify"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

func TestDemo(t *testing.T) {
	ctx := t.Context()
	b := banktest.Start(t, ledger.Config{})
	until := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	calls := 0
	cfg := demo.Config{Accounts: 30, Months: 2, Now: func() time.Time { return until }, Progress: func(done, total int) {
		if calls++; done != calls || total < done {
			t.Fatal(done, total, calls)
		}
	}}
	first, err := demo.Run(ctx, b.Store, cfg)
	if err != nil || first.New != first.Steps || first.Steps != calls || first.Steps < 30*2*8 {
		t.Fatal(first, err, calls)
	}
	// A day later it is all there already, although the times would be others.
	calls, cfg.Now = 0, func() time.Time { return until.AddDate(0, 0, 1) }
	again, err := demo.Run(ctx, b.Store, cfg)
	if err != nil || again.New != 0 || again.Position != first.Position {
		t.Fatal(again, err)
	}
	if err := b.Waiter.Await(ctx, first.Position); err != nil {
		t.Fatal(err)
	}
	page, err := b.Reader.Accounts(ctx, readmodel.AccountsQuery{PageQuery: readmodel.PageQuery{Limit: 200}})
	if err != nil || len(page.Items) != 30 {
		t.Fatal(len(page.Items), err)
	}
	statuses, currencies := make(map[account.Status]int), make(map[string]int)
	for _, a := range page.Items {
		statuses[a.Status]++
		currencies[string(a.Balance.Currency)]++
		if a.Changed.After(until) || a.Opened.Before(until.AddDate(0, 0, -61)) || a.Version < 5 {
			t.Errorf("%+v", a)
		}
		var last time.Time
		for env, err := range b.Ledger.History(ctx, a.ID, eventstore.ReadQuery{}) {
			if err != nil || env.Occurred.Before(last) || env.Metadata.Actor != "demo" {
				t.Fatal(env.Header, err)
			}
			last = env.Occurred
		}
	}
	if statuses[account.StatusClosed] == 0 || statuses[account.StatusFrozen] == 0 || statuses[account.StatusOpen] < 20 || len(currencies) < 4 {
		t.Error(statuses, currencies)
	}
	report, err := verify.Run(ctx, verify.Bank{Store: b.Store, Reader: b.Reader, Checkpoints: b.Store.Checkpoints()}, verify.Config{})
	if err != nil || !report.OK() || report.Transfers < 10 {
		t.Errorf("%+v, %v", report, err)
	}
}

// What was interrupted goes on; another seed is another bank.
func TestInterrupted(t *testing.T) {
	b := banktest.Open(t, ":memory:", ledger.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cfg := demo.Config{Accounts: 4, Months: 1, Progress: func(done, _ int) {
		if done == 10 {
			cancel()
		}
	}}
	if _, err := demo.Run(ctx, b.Store, cfg); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	cfg.Progress = nil
	rest, err := demo.Run(t.Context(), b.Store, cfg)
	if err != nil || rest.New != rest.Steps-10 {
		t.Fatal(rest, err)
	}
	cfg.Seed = 1
	other, err := demo.Run(t.Context(), b.Store, cfg)
	if err != nil || other.New != other.Steps {
		t.Fatal(other, err)
	}
}
