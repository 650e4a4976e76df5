package transfer_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/transfer"
	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/memstore"
)

func TestMoneyIsConstant(t *testing.T) {
	const n = 4
	ctx, store := t.Context(), memstore.New()
	accounts := aggregate.NewRepository(store, account.Type, aggregate.Config{})
	for i := range n {
		if _, err := accounts.ExecuteAll(ctx, fmt.Sprint(i), []account.Command{account.Open{Customer: "c"}, account.Deposit{Amount: 100}}); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for i := range 64 {
		for range 2 { // each is asked for twice
			wg.Go(func() {
				_, err := transfer.Make(ctx, store, accounts, transfer.Transfer{ID: fmt.Sprint(i), From: fmt.Sprint(i % n), To: fmt.Sprint(i / n % n), Amount: 40})
				if err != nil && !errors.Is(err, account.ErrInsufficientFunds) && !errors.Is(err, eventstore.ErrConflict) {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	var sum int64
	for i := range n {
		a, _, err := accounts.Load(ctx, fmt.Sprint(i))
		if sum += a.Balance; a.Balance < 0 || err != nil {
			t.Error(a, err)
		}
	}
	if sum != n*100 {
		t.Errorf("there is %d", sum)
	}
}

func TestMadeOnce(t *testing.T) {
	ctx, store := t.Context(), memstore.New()
	accounts := aggregate.NewRepository(store, account.Type, aggregate.Config{})
	accounts.ExecuteAll(ctx, "1", []account.Command{account.Open{Customer: "c"}, account.Deposit{Amount: 100}})
	accounts.Execute(ctx, "2", account.Open{Customer: "d"})
	move := transfer.Transfer{ID: "t", From: "1", To: "2", Amount: 30}
	pos, err := transfer.Make(ctx, store, accounts, move)
	if head, _ := store.Head(ctx); err != nil || pos != head {
		t.Fatal(pos, err)
	}
	again, err := transfer.Make(ctx, store, accounts, move)
	if a, _, _ := accounts.Load(ctx, "1"); a.Balance != 70 || again != pos || err != nil {
		t.Fatal(a, again, err)
	}
	move.ID, move.To = "u", "3"
	if _, err := transfer.Make(ctx, store, accounts, move); !errors.Is(err, account.ErrNotOpen) {
		t.Fatal(err)
	}
	if a, _, _ := accounts.Load(ctx, "1"); a.Balance != 70 {
		t.Fatal("half a transfer:", a)
	}
}
