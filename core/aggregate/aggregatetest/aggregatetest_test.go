package aggregatetest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/aggregate/aggregatetest"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/internal/account"
)

type (
	added   struct{ SKU string }
	lossy   struct{ note string }
	cart    struct{ Items map[string]int }
	impure  struct{}
	foreign struct{}
)

func (impure) Decide(c cart) ([]any, error) { c.Items["x"]++; return nil, nil }

var cartType = aggregate.Declare("cart", event.NewRegistry(map[string]any{"cart.added": added{}, "cart.lossy": lossy{}}),
	aggregate.On(func(c *cart, e added) { c.Items = map[string]int{e.SKU: 1} }),
	aggregate.On(func(*cart, lossy) {}))

// failing records why a test failed, and ends it as testing does.
type failing struct {
	testing.TB
	text string
}

func (f *failing) Fatalf(format string, a ...any) { f.Fatal(fmt.Sprintf(format, a...)) }
func (f *failing) Fatal(a ...any)                 { f.text = fmt.Sprint(a...); runtime.Goexit() }
func (f *failing) Error(a ...any)                 { f.text = fmt.Sprint(a...) }
func (f *failing) Failed() bool                   { return f.text != "" }

// failure returns what fn fails with.
func failure(t *testing.T, fn func(testing.TB)) string {
	f, done := &failing{TB: t}, make(chan struct{})
	go func() { defer close(done); fn(f) }()
	<-done
	return f.text
}

func TestScenario(t *testing.T) {
	open := []account.Event{account.Opened{Customer: "ann"}, account.Deposited{Amount: 100}}
	aggregatetest.For(t, account.Type).Given(open...).
		When(account.Withdraw{Amount: 30}, account.Deposit{Amount: 1}).
		Then(account.Withdrawn{Amount: 30}, account.Deposited{Amount: 1}).
		ThenState(account.Account{Customer: "ann", Balance: 71})
	aggregatetest.For(t, account.Type).Given(open...).When().Then()
	aggregatetest.For(t, account.Type).When(account.Deposit{Amount: 1}, account.Open{}).ThenRefused(account.ErrNotOpen)

	for name, c := range map[string]struct {
		fn   func(tb testing.TB)
		want string
	}{
		"impure": {func(tb testing.TB) {
			aggregatetest.For(tb, cartType).Given(added{"a"}).When(impure{})
		}, "impure.Decide changed the state"},
		"unregistered": {func(tb testing.TB) { aggregatetest.For(tb, cartType).Given(foreign{}) }, "unknown event type"},
		"lossy": {func(tb testing.TB) {
			aggregatetest.For(tb, cartType).When(aggregate.CommandFunc[cart, any](func(cart) ([]any, error) {
				return []any{lossy{"x"}}, nil
			})).Then(lossy{"x"})
		}, "events differ"},
		"other events": {func(tb testing.TB) {
			aggregatetest.For(tb, account.Type).Given(open...).When(account.Withdraw{Amount: 30}, account.Withdraw{Amount: 1}).
				Then(account.Withdrawn{Amount: 31}, account.Withdrawn{Amount: 1})
		}, "events differ (-want +got):\n" +
			"  - account.Withdrawn {\"Amount\":31}\n" +
			"  + account.Withdrawn {\"Amount\":30}\n" +
			"    account.Withdrawn {\"Amount\":1}\n"},
		"nothing happened": {func(tb testing.TB) {
			aggregatetest.For(tb, account.Type).When().Then(account.Opened{Customer: "a"})
		}, "  - account.Opened {\"Customer\":\"a\"}\n"},
		"other state": {func(tb testing.TB) {
			aggregatetest.For(tb, account.Type).Given(open...).ThenState(account.Account{Customer: "ann", Balance: 99})
		}, "  -   Balance:99}\n  +   Balance:100}\n"},
		"refused": {func(tb testing.TB) { aggregatetest.For(tb, account.Type).When(account.Deposit{}).Then() }, "refused: account is not open"},
		"state refused": {func(tb testing.TB) {
			aggregatetest.For(tb, account.Type).When(account.Deposit{}).ThenState(account.Account{})
		}, "refused: account is not open"},
		"not refused": {func(tb testing.TB) {
			aggregatetest.For(tb, account.Type).Given(open...).When(account.Deposit{Amount: 1}).ThenRefused(account.ErrNotOpen)
		}, `not refused, want "account is not open"`},
		"refused otherwise": {func(tb testing.TB) {
			aggregatetest.For(tb, account.Type).When(account.Deposit{Amount: 1}).ThenRefused(account.ErrAlreadyOpen)
		}, `refused with "account is not open", want "account is already open"`},
	} {
		if got := failure(t, c.fn); !strings.Contains(got, c.want) {
			t.Errorf("%s: failed with\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

var errTooMuch = errors.New("too much")

func move(ctx context.Context, store eventstore.Streams, amount int64) error {
	accounts := aggregate.NewRepository(store, account.Type, aggregate.Config{})
	_, err := eventstore.Atomic(ctx, store, func(ctx context.Context, tx eventstore.Streams) error {
		if _, err := accounts.WithStore(tx).Execute(ctx, "1", account.Withdraw{Amount: amount}); err != nil {
			return errors.Join(errTooMuch, err)
		}
		_, err := accounts.WithStore(tx).Execute(ctx, "2", account.Deposit{Amount: amount})
		return err
	})
	return err
}

func TestSeveral(t *testing.T) {
	scene := func(tb testing.TB, amount int64) (s *aggregatetest.Scene, from, to *aggregatetest.Member[account.Account, account.Event]) {
		s = aggregatetest.Several(tb)
		from = aggregatetest.With(s, account.Type, "1").Given(account.Opened{Customer: "a"}).Given(account.Deposited{Amount: 10})
		to = aggregatetest.With(s, account.Type, "2").Given(account.Opened{Customer: "b"})
		s.When(func(ctx context.Context, store eventstore.Streams) error { return move(ctx, store, amount) })
		return s, from, to
	}
	_, from, to := scene(t, 7)
	from.Then(account.Withdrawn{Amount: 7})
	to.Then(account.Deposited{Amount: 7})
	s, from, to := scene(t, 11)
	s.ThenRefused(errTooMuch)
	from.ThenUnchanged()
	to.ThenUnchanged()

	for name, c := range map[string]struct {
		fn   func(tb testing.TB)
		want string
	}{
		"other events": {func(tb testing.TB) { _, from, _ := scene(tb, 7); from.Then(account.Withdrawn{Amount: 8}) }, "events differ"},
		"changed":      {func(tb testing.TB) { _, _, to := scene(tb, 7); to.ThenUnchanged() }, "events differ"},
		"refused":      {func(tb testing.TB) { _, from, _ := scene(tb, 11); from.Then() }, "refused: too much"},
		"not refused":  {func(tb testing.TB) { s, _, _ := scene(tb, 7); s.ThenRefused(errTooMuch) }, "ended with <nil>"},
		"no When":      {func(tb testing.TB) { aggregatetest.With(aggregatetest.Several(tb), account.Type, "1").Then() }, "Then without When"},
	} {
		if got := failure(t, c.fn); !strings.Contains(got, c.want) {
			t.Errorf("%s: failed with\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

// A forgotten last line must not look green.
func TestScenarioThatRequiresNothingFails(t *testing.T) {
	for name, c := range map[string]struct {
		run   func(tb testing.TB)
		fails bool
	}{
		"no Then": {func(tb testing.TB) { aggregatetest.For(tb, account.Type).When(account.Withdraw{Amount: 1}) }, true},
		"no Then at the end": {func(tb testing.TB) {
			aggregatetest.For(tb, account.Type).When(account.Open{Customer: "ann"}).Then(account.Opened{Customer: "ann"}).When(account.Deposit{Amount: 1})
		}, true},
		"no When": {func(tb testing.TB) { aggregatetest.For(tb, account.Type).Given(account.Opened{Customer: "ann"}) }, false},
		"Then": {func(tb testing.TB) {
			aggregatetest.For(tb, account.Type).When(account.Withdraw{Amount: 1}).ThenRefused(account.ErrNotOpen)
		}, false},
		"several, no Then": {func(tb testing.TB) {
			aggregatetest.Several(tb).When(func(context.Context, eventstore.Streams) error { return nil })
		}, true},
		"several": {func(tb testing.TB) {
			s := aggregatetest.Several(tb)
			m := aggregatetest.With(s, account.Type, "1")
			s.When(func(context.Context, eventstore.Streams) error { return nil })
			m.ThenUnchanged()
		}, false},
	} {
		f := &failing{}
		t.Run(name, func(t *testing.T) {
			f.TB = t
			c.run(f)
		})
		if f.Failed() != c.fails {
			t.Errorf("%s: %q", name, f.text)
		}
	}
}
