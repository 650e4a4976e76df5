package readmodel

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/stores/bunstore"
)

// Account is an account as the read model shows it.
type Account struct {
	ID              string
	Owner           string
	Status          account.Status
	Balance         money.Amount
	Version         event.Version
	Opened, Changed time.Time
}

type accountRow struct {
	bun.BaseModel `bun:"table:bank_accounts"`

	ID        string `bun:",pk"`
	Owner     string
	Currency  money.Currency
	Balance   int64
	Status    account.Status
	Version   int64
	OpenedAt  int64
	ChangedAt int64
}

func (r accountRow) account() Account {
	return Account{
		ID: r.ID, Owner: r.Owner, Status: r.Status,
		Balance: money.Amount{Minor: r.Balance, Currency: r.Currency},
		Version: event.Version(r.Version),
		Opened:  time.UnixMicro(r.OpenedAt).UTC(), Changed: time.UnixMicro(r.ChangedAt).UTC(),
	}
}

// ErrLost reports an event of an account that the read model does not have, or that it has
// already: the table was changed by somebody else.
var ErrLost = errors.New("read model is not where its checkpoint says")

// balances keeps one row for each account.
func balances() bunstore.TxProjection {
	return bunstore.Project(ledger.Events, func(ctx context.Context, tx bun.Tx, env ledger.Envelope) error {
		at := env.Occurred.UnixMicro()
		if e, ok := env.Event.(account.Opened); ok {
			_, err := tx.NewInsert().Model(&accountRow{
				ID: env.Stream.ID, Owner: e.Owner, Currency: e.Currency, Status: account.StatusOpen,
				Version: int64(env.Version), OpenedAt: at, ChangedAt: at,
			}).Exec(ctx)
			return err
		}
		update := tx.NewUpdate().Model((*accountRow)(nil)).
			Set("balance = balance + ?", account.Effect(env.Event).Minor).
			Set("version = ?", env.Version).
			Set("changed_at = ?", at).
			Where("id = ?", env.Stream.ID).Where("version < ?", env.Version)
		if status := account.StatusAfter(env.Event); status != account.StatusNone {
			update = update.Set("status = ?", status)
		}
		res, err := update.Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(fmt.Errorf("%w: account %s", ErrLost, env.Stream.ID), err)
		}
		return nil
	})
}
