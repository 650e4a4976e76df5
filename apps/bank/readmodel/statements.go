package readmodel

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/stores/bunstore"
)

// Kind says why money moved.
type Kind string

const (
	Deposit     Kind = "deposit"
	Withdrawal  Kind = "withdrawal"
	TransferOut Kind = "transfer_out"
	TransferIn  Kind = "transfer_in"
)

// Entry is a line of a statement: money that came or went.
type Entry struct {
	Account   string
	Version   event.Version // of the account
	Kind      Kind
	Amount    money.Amount // negative if it went
	Balance   money.Amount // after it
	Other     string       // the account on the other side of a transfer
	Transfer  string
	Reference string
	Occurred  time.Time
}

type entryRow struct {
	bun.BaseModel `bun:"table:bank_entries"`

	Account    string `bun:",pk"`
	Version    int64  `bun:",pk"`
	Kind       Kind
	Currency   money.Currency
	Amount     int64
	Balance    int64
	Other      string
	Transfer   string
	Reference  string
	OccurredAt int64
}

func (r entryRow) entry() Entry {
	return Entry{
		Account: r.Account, Version: event.Version(r.Version), Kind: r.Kind,
		Amount:  money.Amount{Minor: r.Amount, Currency: r.Currency},
		Balance: money.Amount{Minor: r.Balance, Currency: r.Currency},
		Other:   r.Other, Transfer: r.Transfer, Reference: r.Reference,
		Occurred: time.UnixMicro(r.OccurredAt).UTC(),
	}
}

// newEntry returns the line for what happened; ok is false if no money moved.
func newEntry(env ledger.Envelope) (row entryRow, ok bool) {
	effect := account.Effect(env.Event)
	row = entryRow{
		Account: env.Stream.ID, Version: int64(env.Version), OccurredAt: env.Occurred.UnixMicro(),
		Amount: effect.Minor, Currency: effect.Currency,
	}
	switch e := env.Event.(type) {
	case account.Deposited:
		row.Kind, row.Reference = Deposit, e.Reference
	case account.Withdrawn:
		row.Kind, row.Reference = Withdrawal, e.Reference
	case account.TransferredOut:
		row.Kind, row.Reference, row.Other, row.Transfer = TransferOut, e.Reference, e.To, e.Transfer
	case account.TransferredIn:
		row.Kind, row.Reference, row.Other, row.Transfer = TransferIn, e.Reference, e.From, e.Transfer
	default:
		return entryRow{}, false
	}
	return row, true
}

// statements adds a line for all money that moves. The balance comes from the line before, so
// that statements and balances can be held against each other.
func statements() bunstore.TxProjection {
	return bunstore.Project(ledger.Events, func(ctx context.Context, tx bun.Tx, env ledger.Envelope) error {
		row, ok := newEntry(env)
		if !ok {
			return nil
		}
		err := tx.NewSelect().Model((*entryRow)(nil)).Column("balance").
			Where("account = ?", row.Account).OrderExpr("version DESC").Limit(1).Scan(ctx, &row.Balance)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		row.Balance += row.Amount
		_, err = tx.NewInsert().Model(&row).Exec(ctx)
		return err
	})
}
