package readmodel

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/stores/bunstore"
)

// Trace is a line of the audit trail: who did what to which account, and when.
type Trace struct {
	Number      int64 // from 1, in the order in which the bank stored what happened
	Event       string
	Account     string
	Version     event.Version
	Type        string       // the event's name on the wire
	Amount      money.Amount // what it did to the balance; zero if nothing
	Actor       string
	Correlation string // the request that it came from
	Causation   string
	Occurred    time.Time
	Recorded    time.Time
}

type auditRow struct {
	bun.BaseModel `bun:"table:bank_audit"`

	Number      int64 `bun:",pk"`
	EventID     string
	Account     string
	Version     int64
	Type        string
	Currency    money.Currency
	Amount      int64
	Actor       string
	Correlation string
	Causation   string
	OccurredAt  int64
	RecordedAt  int64
}

func (r auditRow) trace() Trace {
	return Trace{
		Number: r.Number, Event: r.EventID, Account: r.Account, Version: event.Version(r.Version), Type: r.Type,
		Amount: money.Amount{Minor: r.Amount, Currency: r.Currency},
		Actor:  r.Actor, Correlation: r.Correlation, Causation: r.Causation,
		Occurred: time.UnixMicro(r.OccurredAt).UTC(), Recorded: time.UnixMicro(r.RecordedAt).UTC(),
	}
}

// audit adds a line for everything.
func audit() bunstore.TxProjection {
	return bunstore.Project(ledger.Events, func(ctx context.Context, tx bun.Tx, env ledger.Envelope) error {
		var last int64
		if err := tx.NewSelect().Model((*auditRow)(nil)).ColumnExpr("COALESCE(MAX(number), 0)").Scan(ctx, &last); err != nil {
			return err
		}
		effect := account.Effect(env.Event)
		_, err := tx.NewInsert().Model(&auditRow{
			Number: last + 1, EventID: env.ID.String(), Account: env.Stream.ID, Version: int64(env.Version), Type: env.Type,
			Currency: effect.Currency, Amount: effect.Minor,
			Actor: env.Metadata.Actor, Correlation: env.Metadata.Correlation, Causation: env.Metadata.Causation,
			OccurredAt: env.Occurred.UnixMicro(), RecordedAt: env.Recorded.UnixMicro(),
		}).Exec(ctx)
		return err
	})
}
