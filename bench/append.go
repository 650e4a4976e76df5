package bench

import (
	"context"
	"fmt"

	"github.com/eventsource-go/eventsource/bench/domain"
	"github.com/eventsource-go/eventsource/bench/peers"
	"github.com/eventsource-go/eventsource/bench/side"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// writer appends n events, which n was said when it was made, to stream after version. A caller
// is one goroutine.
type writer struct {
	append func(ctx context.Context, caller int, stream string, version int) error
	count  func(ctx context.Context) (int, error)
	close  func() error
}

// opened is a writer that a library has opened.
type opened interface {
	Count(ctx context.Context) (int, error)
	Close() error
}

// of returns how w appends, and the rest of what it does.
func of(w opened, add func(ctx context.Context, caller int, stream string, version int) error) writer {
	return writer{add, w.Count, w.Close}
}

// streams is how many each caller goes around, so that none grows much within a window.
const streams = 16

// appending is a case in which each caller goes around streams of its own, so nobody conflicts.
func appending(impl, params string, n, callers int, open func(ctx context.Context, dir string) (writer, error)) side.Case {
	return side.Case{
		Scenario: "Append", Impl: impl, Callers: callers, Events: n,
		Params: fmt.Sprintf("%s/n=%d/callers=%d", params, n, callers),
		Open: func(ctx context.Context, dir string) (side.Subject, error) {
			w, err := open(ctx, dir)
			if err != nil {
				return side.Subject{}, err
			}
			return side.Subject{Do: around(w, n, callers), Close: w.close}, nil
		},
	}
}

func around(w writer, n, callers int) func(ctx context.Context, caller, i int) error {
	names := make([]string, streams*callers)
	for i := range names {
		names[i] = domain.Name(i)
	}
	return func(ctx context.Context, caller, i int) error {
		return w.append(ctx, caller, names[caller*streams+i%streams], i/streams*n)
	}
}

// Next returns the append of the n events that follow version in stream.
func Next(stream string, version, n int) eventstore.Append {
	a := eventstore.Append{
		Stream: event.StreamID{Category: "account", ID: stream},
		Expect: eventstore.Exactly(event.Version(version)),
		Events: make([]event.Draft, n),
	}
	for i := range a.Events {
		p, debit := domain.At(version + i)
		typ := "account.credited"
		if debit {
			typ = "account.debited"
		}
		a.Events[i] = event.Draft{
			ID: event.NewID(), Type: typ, Schema: 1, Occurred: p.At, Metadata: peers.Metadata, Data: domain.Payload(version + i),
		}
	}
	return a
}
