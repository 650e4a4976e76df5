package aggregate_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/internal/account"
	"github.com/eventsource-go/eventsource/core/memstore"
)

func TestGuards(t *testing.T) {
	ctx := t.Context()
	accounts := aggregate.NewRepository(memstore.New(), account.Type, aggregate.Config{})
	_, err := accounts.Execute(ctx, "1", account.Open{Customer: "c"}, aggregate.ExpectExisting())
	if ee, ok := errors.AsType[*aggregate.ExistenceError](err); !ok || !errors.Is(err, aggregate.ErrNotFound) || errors.Is(err, aggregate.ErrExists) || ee.Stream.ID != "1" {
		t.Errorf("expected to exist: %v", err)
	}
	if _, err := accounts.Execute(ctx, "1", account.Open{Customer: "c"}, aggregate.ExpectNew()); err != nil {
		t.Fatal(err)
	}
	_, err = accounts.Execute(ctx, "1", account.Deposit{Amount: 1}, aggregate.ExpectNew())
	if ee, ok := errors.AsType[*aggregate.ExistenceError](err); !ok || !errors.Is(err, aggregate.ErrExists) || errors.Is(err, aggregate.ErrNotFound) || ee.Version != 1 {
		t.Errorf("expected to be new: %v", err)
	}
	if _, err := accounts.Execute(ctx, "1", account.Deposit{Amount: 1}, aggregate.ExpectExisting()); err != nil {
		t.Error(err)
	}
}

func TestOneOfManyCreates(t *testing.T) {
	accounts := aggregate.NewRepository(memstore.New(), account.Type, aggregate.Config{})
	var created atomic.Int64
	var wg sync.WaitGroup
	deposit := func(account.Account) ([]account.Event, error) {
		return []account.Event{account.Deposited{Amount: 1}}, nil
	}
	for range 16 {
		wg.Go(func() {
			switch _, err := accounts.ExecuteFunc(t.Context(), "1", deposit, aggregate.ExpectNew()); {
			case err == nil:
				created.Add(1)
			case !errors.Is(err, aggregate.ErrExists):
				t.Error(err)
			}
		})
	}
	if wg.Wait(); created.Load() != 1 {
		t.Errorf("%d executions created it", created.Load())
	}
}

func TestBadTypes(t *testing.T) {
	for name, typ := range map[string]aggregate.Type[account.Account, account.Event]{
		"no name":     {Events: account.Events, Apply: (*account.Account).Apply},
		"bad name":    {Name: "a-b", Events: account.Events, Apply: (*account.Account).Apply},
		"no registry": {Name: "account", Apply: (*account.Account).Apply},
		"no apply":    {Name: "account", Events: account.Events},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("accepted")
				}
			}()
			aggregate.NewRepository(memstore.New(), typ, aggregate.Config{})
		})
	}
}

func TestBadConfigs(t *testing.T) {
	for name, cfg := range map[string]aggregate.Config{"backoff": {Backoff: -time.Second}, "retries": {Retries: -2}} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if err, _ := recover().(error); err == nil || !strings.Contains(err.Error(), name) {
					t.Errorf("panics with %v", err)
				}
			}()
			aggregate.NewRepository(memstore.New(), account.Type, cfg)
		})
	}
}

func TestBadIDs(t *testing.T) {
	ctx, accounts := t.Context(), aggregate.NewRepository(memstore.New(), account.Type, aggregate.Config{})
	for _, id := range []string{"", "a\x00", "\xff"} {
		_, err := accounts.Execute(ctx, id, account.Open{Customer: "c"})
		_, _, loadErr := accounts.Load(ctx, id)
		_, _, atErr := accounts.LoadAt(ctx, id, 0)
		_, existsErr := accounts.Exists(ctx, id)
		for call, err := range map[string]error{"Execute": err, "Load": loadErr, "LoadAt": atErr, "Exists": existsErr} {
			if !errors.Is(err, event.ErrInvalidStream) {
				t.Errorf("%s of %q: %v", call, id, err)
			}
		}
	}
}
