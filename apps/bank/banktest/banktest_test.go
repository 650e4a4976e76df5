package banktest

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/ledger"
)

// failing is a test that takes note of how it fails.
type failing struct {
	testing.TB
	with any
}

func (f *failing) Fatal(args ...any) {
	f.with = args[0]
	runtime.Goexit()
}

// Read models that stand still fail a test, instead of holding it up for ever.
func TestCatchUpEnds(t *testing.T) {
	b := Open(t, ":memory:", ledger.Config{}) // in which nothing runs
	b.OpenAccount("Ann", 1)
	f := &failing{TB: t}
	b.tb, b.patience = f, time.Millisecond
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.CatchUp()
	}()
	<-done
	if err, _ := f.with.(error); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(f.with)
	}
}
