package ledger

import (
	"context"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/transfer"
	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// TransferReceipt says what became of a transfer, on both sides.
type TransferReceipt struct {
	Transfer string
	From, To Receipt
	Position event.Position // what a reader waits for to see both sides
	Replayed bool
}

// Transfer moves money: it arrives where it should, or nothing happened. The ledger chooses
// the id of t.
//
// Errors: those of [transfer.Transfer.Sides]; those of either side, inside of an
// [aggregate.RejectedError] that names the account; and see [Ledger.Deposit].
func (l *Ledger) Transfer(ctx context.Context, t transfer.Transfer, opts ...Option) (TransferReceipt, error) {
	req := newRequest(opts)
	if err := req.validate(); err != nil {
		return TransferReceipt{}, err
	}
	t.ID = l.newID()
	var arrives []aggregate.ExecuteOption
	if req.key != "" {
		t.ID = derivedID("transfer", t.From, req.key)
		arrives = append(arrives, aggregate.IdempotencyKey("transfer/"+t.ID))
	}
	pay, receive, err := t.Sides()
	if err != nil {
		return TransferReceipt{}, err
	}
	var from, to aggregate.Result[account.Account, account.Event]
	once := &replays{Streams: l.store}
	move := func(ctx context.Context, tx eventstore.Streams) (err error) {
		accounts := l.accounts.WithStore(tx)
		from, err = accounts.Execute(ctx, t.From, pay, req.options()...)
		if err != nil {
			return err
		}
		if from.Replayed && (len(from.Events) != 1 || from.Events[0] != pay.Event()) {
			return &KeyReusedError{Account: t.From, Version: from.Version}
		}
		to, err = accounts.Execute(ctx, t.To, receive, arrives...)
		return err
	}
	pos, err := eventstore.Atomic(ctx, once, move)
	if err == nil && once.replayed { // by somebody else since we looked, perhaps at other versions
		_, err = eventstore.Atomic(ctx, l.store, move)
	}
	if err != nil {
		return TransferReceipt{}, err
	}
	if from.Replayed {
		pos = to.Position // the later of the two, as then
	}
	from.Position, to.Position = pos, pos
	return TransferReceipt{
		Transfer: t.ID,
		From:     receipt(t.From, from),
		To:       receipt(t.To, to),
		Position: pos,
		Replayed: from.Replayed,
	}, nil
}

// replays knows whether its last append was answered with what was stored before.
type replays struct {
	eventstore.Streams
	replayed bool
}

func (r *replays) Append(ctx context.Context, appends ...eventstore.Append) ([]eventstore.AppendResult, error) {
	results, err := r.Streams.Append(ctx, appends...)
	r.replayed = len(results) > 0 && results[0].Replayed
	return results, err
}
