package aggregate_test

import (
	"context"
	"testing"

	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/internal/account"
	"github.com/eventsource-go/eventsource/core/memstore"
)

// latest keeps the last snapshot that was offered, whatever its stream.
type latest struct {
	snapshot aggregate.Snapshot[account.Account]
	events   int
}

func (l *latest) Latest(context.Context, event.StreamID) (aggregate.Snapshot[account.Account], bool) {
	return l.snapshot, l.snapshot.Version > 0
}

func (l *latest) Offer(_ context.Context, _ event.StreamID, s aggregate.Snapshot[account.Account], events int) {
	l.snapshot, l.events = s, events
}

func TestSnapshots(t *testing.T) {
	ctx, store, kept := t.Context(), memstore.New(), new(latest)
	var loaded aggregate.Loaded
	hooks := aggregate.Hooks{Load: func(ctx context.Context, _ event.StreamID) (context.Context, func(aggregate.Loaded, error)) {
		return ctx, func(l aggregate.Loaded, _ error) { loaded = l }
	}}
	accounts := aggregate.NewRepository(store, account.Type, aggregate.Config{Hooks: hooks}).WithSnapshots(kept)
	for i, cmd := range []account.Command{account.Open{Customer: "c"}, account.Deposit{Amount: 5}, account.Deposit{Amount: 6}} {
		res, err := accounts.Execute(ctx, "1", cmd)
		if err != nil || kept.snapshot.Version != res.Version || kept.snapshot.State != res.State || kept.events != 1 {
			t.Fatalf("command %d: %+v, %v; kept %+v after %d events", i, res, err, kept.snapshot, kept.events)
		}
	}
	if a, v, err := accounts.Load(ctx, "1"); a.Balance != 11 || v != 3 || err != nil || loaded != (aggregate.Loaded{Version: 3, FromSnapshot: true}) {
		t.Errorf("at the snapshot: %+v, %d, %v; %+v", a, v, err, loaded)
	}
	plain := aggregate.NewRepository(store, account.Type, aggregate.Config{})
	if _, err := plain.Execute(ctx, "1", account.Withdraw{Amount: 1}); err != nil {
		t.Fatal(err)
	}
	if a, v, err := accounts.Load(ctx, "1"); a.Balance != 10 || v != 4 || err != nil || loaded != (aggregate.Loaded{Version: 4, Events: 1, FromSnapshot: true}) {
		t.Errorf("behind the snapshot: %+v, %d, %v; %+v", a, v, err, loaded)
	}

	good := kept.snapshot
	for name, bad := range map[string]aggregate.Snapshot[account.Account]{
		"of another event":  {State: account.Account{Balance: 99}, Version: good.Version, Event: event.NewID()},
		"beyond the head":   {State: account.Account{Balance: 99}, Version: 9, Event: good.Event},
		"of version 0":      {State: account.Account{Balance: 99}},
		"of another stream": {State: account.Account{Balance: 99}, Version: 1, Event: good.Event},
	} {
		kept.snapshot = bad
		if a, v, err := accounts.Load(ctx, "1"); a.Balance != 10 || v != 4 || err != nil || loaded.FromSnapshot {
			t.Errorf("a snapshot %s changed the answer: %+v, %d, %v", name, a, v, err)
		}
	}

	kept.snapshot = aggregate.Snapshot[account.Account]{}
	if _, err := eventstore.Atomic(ctx, store, func(ctx context.Context, tx eventstore.Streams) error {
		_, err := accounts.WithStore(tx).Execute(ctx, "1", account.Deposit{Amount: 1})
		return err
	}); err != nil || kept.snapshot.Version != 0 {
		t.Errorf("%v; a transaction offered %+v", err, kept.snapshot)
	}
}
