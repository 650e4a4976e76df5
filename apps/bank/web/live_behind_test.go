package web_test

import (
	"context"
	"testing"

	"github.com/eventsource-go/eventsource/apps/bank/banktest"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/core/event"
)

// neverBehind is of a waiter that has nothing to wait for when a visitor comes.
type neverBehind struct{}

func (neverBehind) Behind(context.Context) (event.Position, bool, error) {
	return event.Position{}, false, nil
}

// A visitor who comes after a change was told, and before the read models show it, is told of it
// when they do.
func TestLateVisitorIsTold(t *testing.T) {
	b := banktest.Open(t, ":memory:", ledger.Config{}) // nothing runs
	v := visitBank(t, b)
	b.OpenAccount("Ann", 100)
	l := listen(t, v.server, "")
	if hello, ok := l.next(); !ok || hello != "retry: 1000\n" {
		t.Fatal(hello, ok)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Group.Run(ctx) }()
	if got := l.change(t); got != "{}" {
		t.Error(got)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Without its store the bank can't promise to tell.
func TestNoStreamWithoutStore(t *testing.T) {
	v := visit(t)
	if err := v.Store.Close(); err != nil {
		t.Fatal(err)
	}
	if l := listen(t, v.server, ""); l.res.StatusCode != 503 || l.res.Header.Get("Retry-After") == "" {
		t.Error(l.res.StatusCode)
	}
}
