package aggregatetest_test

import (
	"testing"

	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/aggregate/aggregatetest"
	"github.com/eventsource-go/eventsource/core/event"
)

type (
	added  struct{ SKU string }
	cart   struct{ Items map[string]int }
	impure struct{}
)

func (impure) Decide(c cart) ([]any, error) { c.Items["x"]++; return nil, nil }

var cartType = aggregate.Declare("cart", event.NewRegistry(map[string]any{"cart.added": added{}}),
	aggregate.On(func(c *cart, e added) { c.Items = map[string]int{e.SKU: 1} }))

type fatalTB struct {
	testing.TB
	fatal string
}

func (f *fatalTB) Fatalf(format string, a ...any) { f.fatal = format }

func TestWhenCatchesImpureDecide(t *testing.T) {
	tb := &fatalTB{TB: t}
	aggregatetest.For(tb, cartType).Given(added{"a"}).When(impure{})
	if tb.fatal != "%T.Decide changed the state" {
		t.Fatalf("not caught: %q", tb.fatal)
	}
}
