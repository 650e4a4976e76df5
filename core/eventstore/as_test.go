package eventstore_test

import (
	"io"
	"testing"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/memstore"
)

// decorated hides what a store can do besides storing, and lets As look through.
type decorated struct{ eventstore.Store }

func (d decorated) Unwrap() eventstore.Streams { return d.Store }

// sealed hides it for good.
type sealed struct{ eventstore.Store }

func TestAs(t *testing.T) {
	if _, ok := eventstore.As[eventstore.Notifier](memstore.New()); !ok {
		t.Error("As does not find what the store itself can do")
	}
	if _, ok := eventstore.As[eventstore.Notifier](decorated{decorated{memstore.New()}}); !ok {
		t.Error("As does not look through decorators")
	}
	if n, ok := eventstore.As[eventstore.Notifier](sealed{memstore.New()}); ok || n != nil {
		t.Error("As looks through what does not unwrap")
	}
	if c, ok := eventstore.As[io.Closer](decorated{memstore.New()}); ok || c != nil {
		t.Error("As finds what nothing in the chain can do")
	}
	if _, ok := eventstore.As[eventstore.Notifier](nil); ok {
		t.Error("no store has an ability")
	}
}

func TestAsHandsOutNothingThatReachesEvents(t *testing.T) {
	for name, as := range map[string]func(){
		"Streams":      func() { eventstore.As[eventstore.Streams](memstore.New()) },
		"Feed":         func() { eventstore.As[eventstore.Feed](memstore.New()) },
		"concrete":     func() { eventstore.As[*memstore.Store](memstore.New()) },
		"returns one":  func() { eventstore.As[interface{ WithTx() eventstore.Streams }](memstore.New()) },
		"no interface": func() { eventstore.As[int](memstore.New()) },
		"anything":     func() { eventstore.As[any](memstore.New()) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s was handed out", name)
				}
			}()
			as()
		}()
	}
}
