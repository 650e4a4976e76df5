package aggregatetest_test

import (
	"errors"
	"testing"

	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/aggregate/aggregatetest"
	"github.com/eventsource-go/eventsource/core/event"
)

type (
	lent     struct{ To string }
	returned struct{}
	book     struct{ With string }
	lend     struct{ To string }
)

var errLent = errors.New("book is lent")

var bookType = aggregate.Declare[book, any]("book", event.NewRegistry(map[string]any{"book.lent": lent{}, "book.returned": returned{}}),
	aggregate.On(func(b *book, e lent) { b.With = e.To }),
	aggregate.On(func(b *book, _ returned) { b.With = "" }))

func (cmd lend) Decide(b book) ([]any, error) {
	if b.With != "" {
		return nil, errLent
	}
	return []any{lent(cmd)}, nil
}

func TestLend(t *testing.T) {
	aggregatetest.For(t, bookType).
		Given(lent{To: "ann"}, returned{}).
		When(lend{To: "bob"}).
		Then(lent{To: "bob"}).
		ThenState(book{With: "bob"})

	aggregatetest.For(t, bookType).
		Given(lent{To: "ann"}).
		When(lend{To: "bob"}).
		ThenRefused(errLent)
}

func ExampleFor() {
	_ = func(t *testing.T) { // TestLend
		aggregatetest.For(t, bookType).
			Given(lent{To: "ann"}, returned{}).
			When(lend{To: "bob"}).
			Then(lent{To: "bob"})
	}
}
