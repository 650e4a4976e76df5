package backoff_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventsource-go/eventsource/core/internal/backoff"
)

func TestWait(t *testing.T) {
	const base, most = 50 * time.Millisecond, 30 * time.Second
	for try, want := range map[int]time.Duration{0: base, 1: 2 * base, 5: 32 * base, 9: 512 * base, 10: most, 29: most, 30: most, 1000: most} {
		synctest.Test(t, func(t *testing.T) {
			seen := make(map[time.Duration]bool)
			for range 50 {
				start := time.Now()
				if err := backoff.Wait(t.Context(), try, base, most); err != nil {
					t.Fatal(err)
				}
				waited := time.Since(start)
				if waited < want/2 || waited > want {
					t.Errorf("try %d waited %v, want %v to %v", try, waited, want/2, want)
				}
				seen[waited] = true
			}
			if len(seen) < 10 {
				t.Errorf("try %d waited %d different times of 50", try, len(seen))
			}
		})
	}
}

// No delay is too long, and no try too late, to be doubled.
func TestWaitHasABound(t *testing.T) {
	const most = time.Minute
	for _, base := range []time.Duration{2, 600 * time.Millisecond, most, 10 * most, time.Hour, math.MaxInt64} {
		for _, try := range []int{28, 29, 30, 36, 62, 63, 64, 1000} {
			if base == 2 && try < 36 {
				continue // which is less than most
			}
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				if err := backoff.Wait(t.Context(), try, base, most); err != nil {
					t.Fatal(err)
				}
				if waited := time.Since(start); waited < most/2 || waited > most {
					t.Errorf("%v, try %d: waited %v", base, try, waited)
				}
			})
		}
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reason := errors.New("no more")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(reason) })
		start := time.Now()
		err := backoff.Wait(ctx, 20, time.Minute, time.Hour)
		if !errors.Is(err, reason) || !errors.Is(err, context.Canceled) || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}
