// Package demo fills a bank with what could have happened: customers who are paid, pay rent, buy
// groceries and send each other money, over the past months.
package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/transfer"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// Config holds what [Run] may be told. The zero value is ready to use.
type Config struct {
	// Accounts is how many accounts are opened. Defaults to 24.
	Accounts int

	// Months is for how long the bank has existed, in months of 30 days. Defaults to 6.
	Months int

	// Seed decides on who does what. The same seed makes the same bank.
	Seed uint64

	// Now says when the last of it happened. It is asked once. Defaults to time.Now.
	Now func() time.Time

	// Progress is called after each step. Defaults to nothing.
	Progress func(done, total int)
}

func (cfg Config) withDefaults() Config {
	if cfg.Accounts == 0 {
		cfg.Accounts = 24
	}
	if cfg.Months == 0 {
		cfg.Months = 6
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Progress == nil {
		cfg.Progress = func(int, int) {}
	}
	return cfg
}

// Report says what [Run] did.
type Report struct {
	Accounts int
	Steps    int
	New      int            // steps that were not there already
	Position event.Position // of the last of them
}

// Run lets everything happen, one after the other, each with an idempotency key: to run it again
// with the same numbers and seed goes on where it was interrupted, and then adds nothing.
func Run(ctx context.Context, store eventstore.Streams, cfg Config) (Report, error) {
	cfg = cfg.withDefaults()
	steps := plan(cfg)
	until := cfg.Now().Truncate(time.Second)
	var now time.Time
	r := runner{
		ledger: ledger.New(store, ledger.Config{Now: func() time.Time { return now }}),
		ids:    make([]string, cfg.Accounts),
	}
	report := Report{Accounts: cfg.Accounts, Steps: len(steps)}
	days := cfg.Months * daysPerMonth
	for i, s := range steps {
		now = until.Add(s.at - time.Duration(days)*24*time.Hour)
		key := fmt.Sprintf("demo/%d/%d/%d/%d", cfg.Accounts, cfg.Months, cfg.Seed, i)
		ctx := event.WithActor(event.WithCorrelation(ctx, key), "demo")
		pos, replayed, err := r.step(ctx, s, ledger.IdempotencyKey(key))
		if err != nil {
			return report, fmt.Errorf("demo step %d of %d: %w", i+1, len(steps), err)
		}
		if report.Position = pos; !replayed {
			report.New++
		}
		cfg.Progress(i+1, len(steps))
	}
	return report, nil
}

// runner turns the accounts of a plan into those of the ledger.
type runner struct {
	ledger *ledger.Ledger
	ids    []string
}

func (r *runner) step(ctx context.Context, s step, key ledger.Option) (event.Position, bool, error) {
	id := r.ids[s.account]
	var res ledger.Receipt
	var err error
	switch s.kind {
	case open:
		res, err = r.ledger.Open(ctx, account.Open{Owner: s.text, Currency: s.amount.Currency}, key)
		r.ids[s.account] = res.Account
	case deposit:
		res, err = r.ledger.Deposit(ctx, id, account.Deposit{Amount: s.amount, Reference: s.text}, key)
	case withdraw:
		res, err = r.ledger.Withdraw(ctx, id, account.Withdraw{Amount: s.amount, Reference: s.text}, key)
	case send:
		var sent ledger.TransferReceipt
		sent, err = r.ledger.Transfer(ctx, transfer.Transfer{From: id, To: r.ids[s.other], Amount: s.amount, Reference: s.text}, key)
		res = ledger.Receipt{Position: sent.Position, Replayed: sent.Replayed}
	case freeze:
		res, err = r.ledger.Freeze(ctx, id, account.Freeze{Reason: s.text}, key)
	case unfreeze:
		res, err = r.ledger.Unfreeze(ctx, id, account.Unfreeze{Reason: s.text}, key)
	case closing:
		res, err = r.ledger.Close(ctx, id, account.Close{Reason: s.text}, key)
	}
	return res.Position, res.Replayed, err
}
