package memstore_test

import (
	"errors"
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

func TestBadPolicy(t *testing.T) {
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, eventstore.ErrInvalidPolicy) {
			t.Errorf("panics with %v", err)
		}
	}()
	memstore.NewWith(memstore.Config{Policy: eventstore.Policy{MaxEventBytes: -1}})
}
