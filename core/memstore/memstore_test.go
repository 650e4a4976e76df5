package memstore_test

import (
	"testing"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/eventstore/eventstoretest"
	"github.com/eventsource-go/eventsource/core/memstore"
)

func TestConformance(t *testing.T) {
	eventstoretest.Run(t, func(_ testing.TB, opts eventstoretest.Options) eventstore.Store {
		return memstore.NewWith(memstore.Config{Policy: opts.Policy, Now: opts.Now})
	}, eventstoretest.Features{Notify: true})
}

// decorated hides what memstore can do besides storing, and lets As look through.
type decorated struct{ eventstore.Store }

func (d decorated) Unwrap() eventstore.Streams { return d.Store }

func TestAs(t *testing.T) {
	if _, ok := eventstore.As[eventstore.Notifier](decorated{memstore.New()}); !ok {
		t.Error("As does not look through a decorator")
	}
	for name, as := range map[string]func(){
		"Streams":      func() { eventstore.As[eventstore.Streams](memstore.New()) },
		"Feed":         func() { eventstore.As[eventstore.Feed](memstore.New()) },
		"concrete":     func() { eventstore.As[*memstore.Store](memstore.New()) },
		"returns one":  func() { eventstore.As[interface{ WithTx() eventstore.Streams }](memstore.New()) },
		"no interface": func() { eventstore.As[int](memstore.New()) },
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
