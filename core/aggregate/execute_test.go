package aggregate_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/internal/account"
	"github.com/eventsource-go/eventsource/core/internal/cart"
	"github.com/eventsource-go/eventsource/core/memstore"
)

func TestBadDeclarations(t *testing.T) {
	type foreign struct{}
	added := aggregate.On(func(*cart.Cart, cart.ItemAdded) {})
	removed := aggregate.On(func(*cart.Cart, cart.ItemRemoved) {})
	out := aggregate.On(func(*cart.Cart, cart.CheckedOut) {})
	for name, handlers := range map[string][]aggregate.Handler[cart.Cart]{
		"missing":   {added, removed},
		"doubled":   {added, removed, out, added},
		"foreign":   {added, removed, out, aggregate.On(func(*cart.Cart, foreign) {})},
		"pointer":   {added, removed, out, aggregate.On(func(*cart.Cart, *cart.ItemAdded) {})},
		"interface": {added, removed, out, aggregate.On(func(*cart.Cart, cart.Event) {})},
		"nil":       {added, removed, out, aggregate.On[cart.Cart, cart.CheckedOut](nil)},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("accepted")
				}
			}()
			aggregate.Declare("cart", cart.Events, handlers...)
		})
	}
	aggregate.Declare("cart", cart.Events, added, removed, out)
}

func TestExecuteAllOnMaps(t *testing.T) {
	carts := aggregate.NewRepository(memstore.New(), cart.Type, aggregate.Config{})
	add := cart.Add{SKU: "x", Quantity: 1}
	for range 2 {
		res, err := carts.ExecuteAll(t.Context(), "1", []cart.Command{add, add, cart.Remove{SKU: "x"}, add, add})
		loaded, version, _ := carts.Load(t.Context(), "1")
		if err != nil || res.State.Items["x"] != 2 || !reflect.DeepEqual(res.State, loaded) || res.Version != version {
			t.Fatalf("%+v at %d, loaded %+v at %d: %v", res.State, res.Version, loaded, version, err)
		}
		if _, err = carts.ExecuteAll(t.Context(), "1", []cart.Command{cart.Remove{SKU: "x"}, cart.Remove{SKU: "x"}}); !errors.Is(err, cart.ErrNotInCart) || !errors.Is(err, aggregate.ErrRejected) {
			t.Fatal(err)
		}
		if _, err := carts.Execute(t.Context(), "1", cart.Remove{SKU: "x"}); err != nil {
			t.Fatal("a refused batch left something behind:", err)
		}
	}
}

func TestIdempotencyKey(t *testing.T) {
	ctx, accounts := t.Context(), aggregate.NewRepository(memstore.New(), account.Type, aggregate.Config{})
	once := aggregate.IdempotencyKey("k")
	if _, err := accounts.Execute(ctx, "1", account.Deposit{Amount: 5}, once); !errors.Is(err, account.ErrNotOpen) {
		t.Fatal(err) // and not remembered
	}
	first, err := accounts.ExecuteAll(ctx, "1", []account.Command{account.Open{Customer: "c"}, account.Deposit{Amount: 5}}, once)
	if err != nil || first.Replayed || len(first.Events) != 2 {
		t.Fatalf("%+v, %v", first, err)
	}
	if _, err := accounts.Execute(ctx, "1", account.Withdraw{Amount: 5}); err != nil {
		t.Fatal(err)
	}
	again, err := accounts.Execute(ctx, "1", account.Open{Customer: "other"}, once, aggregate.ExpectVersion(0))
	if first.Replayed = true; err != nil || !reflect.DeepEqual(again, first) {
		t.Fatalf("again %+v, want %+v: %v", again, first, err)
	}
	acme := event.WithTenant(ctx, "acme")
	if _, err := accounts.Execute(acme, "1", account.Open{Customer: "d"}); err != nil {
		t.Fatal(err)
	}
	if res, err := accounts.Execute(acme, "1", account.Deposit{Amount: 1}, once); err != nil || res.Replayed {
		t.Errorf("another tenant's key: %+v, %v", res, err)
	}
}

func TestLookingBack(t *testing.T) {
	ctx, now := t.Context(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	accounts := aggregate.NewRepository(memstore.New(), account.Type, aggregate.Config{Now: func() time.Time {
		now = now.Add(time.Hour)
		return now
	}})
	if exists, err := accounts.Exists(ctx, "1"); exists || err != nil {
		t.Error(exists, err)
	}
	for _, cmd := range []account.Command{account.Open{Customer: "c"}, account.Deposit{Amount: 5}, account.Withdraw{Amount: 2}} {
		if _, err := accounts.Execute(event.WithActor(ctx, "ann"), "1", cmd); err != nil {
			t.Fatal(err)
		}
	}
	if a, v, err := accounts.LoadAt(ctx, "1", 2); a.Balance != 5 || v != 2 || err != nil {
		t.Error(a, v, err)
	}
	if a, v, err := accounts.LoadAsOf(ctx, "1", now.Add(-time.Minute)); a.Balance != 5 || v != 2 || err != nil {
		t.Error(a, v, err)
	}
	history, err := eventstore.Collect(accounts.History(ctx, "1", eventstore.ReadQuery{Backward: true, Limit: 1}))
	if err != nil || len(history) != 1 || history[0].Event != (account.Withdrawn{Amount: 2}) || history[0].Metadata.Actor != "ann" {
		t.Error(history, err)
	}
}

func TestConflicts(t *testing.T) {
	ctx, store := t.Context(), memstore.New()
	accounts := aggregate.NewRepository(store, account.Type, aggregate.Config{Backoff: time.Microsecond})
	impatient := aggregate.NewRepository(store, account.Type, aggregate.Config{Retries: -1})
	if _, err := accounts.Execute(ctx, "1", account.Open{Customer: "c"}); err != nil {
		t.Fatal(err)
	}
	tries := 0
	disturbed := func(account.Account) ([]account.Event, error) {
		if tries++; tries == 1 {
			accounts.Execute(ctx, "1", account.Deposit{Amount: 1})
		}
		return []account.Event{account.Deposited{Amount: 1}}, nil
	}
	if res, err := accounts.ExecuteFunc(ctx, "1", disturbed); err != nil || tries != 2 || res.State.Balance != 2 {
		t.Errorf("%d tries, %+v, %v", tries, res, err)
	}
	tries = 0
	if _, err := impatient.ExecuteFunc(ctx, "1", disturbed); !errors.Is(err, eventstore.ErrConflict) || tries != 1 {
		t.Errorf("%d tries, %v", tries, err)
	}
	if _, err := accounts.Execute(ctx, "1", account.Deposit{Amount: 1}, aggregate.ExpectVersion(1)); !errors.Is(err, eventstore.ErrConflict) {
		t.Error(err)
	}
}
