package subscription_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/internal/account"
	"github.com/eventsource-go/eventsource/core/internal/cart"
	"github.com/eventsource-go/eventsource/core/memstore"
	"github.com/eventsource-go/eventsource/core/projection"
	"github.com/eventsource-go/eventsource/core/subscription"
)

// savings counts what is saved.
type savings struct {
	memstore.Checkpoints
	saves atomic.Int64
}

func (s *savings) Save(ctx context.Context, name string, cur event.Cursor) error {
	s.saves.Add(1)
	return s.Checkpoints.Save(ctx, name, cur)
}

func ignore[E any](context.Context, event.Envelope[E]) error { return nil }

func TestEventsOfOthersCostFewWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, checkpoints := &counted{Store: memstore.New()}, new(savings)
		g, stop := runWith(t, store, subscription.Config{SkipInterval: time.Minute},
			subscription.New("carts", projection.Of(cart.Events, ignore[cart.Event]), checkpoints))
		var last event.Position
		for _, id := range []string{"1", "2", "3", "4", "5"} {
			synctest.Wait()
			last = open(t, store, t.Context(), id)
			if err := g.WaitFor(t.Context(), "carts", last); err != nil {
				t.Fatal(err)
			}
		}
		if checkpoints.saves.Load() != 0 {
			t.Errorf("%d saves at once", checkpoints.saves.Load())
		}
		synctest.Wait()
		pages := store.pages.Load()
		time.Sleep(time.Minute)
		synctest.Wait()
		if cur, _ := checkpoints.Load(t.Context(), "carts"); checkpoints.saves.Load() != 1 || cur.Position != last {
			t.Errorf("after a minute %d saves, at %v", checkpoints.saves.Load(), cur.Position)
		}
		if again := store.pages.Load() - pages; again > 0 {
			t.Errorf("%d pages were read for that", again)
		}
		last = open(t, store, t.Context(), "6")
		if err := errors.Join(g.WaitFor(t.Context(), "carts", last), stop()); err != nil {
			t.Fatal(err)
		}
		if cur, _ := checkpoints.Load(t.Context(), "carts"); checkpoints.saves.Load() != 2 || cur.Position != last {
			t.Errorf("after the end %d saves, at %v", checkpoints.saves.Load(), cur.Position)
		}
	})
}

// stalled is a store whose feed waits for somebody.
type stalled struct {
	*memstore.Store
	stall *eventstore.Stall
}

func (s *stalled) Page(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
	if s.stall != nil {
		return eventstore.Page{Next: q.After, Stall: s.stall}, nil
	}
	return s.Store.Page(ctx, q)
}

func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &stalled{Store: memstore.New(), stall: &eventstore.Stall{Cause: "somebody writes", Since: time.Now()}}
		open(t, store, t.Context(), "1")
		g, stop := run(t, store,
			subscription.New("b", projection.Of(account.Events, ignore[account.Event]), new(memstore.Checkpoints)),
			subscription.New("a", projection.Of(account.Events, ignore[account.Event]), new(memstore.Checkpoints)))
		synctest.Wait()
		for i, want := range []string{"a", "b"} {
			if s := g.Status()[i]; s.Name != want || s.Stall != store.stall || s.AtHead || !s.Position.IsZero() {
				t.Errorf("stalled: %+v", s)
			}
		}
		store.stall = nil
		open(t, store, t.Context(), "2") // wakes the members
		pos, err := store.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := g.WaitFor(t.Context(), "a", pos); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if s := g.Status()[0]; s.Stall != nil || !s.AtHead || s.Position != pos || s.Failure != nil {
			t.Errorf("at the head: %+v", s)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// silent is a store that tells nothing.
type silent struct{ eventstore.Store }

func TestPollingIsEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := silent{memstore.New()}
		g, stop := runWith(t, store, subscription.Config{PollInterval: time.Hour},
			subscription.New("s", projection.Of(account.Events, ignore[account.Event]), new(memstore.Checkpoints)))
		synctest.Wait()
		began, pos := time.Now(), open(t, store, t.Context(), "1")
		if err := g.WaitFor(t.Context(), "s", pos); err != nil || time.Since(began) != time.Hour {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// limits records the queries of the feed and the deadlines of the sink.
type limits struct {
	*memstore.Store
	subscription.Sink
	events  []int
	timeout time.Duration
}

func (l *limits) Page(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
	l.events = append(l.events, q.Limit)
	return l.Store.Page(ctx, q)
}

func (l *limits) Take(ctx context.Context, recs []event.Record, next event.Cursor) error {
	deadline, _ := ctx.Deadline()
	l.timeout = time.Until(deadline)
	return l.Sink.Take(ctx, recs, next)
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sub := subscription.New("s", projection.Of(account.Events, ignore[account.Event]), new(memstore.Checkpoints))
		l := &limits{Store: memstore.New(), Sink: sub.Sink}
		for _, id := range []string{"1", "2", "3", "4", "5"} {
			open(t, l.Store, t.Context(), id)
		}
		pos, _ := l.Head(t.Context())
		g, stop := runWith(t, l, subscription.Config{PageEvents: 2, SinkTimeout: time.Minute}, subscription.Subscription{Name: "s", Sink: l})
		if err := errors.Join(g.WaitFor(t.Context(), "s", pos), stop()); err != nil {
			t.Fatal(err)
		}
		if len(l.events) < 3 || slices.ContainsFunc(l.events, func(n int) bool { return n != 2 }) || l.timeout != time.Minute {
			t.Errorf("pages of %v, %v for the sink", l.events, l.timeout)
		}
	})
}

func TestWaitForSaysWhyNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		g, stop := run(t, store, subscription.New("s", projection.Of(account.Events, ignore[account.Event]), new(memstore.Checkpoints)))
		if err := g.WaitFor(t.Context(), "t", event.Position{}); !errors.Is(err, subscription.ErrUnknown) {
			t.Error(err)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if err := g.WaitFor(t.Context(), "s", open(t, store, t.Context(), "1")); !errors.Is(err, subscription.ErrEnded) {
			t.Error(err)
		}
		if err := g.Run(t.Context()); !errors.Is(err, subscription.ErrEnded) {
			t.Error(err)
		}
	})
}

// readOnly is a checkpoint store that saves nothing.
type readOnly struct{ memstore.Checkpoints }

func (*readOnly) Save(context.Context, string, event.Cursor) error { return errors.New("read only") }

func TestSkippingThatIsNotSavedIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, log := memstore.New(), new(lines)
		g, stop := runWith(t, store, subscription.Config{Log: slog.New(log)},
			subscription.New("carts", projection.Of(cart.Events, ignore[cart.Event]), new(readOnly)))
		open(t, store, t.Context(), "1")
		time.Sleep(time.Hour)
		if failure := g.Status()[0].Failure; failure == nil {
			t.Error("it works")
		}
		if n := len(log.all()); n < 100 || n > 300 { // one in 15 to 30 s
			t.Errorf("%d tries in an hour", n)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// behind is a checkpoint store that another owner has moved on.
type behind struct{ memstore.Checkpoints }

func (*behind) Save(context.Context, string, event.Cursor) error { return checkpoint.ErrBehind }

func TestCheckpointOfAnotherOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		g, stop := run(t, store, subscription.New("s", projection.Of(account.Events, ignore[account.Event]), new(behind)))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := g.WaitFor(ctx, "s", open(t, store, t.Context(), "1")); !errors.Is(err, checkpoint.ErrBehind) {
			t.Errorf("the position moved although it was not saved: %v", err)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}
