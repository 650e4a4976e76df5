// Package verify holds the bank against its events: it reads the feed and every stream anew,
// folds them, and compares what comes out with each other and with the read models, to the last
// cent.
package verify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// Bank is what is verified. Reader and Checkpoints are those of the read models.
type Bank struct {
	Store       eventstore.Store
	Reader      *readmodel.Reader
	Checkpoints checkpoint.Store
}

// Config holds what [Run] may be told. The zero value is ready to use.
type Config struct {
	// Listed is how many differences the report lists; it counts all. Defaults to 100.
	Listed int

	// Progress is called from time to time with how many events and accounts were looked at.
	// Defaults to nothing.
	Progress func(events, accounts int)
}

// ErrInUse reports a bank whose read models moved on while they were looked at, so that
// differences would mean nothing.
var ErrInUse = errors.New("the read models moved on meanwhile: the bank is in use")

// Report is what was found.
type Report struct {
	Events      int          `json:"events"`      // in the feed, those that the read models have not seen yet included
	Accounts    int          `json:"accounts"`    // streams
	Transfers   int          `json:"transfers"`   // whole ones
	Behind      int          `json:"behind"`      // events that the read models have not seen yet
	Totals      []Total      `json:"totals"`      // by currency
	Differences []Difference `json:"differences"` // as many as are listed
	Count       int          `json:"count"`       // of all differences
}

// OK reports whether everything is as it should be.
func (r *Report) OK() bool { return r.Count == 0 }

// Total is the money of one currency, according to the events that the read models have seen.
type Total struct {
	Currency  money.Currency `json:"currency"`
	Deposited string         `json:"deposited"`
	Withdrawn string         `json:"withdrawn"`
	Held      string         `json:"held"` // by all accounts together
}

// Difference is something that is not as it should be.
type Difference struct {
	Account string        `json:"account,omitempty"`
	Version event.Version `json:"version,omitempty"`
	What    string        `json:"what"`
}

func (d Difference) String() string {
	switch {
	case d.Account == "":
		return d.What
	case d.Version == 0:
		return fmt.Sprintf("account %s: %s", d.Account, d.What)
	}
	return fmt.Sprintf("account %s version %d: %s", d.Account, d.Version, d.What)
}

// Run verifies the bank. The read models are compared with the events up to their checkpoint;
// how far that is behind the head is reported and is no difference.
//
// Memory grows with the number of accounts, not with that of events. Errors: [ErrInUse], and
// those of the store.
func Run(ctx context.Context, b Bank, cfg Config) (*Report, error) {
	if cfg.Listed == 0 {
		cfg.Listed = 100
	}
	if cfg.Progress == nil {
		cfg.Progress = func(int, int) {}
	}
	at, err := b.Checkpoints.Load(ctx, readmodel.Name)
	if err != nil {
		return nil, err
	}
	v := &verification{
		Bank: b, cfg: cfg, at: at.Position, report: new(Report),
		heads: make(map[string]head), transfers: make(map[string]side), sums: make(map[money.Currency]*sums),
	}
	for _, step := range []func(context.Context) error{v.feed, v.streams, v.totals} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	now, err := b.Checkpoints.Load(ctx, readmodel.Name)
	if err == nil && now != at {
		err = ErrInUse
	}
	if err != nil {
		return nil, err
	}
	return v.report, nil
}

// verification is one run.
type verification struct {
	Bank
	cfg    Config
	at     event.Position // up to here the read models have seen everything
	report *Report

	heads     map[string]head // of each stream, according to the feed
	transfers map[string]side // those of which the feed has shown one side
	sums      map[money.Currency]*sums
	counts    readmodel.Counts // rows that belong to something
}

func (v *verification) differs(account string, version event.Version, format string, args ...any) {
	v.report.Count++
	if len(v.report.Differences) < v.cfg.Listed {
		v.report.Differences = append(v.report.Differences, Difference{Account: account, Version: version, What: fmt.Sprintf(format, args...)})
	}
}

// seen reports whether the read models have seen what is at pos.
func (v *verification) seen(pos event.Position) (bool, error) {
	order, err := pos.Compare(v.at)
	return order <= 0, err
}

// sums is the money of one currency.
type sums struct{ deposited, withdrawn, held money.Amount }

func (v *verification) sumsOf(c money.Currency) *sums {
	if v.sums[c] == nil {
		v.sums[c] = &sums{money.Zero(c), money.Zero(c), money.Zero(c)}
	}
	return v.sums[c]
}

// add adds to a sum. What does not fit is a difference, since no account could hold it.
func (v *verification) add(sum *money.Amount, a money.Amount) {
	total, err := sum.Add(a)
	if err != nil {
		v.differs("", 0, "sum of %s: %v", sum.Currency, err)
		return
	}
	*sum = total
}

// totals compares the sums over all accounts.
func (v *verification) totals(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(v.transfers)) {
		s := v.transfers[id]
		v.differs(s.account, s.version, "transfer %s of %s has one side only", id, s.amount)
	}
	rows, err := v.Reader.Totals(ctx)
	if err != nil {
		return err
	}
	shown := make(map[money.Currency]money.Amount)
	for _, row := range rows {
		shown[row.Balance.Currency] = row.Balance
	}
	for _, c := range slices.Sorted(maps.Keys(v.sums)) {
		s := v.sums[c]
		v.report.Totals = append(v.report.Totals, Total{
			Currency: c, Deposited: s.deposited.Decimal(), Withdrawn: s.withdrawn.Decimal(), Held: s.held.Decimal(),
		})
		if want, err := s.deposited.Sub(s.withdrawn); err != nil || want != s.held {
			v.differs("", 0, "accounts hold %s, deposits without withdrawals are %s", s.held, want)
		}
		if got, ok := shown[c]; ok && got != s.held || !ok && !s.held.IsZero() {
			v.differs("", 0, "read model holds %s, accounts hold %s", shown[c], s.held)
		}
		delete(shown, c)
	}
	for _, c := range slices.Sorted(maps.Keys(shown)) {
		v.differs("", 0, "read model holds %s, of which no event tells", shown[c])
	}
	got, err := v.Reader.Counts(ctx)
	if err == nil && got != v.counts {
		v.differs("", 0, "read models have %+v, of which %+v belong to an event", got, v.counts)
	}
	return err
}

// envelope decodes a record. That it can't is a difference, not an error: the rest is looked at.
func (v *verification) envelope(ctx context.Context, rec event.Record) (env ledger.Envelope, ok bool) {
	env, ok, err := ledger.Events.Decode(ctx, rec)
	if err != nil {
		v.differs(rec.Stream.ID, rec.Version, "%v", err)
		return env, false
	}
	return env, ok
}
