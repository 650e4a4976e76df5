package subscription_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/internal/account"
	"github.com/eventsource-go/eventsource/core/internal/cart"
	"github.com/eventsource-go/eventsource/core/memstore"
	"github.com/eventsource-go/eventsource/core/projection"
	"github.com/eventsource-go/eventsource/core/subscription"
)

// openMany opens n accounts and returns where the last one stands.
func openMany(t *testing.T, store eventstore.Streams, prefix string, n int) (last event.Position) {
	t.Helper()
	for i := range n {
		last = open(t, store, t.Context(), fmt.Sprint(prefix, i))
	}
	return last
}

// following returns a subscription to accounts that is told their ids.
func following(checkpoints checkpoint.Store, handle func(ctx context.Context, id string) error) subscription.Subscription {
	return subscription.New("s", projection.Of(account.Events, func(ctx context.Context, env event.Envelope[account.Event]) error {
		return handle(ctx, env.Stream.ID)
	}), checkpoints)
}

// wholly is a sink that applies the events of a call together or not at all, and takes its time for each.
type wholly struct {
	each    time.Duration
	nothing atomic.Int64 // what it takes to be told that there was nothing
	given   []int
	taken   int
	told    []event.Cursor
}

func (*wholly) Types() []string { return account.Events.Names() }

func (w *wholly) Resume(context.Context) (event.Cursor, error) {
	if len(w.told) == 0 {
		return event.Cursor{}, nil
	}
	return w.told[len(w.told)-1], nil
}

func (w *wholly) Take(ctx context.Context, recs []event.Record, next event.Cursor) error {
	needs := time.Duration(w.nothing.Load())
	if len(recs) > 0 {
		w.given = append(w.given, len(recs))
		needs = time.Duration(len(recs)) * w.each
	}
	select {
	case <-time.After(needs):
	case <-ctx.Done():
		return ctx.Err()
	}
	w.taken, w.told = w.taken+len(recs), append(w.told, next)
	return nil
}

func TestSlowSinkIsGivenFewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, sink := memstore.New(), &wholly{each: 20 * time.Second}
		last := openMany(t, store, "slow", 21)
		g, stop := runWith(t, store, subscription.Config{PageEvents: 16, SinkTimeout: time.Minute}, subscription.Subscription{Name: "s", Sink: sink})
		if err := g.WaitFor(soon(t), "s", last); err != nil {
			t.Fatal(err)
		}
		// 16, 8 and 4 don't fit into a minute. 2 do, but twice as many would not.
		if want := []int{16, 8, 4, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1}; sink.taken != 21 || !slices.Equal(sink.given, want) {
			t.Errorf("took %d, given %v, want %v", sink.taken, sink.given, want)
		}
		for i, cur := range sink.told {
			if recs, err := store.Lookup(t.Context(), cur.Event); err != nil || len(recs) != 1 || recs[0].Position != cur.Position {
				t.Errorf("call %d advances to %v, where no event is", i, cur)
			}
		}

		// One alone says nothing about how many would fit.
		for _, prefix := range []string{"x", "y", "z"} {
			if err := g.WaitFor(soon(t), "s", openMany(t, store, prefix, 1)); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		sink.given = nil
		if err := g.WaitFor(soon(t), "s", openMany(t, store, "more", 9)); err != nil {
			t.Fatal(err)
		}
		if sink.taken != 33 || slices.Max(sink.given) != 2 {
			t.Errorf("took %d, given %v", sink.taken, sink.given)
		}

		sink.each, sink.given = time.Second, nil
		if err := g.WaitFor(soon(t), "s", openMany(t, store, "quick", 62)); err != nil {
			t.Fatal(err)
		}
		if sink.taken != 95 || slices.Max(sink.given) != 16 {
			t.Errorf("took %d, given %v", sink.taken, sink.given)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestSlowSaveIsNoReasonForFewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, sink := memstore.New(), &wholly{each: time.Second}
		sink.nothing.Store(int64(time.Hour))
		carts := aggregate.NewRepository(store, cart.Type, aggregate.Config{})
		g, stop := runWith(t, store, subscription.Config{SinkTimeout: time.Minute}, subscription.Subscription{Name: "s", Sink: sink})
		if _, err := carts.Execute(t.Context(), "1", cart.Add{SKU: "tea", Quantity: 1}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(90 * time.Second)
		synctest.Wait()
		if failure := g.Status()[0].Failure; !errors.Is(failure, context.DeadlineExceeded) {
			t.Errorf("failed with %v", failure)
		}
		sink.nothing.Store(0)
		if err := errors.Join(g.WaitFor(soon(t), "s", openMany(t, store, "a", 8)), stop()); err != nil || !slices.Contains(sink.given, 8) {
			t.Errorf("given %v: %v", sink.given, err)
		}
	})
}

func TestEndInTheMiddleOfAPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, sink := memstore.New(), &wholly{each: 40 * time.Second}
		first := openMany(t, store, "a", 1)
		openMany(t, store, "b", 7)
		g, stop := runWith(t, store, subscription.Config{SinkTimeout: time.Minute}, subscription.Subscription{Name: "s", Sink: sink})
		if err := g.WaitFor(soon(t), "s", first); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // until the second is being taken
		began := time.Now()
		if err := stop(); err != nil || sink.taken != 2 || time.Since(began) > time.Minute {
			t.Errorf("ended after %v, %d taken of 2, with %v", time.Since(began), sink.taken, err)
		}
		if s := g.Status()[0]; s.Position != sink.told[1].Position || s.AtHead {
			t.Errorf("ended at %+v, want %v", s, sink.told[1])
		}
	})
}

func TestHandledBeforeTheDeadlineIsSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, handled := memstore.New(), make(map[string]int)
		last := openMany(t, store, "a", 10)
		g, stop := runWith(t, store, subscription.Config{SinkTimeout: time.Minute}, following(new(memstore.Checkpoints), func(ctx context.Context, id string) error {
			select {
			case <-time.After(25 * time.Second):
				handled[id]++
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}))
		if err := errors.Join(g.WaitFor(soon(t), "s", last), stop()); err != nil {
			t.Fatal(err)
		}
		for id, n := range handled {
			if n != 1 || len(handled) != 10 {
				t.Errorf("of %d, %s was handled %d times", len(handled), id, n)
			}
		}
	})
}

func TestHandlersThatIgnoreTheDeadlineGetOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, began := memstore.New(), 0
		last := openMany(t, store, "a", 4)
		g, stop := runWith(t, store, subscription.Config{SinkTimeout: time.Minute}, following(new(memstore.Checkpoints), func(ctx context.Context, _ string) error {
			if began++; ctx.Err() != nil {
				t.Error("began after the deadline")
			}
			time.Sleep(time.Hour)
			return nil
		}))
		if err := errors.Join(g.WaitFor(soon(t), "s", last), stop()); err != nil || began != 4 {
			t.Errorf("%d began: %v", began, err)
		}
	})
}

// sleepy is a checkpoint store that saves nothing before the deadline.
type sleepy struct {
	memstore.Checkpoints
	waited []time.Duration
}

func (s *sleepy) Save(ctx context.Context, _ string, _ event.Cursor) error {
	began := time.Now()
	<-ctx.Done()
	s.waited = append(s.waited, time.Since(began))
	return ctx.Err()
}

func TestSavingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, checkpoints := memstore.New(), new(sleepy)
		openMany(t, store, "a", 2)
		g, stop := runWith(t, store, subscription.Config{SinkTimeout: time.Minute}, following(checkpoints, func(ctx context.Context, id string) error {
			time.Sleep(40 * time.Second)
			return ctx.Err()
		}))
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		failure := g.Status()[0].Failure
		if err := stop(); err != nil || len(checkpoints.waited) == 0 || slices.Max(checkpoints.waited) != time.Minute {
			t.Errorf("%v; saves took %v", err, checkpoints.waited)
		}
		if !errors.Is(failure, context.DeadlineExceeded) || !strings.Contains(failure.Error(), "2 events in more than 1m0s") {
			t.Errorf("failed with %v", failure)
		}
	})
}

func TestAfresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		parent, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, "kept"), time.Minute)
		afresh, unbounded := subscription.Afresh(parent), subscription.Afresh(context.WithoutCancel(parent))
		time.Sleep(time.Hour)
		cancel()
		for range 2 {
			ctx, cancel := afresh()
			if deadline, _ := ctx.Deadline(); ctx.Err() != nil || time.Until(deadline) != time.Minute || ctx.Value(key{}) != "kept" {
				t.Errorf("%v, ends in %v", ctx.Err(), time.Until(deadline))
			}
			cancel()
		}
		ctx, cancel := unbounded()
		if _, bounded := ctx.Deadline(); bounded || ctx.Err() != nil || ctx.Value(key{}) != "kept" {
			t.Errorf("without a deadline: %v, %v", bounded, ctx.Err())
		}
		if cancel(); ctx.Err() == nil {
			t.Error("can't be canceled")
		}
	})
}

func TestPanicsAreFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, handled, panics, log := memstore.New(), make(map[string]int), 2, new(lines)
		last := openMany(t, store, "a", 3)
		g, stop := runWith(t, store, subscription.Config{Log: slog.New(log)}, following(new(memstore.Checkpoints), func(_ context.Context, id string) error {
			handled[id]++
			if panics--; id == "a1" && panics >= 0 {
				panic("s3cret")
			}
			return nil
		}))
		synctest.Wait()
		s := g.Status()[0]
		pe, ok := errors.AsType[*subscription.PanicError](s.Failure)
		if !ok || pe.Value != "s3cret" || pe.Subscription != "s" || !strings.Contains(string(pe.Stack), "TestPanicsAreFailures") {
			t.Fatalf("failed with %v", s.Failure)
		}
		if text := s.Failure.Error(); strings.Contains(text, "s3cret") || !strings.Contains(text, "account-a1 version 1") {
			t.Errorf("failed with %v", text)
		}
		if said := log.all(); len(said) != 1 || !strings.Contains(said[0], "TestPanicsAreFailures") || strings.Contains(said[0], "s3cret") {
			t.Errorf("logged %v", said)
		}
		if err := errors.Join(g.WaitFor(soon(t), "s", last), stop()); err != nil || handled["a0"] != 1 || handled["a2"] != 1 {
			t.Errorf("handled %v: %v", handled, err)
		}
	})
}

// panicking is a sink that doesn't protect itself.
type panicking struct {
	subscription.Sink
	resume bool
}

func (p panicking) Resume(ctx context.Context) (event.Cursor, error) {
	if p.resume {
		panic("s3cret")
	}
	return p.Sink.Resume(ctx)
}

func (panicking) Take(context.Context, []event.Record, event.Cursor) error { panic("s3cret") }

func TestPanickingSink(t *testing.T) {
	for _, resume := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			store, sub := memstore.New(), following(new(memstore.Checkpoints), nothing)
			sub.Sink = panicking{sub.Sink, resume}
			openMany(t, store, "a", 1)
			g, stop := run(t, store, sub)
			synctest.Wait()
			if pe, ok := errors.AsType[*subscription.PanicError](g.Status()[0].Failure); !ok || pe.Subscription != "s" || pe.Value != "s3cret" {
				t.Errorf("resume %v: failed with %v", resume, g.Status()[0].Failure)
			}
			if err := stop(); err != nil {
				t.Error(err)
			}
		})
	}
}
