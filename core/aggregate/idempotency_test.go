package aggregate_test

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/internal/account"
	"github.com/eventsource-go/eventsource/core/memstore"
)

// deposits are what a command decides.
func deposits(amounts ...int64) []account.Event {
	var events []account.Event
	for _, amount := range amounts {
		events = append(events, account.Deposited{Amount: amount})
	}
	return events
}

// TestKeyOvertaken: while one execution decides, another one with its key is faster. Whether or
// not both would do the same, the slower one returns what the faster one did.
func TestKeyOvertaken(t *testing.T) {
	for name, slower := range map[string][]account.Event{"the same": deposits(5, 7), "other content": deposits(6, 7), "less": deposits(5), "more": deposits(5, 7, 9)} {
		synctest.Test(t, func(t *testing.T) {
			ctx, accounts, once := t.Context(), aggregate.NewRepository(memstore.New(), account.Type, aggregate.Config{}), aggregate.IdempotencyKey("k")
			if _, err := accounts.Execute(ctx, "1", account.Open{Customer: "c"}); err != nil {
				t.Fatal(err)
			}
			var first aggregate.Result[account.Account, account.Event]
			tries := 0
			res, err := accounts.ExecuteFunc(ctx, "1", func(account.Account) ([]account.Event, error) {
				tries++
				var err error
				first, err = accounts.ExecuteFunc(ctx, "1", func(account.Account) ([]account.Event, error) { return deposits(5, 7), nil }, once)
				if err != nil || first.Replayed {
					t.Errorf("%s: the faster one: %+v, %v", name, first, err)
				}
				if _, err := accounts.Execute(ctx, "1", account.Withdraw{Amount: 1}); err != nil { // life goes on
					t.Error(err)
				}
				return slower, nil
			}, once)
			if first.Replayed = true; err != nil || !reflect.DeepEqual(res, first) || tries != 1 {
				t.Errorf("%s: %d tries, %+v, want %+v: %v", name, tries, res, first, err)
			}
			if state, version, err := accounts.Load(ctx, "1"); state.Balance != 11 || version != 4 || err != nil {
				t.Errorf("%s: %+v at %d, %v", name, state, version, err)
			}
		})
	}
}

// overtaking is a store to which something happens after an id was looked for for the first time.
type overtaking struct {
	*memstore.Store
	once func()
}

func (o *overtaking) Lookup(ctx context.Context, ids ...event.ID) ([]event.Record, error) {
	recs, err := o.Store.Lookup(ctx, ids...)
	if once := o.once; once != nil {
		o.once = nil
		once()
	}
	return recs, err
}

// TestKeyOvertakenBeforeTheLoad: an earlier try is stored after the later one looked for it, and
// before it loads. What the earlier one did is no reason to refuse the later one.
func TestKeyOvertakenBeforeTheLoad(t *testing.T) {
	store := &overtaking{Store: memstore.New()}
	ctx, once := t.Context(), aggregate.IdempotencyKey("k")
	accounts := aggregate.NewRepository(store, account.Type, aggregate.Config{})
	open := account.Open{Customer: "c"}
	store.once = func() {
		if _, err := aggregate.NewRepository(store.Store, account.Type, aggregate.Config{}).Execute(ctx, "1", open, once); err != nil {
			t.Error(err)
		}
	}
	if res, err := accounts.Execute(ctx, "1", open, once); err != nil || !res.Replayed || res.Version != 1 {
		t.Errorf("%+v, %v", res, err)
	}
}

// TestKeyOfMany: of many executions with one key, one happens, and all say the same.
func TestKeyOfMany(t *testing.T) {
	accounts := aggregate.NewRepository(memstore.New(), account.Type, aggregate.Config{Backoff: time.Microsecond})
	if _, err := accounts.Execute(t.Context(), "1", account.Open{Customer: "c"}); err != nil {
		t.Fatal(err)
	}
	results := make([]aggregate.Result[account.Account, account.Event], 16)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range results {
		wg.Go(func() {
			var err error
			<-start
			if results[i], err = accounts.Execute(t.Context(), "1", account.Deposit{Amount: int64(1 + i%4)}, aggregate.IdempotencyKey("k")); err != nil {
				t.Error(err)
			}
		})
	}
	close(start)
	wg.Wait()
	did := 0
	for i := range results {
		if !results[i].Replayed {
			did++
		}
		if results[i].Replayed = false; !reflect.DeepEqual(results[i], results[0]) {
			t.Errorf("%+v, but %+v", results[i], results[0])
		}
	}
	if did != 1 {
		t.Errorf("%d of %d executions happened", did, len(results))
	}
}

// conflicting is a store where somebody else is always faster.
type conflicting struct{ eventstore.Store }

func (c conflicting) Append(_ context.Context, appends ...eventstore.Append) ([]eventstore.AppendResult, error) {
	return nil, &eventstore.ConflictError{Stream: appends[0].Stream, Expected: appends[0].Expect, Actual: 7}
}

// TestCanceledBetweenTries: who is canceled while a command waits to decide again is told so.
func TestCanceledBetweenTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reason := errors.New("shutting down")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Minute/4, func() { cancel(reason) })
		accounts := aggregate.NewRepository(conflicting{memstore.New()}, account.Type, aggregate.Config{Backoff: time.Minute, Retries: 1000})
		res, err := accounts.Execute(ctx, "1", account.Open{Customer: "c"})
		if !errors.Is(err, context.Canceled) || !errors.Is(err, reason) || errors.Is(err, eventstore.ErrConflict) || res.Version != 0 || res.Events != nil {
			t.Errorf("%+v, %v", res, err)
		}
	})
}

// TestLongBackoff: no number of retries makes a wait longer than a second, or negative.
func TestLongBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const retries = 70
		accounts := aggregate.NewRepository(conflicting{memstore.New()}, account.Type, aggregate.Config{Backoff: time.Hour, Retries: retries})
		start := time.Now()
		_, err := accounts.Execute(t.Context(), "1", account.Open{Customer: "c"})
		if took := time.Since(start); !errors.Is(err, eventstore.ErrConflict) || took < retries*time.Second/2 || took > retries*time.Second {
			t.Errorf("%d retries took %v: %v", retries, took, err)
		}
	})
}
