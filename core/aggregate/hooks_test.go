package aggregate_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/internal/account"
	"github.com/eventsource-go/eventsource/core/memstore"
)

func TestHooks(t *testing.T) {
	type spanKey struct{}
	var seen []string
	hooks := aggregate.Hooks{
		Load: func(ctx context.Context, stream event.StreamID) (context.Context, func(aggregate.Loaded, error)) {
			inside := ctx.Value(spanKey{})
			return ctx, func(l aggregate.Loaded, err error) {
				seen = append(seen, fmt.Sprintf("load %s in %v: %+v, %v", stream, inside, l, err))
			}
		},
		Execute: func(ctx context.Context, stream event.StreamID, commands []string) (context.Context, func(aggregate.Executed, error)) {
			return context.WithValue(ctx, spanKey{}, "span"), func(x aggregate.Executed, err error) {
				seen = append(seen, fmt.Sprintf("execute %v on %s: %+v, %v", commands, stream, x, errors.Is(err, aggregate.ErrRejected)))
			}
		},
	}
	ctx, store := t.Context(), memstore.New()
	accounts := aggregate.NewRepository(store, account.Type, aggregate.Config{Hooks: hooks})
	once := aggregate.IdempotencyKey("k")
	for range 2 {
		if _, err := accounts.ExecuteAll(ctx, "1", []account.Command{account.Open{Customer: "c"}, account.Deposit{Amount: 5}}, once); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := accounts.Execute(ctx, "1", account.Withdraw{Amount: 9}); !errors.Is(err, aggregate.ErrRejected) {
		t.Fatal(err)
	}
	if _, _, err := accounts.Load(ctx, "1"); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"load account-1 in span: {Version:0 Events:0 FromSnapshot:false}, <nil>",
		"execute [account.Open account.Deposit] on account-1: {Version:2 Events:2 Tries:1 Replayed:false}, false",
		"execute [account.Open account.Deposit] on account-1: {Version:2 Events:2 Tries:0 Replayed:true}, false",
		"load account-1 in span: {Version:2 Events:2 FromSnapshot:false}, <nil>",
		"execute [account.Withdraw] on account-1: {Version:0 Events:0 Tries:1 Replayed:false}, true",
		"load account-1 in <nil>: {Version:2 Events:2 FromSnapshot:false}, <nil>",
	}
	if !slices.Equal(seen, want) {
		t.Errorf("saw\n%q\nwant\n%q", seen, want)
	}
}
