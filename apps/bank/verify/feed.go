package verify

import (
	"context"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// head is the last event of a stream.
type head struct {
	version event.Version
	id      event.ID
}

// side is one side of a transfer.
type side struct {
	account, other string
	version        event.Version
	amount         money.Amount // what it did to the account
}

// feed reads everything in the order of the store: positions rise, each stream's versions are
// 1, 2, 3 and so on, and what leaves one account by a transfer arrives at the other.
func (v *verification) feed(ctx context.Context) error {
	var cur event.Cursor
	var last event.Position
	for {
		page, err := v.Store.Page(ctx, eventstore.FeedQuery{After: cur, Limit: 1000})
		if err != nil {
			return err
		}
		for _, rec := range page.Records {
			order, err := rec.Position.Compare(last)
			if err != nil {
				return err
			}
			if order <= 0 {
				v.differs(rec.Stream.ID, rec.Version, "at %s, after %s", rec.Position, last)
			}
			last = rec.Position
			if err := v.fed(ctx, rec); err != nil {
				return err
			}
		}
		v.cfg.Progress(v.report.Events, 0)
		if page.AtHead || page.Next == cur {
			return nil
		}
		cur = page.Next
	}
}

// fed looks at one event of the feed.
func (v *verification) fed(ctx context.Context, rec event.Record) error {
	v.report.Events++
	seen, err := v.seen(rec.Position)
	if err != nil {
		return err
	}
	if !seen {
		v.report.Behind++
	}
	if rec.Stream.Category != ledger.Type.Name {
		return nil
	}
	id := rec.Stream.ID
	if before := v.heads[id].version; rec.Version != before+1 {
		v.differs(id, rec.Version, "follows version %d in the feed", before)
	}
	v.heads[id] = head{version: rec.Version, id: rec.ID}
	env, ok := v.envelope(ctx, rec)
	if !ok {
		return nil
	}
	effect := account.Effect(env.Event)
	switch e := env.Event.(type) {
	case account.Deposited:
		if seen {
			v.add(&v.sumsOf(effect.Currency).deposited, e.Amount)
		}
	case account.Withdrawn:
		if seen {
			v.add(&v.sumsOf(effect.Currency).withdrawn, e.Amount)
		}
	case account.TransferredOut:
		v.sided(e.Transfer, side{id, e.To, rec.Version, effect})
	case account.TransferredIn:
		v.sided(e.Transfer, side{id, e.From, rec.Version, effect})
	case account.Opened, account.Frozen, account.Unfrozen, account.Closed:
	}
	return nil
}

// sided compares a side of a transfer with the other one, if that has been seen. The sides are
// appended together, so few wait at a time.
func (v *verification) sided(transfer string, s side) {
	first, ok := v.transfers[transfer]
	if !ok {
		v.transfers[transfer] = s
		return
	}
	delete(v.transfers, transfer)
	net, err := first.amount.Add(s.amount)
	if err != nil || !net.IsZero() || first.account != s.other || first.other != s.account {
		v.differs(s.account, s.version, "transfer %s is %s to %s here, and %s to %s there", transfer, s.amount, s.other, first.amount, first.other)
		return
	}
	v.report.Transfers++
}
