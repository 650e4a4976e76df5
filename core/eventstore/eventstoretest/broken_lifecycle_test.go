package eventstoretest_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/eventstore/eventstoretest"
	"github.com/eventsource-go/eventsource/core/memstore"
)

// bare hides what a store can do besides being one.
type bare struct{ eventstore.Store }

var brokenLives = []broken{
	{name: "claims what it has not", by: []string{"Features/AsClaimed", "Notify/AfterAnAppend", "Close/EndsEveryUse"}, hides: func(s eventstore.Store) eventstore.Store { return bare{s} }},
	{name: "has what it does not claim", by: []string{"Features/AsClaimed"}, features: func(f *eventstoretest.Features) { f.Notify = false }},
	{name: "closes and does not claim it", by: []string{"Features/AsClaimed"}, features: func(f *eventstoretest.Features) { f.Close = false }},

	{name: "notifier that forgets", by: []string{"Notify/AfterAnAppend", "Notify/NotBefore", "Notify/EveryWaiter", "Notify/WhoAsksFirstMissesNothing"}, make: func(*sound) replaced {
		return replaced{appended: func() <-chan struct{} { return make(chan struct{}) }}
	}},
	{name: "notifier that wakes one", by: []string{"Notify/EveryWaiter"}, make: notifying(func(waiting []chan struct{}) []chan struct{} {
		if len(waiting) > 0 {
			close(waiting[0])
			return waiting[1:]
		}
		return nil
	})},
	{name: "notifier that cries wolf", by: []string{"Notify/NotBefore"}, make: func(*sound) replaced {
		ch := make(chan struct{})
		close(ch)
		return replaced{appended: func() <-chan struct{} { return ch }}
	}},
	{name: "notifier that counts reads", by: []string{"Notify/NotBefore"}, make: func(under *sound) replaced {
		n := &waiters{}
		return replaced{
			appended: n.wait,
			append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
				defer n.wake()
				return under.Append(ctx, appends...)
			},
			page: func(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
				defer n.wake()
				return under.Page(ctx, q)
			},
		}
	}},
	{name: "notifier that is early", by: []string{"Notify/NoneIsEarly"}, make: func(under *sound) replaced {
		n := &waiters{}
		return replaced{
			appended: n.wait,
			append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
				n.wake()
				later()
				return under.Append(ctx, appends...)
			},
		}
	}},
	{name: "notifier that knows its own appends alone", by: []string{"Second/WakesTheFirst"}, make: func(under *sound) replaced {
		n := &waiters{}
		return replaced{
			appended: n.wait,
			append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
				defer n.wake()
				return under.Append(ctx, appends...)
			},
		}
	}},

	{name: "goes on after it was closed", by: []string{"Close/EndsEveryUse"}, make: func(*sound) replaced {
		return replaced{close: func() error { return nil }}
	}},
	{name: "can be closed once", by: []string{"Close/EndsEveryUse"}, make: func(under *sound) replaced {
		return replaced{close: func() error { return errors.Join(under.ended(), under.Close()) }}
	}},
	{name: "answers re-sends after it was closed", by: []string{"Close/EndsEveryUse"}, make: failing(
		func(ctx context.Context, under *sound, appends []eventstore.Append, res results, err error) (results, error) {
			if errors.Is(err, eventstore.ErrStoreClosed) {
				if known, _ := under.data.Lookup(ctx, appends[0].Events[0].ID); len(known) > 0 {
					return under.data.Append(ctx, appends...)
				}
			}
			return res, err
		})},
	{name: "an open read is cut short by close", by: []string{"Close/BesideOpenReads"}, make: func(under *sound) replaced {
		return replaced{read: reading(under, func(_ context.Context, rec event.Record) (event.Record, bool) { return rec, under.ended() == nil })}
	}},
	{name: "stores what it refuses when it is closed", by: []string{"Close/BesideAppends"}, make: failing(
		func(ctx context.Context, under *sound, appends []eventstore.Append, res results, err error) (results, error) {
			if errors.Is(err, eventstore.ErrStoreClosed) {
				_, _ = under.data.Append(ctx, appends...)
			}
			return res, err
		})},
	{name: "loses what is under way when it is closed", by: []string{"Close/BesideAppends"}, make: losesTheLast},

	{name: "does not outlive its process", by: []string{"Reopen/EverythingIsThere", "Reopen/GoesOnWhereItWas", "Reopen/SentAgain", "Reopen/Model", "Close/BesideAppends"}, features: func(f *eventstoretest.Features) {
		f.Reopen = func(testing.TB, eventstore.Store) eventstore.Store { return newLayer(memstore.New(), nil) }
	}},
	{name: "another identity when it is opened again", by: []string{"Reopen/EverythingIsThere", "Reopen/GoesOnWhereItWas"}, features: func(f *eventstoretest.Features) {
		f.Reopen = func(tb testing.TB, s eventstore.Store) eventstore.Store {
			tb.Helper()
			return newLayer(restored(tb, s.(*layer).data), nil)
		}
	}},
	{name: "closed streams are open when it is opened again", by: []string{"Reopen/EverythingIsThere", "Reopen/SentAgain"}, features: func(f *eventstoretest.Features) {
		f.Reopen = func(tb testing.TB, s eventstore.Store) eventstore.Store {
			tb.Helper()
			return newLayer(restored(tb, s.(*layer).data), nil)
		}
	}},
	{name: "each process has its own data", by: []string{
		"Second/HasTheSameData", "Second/OneWinnerPerVersion", "Second/AnyNeverConflicts", "Second/SentAgainThere", "Second/FollowersMissNothingAndAgree",
		"Second/FollowersOfBoth", "Second/WakesTheFirst",
	}, features: func(f *eventstoretest.Features) {
		f.Second = func(testing.TB, eventstore.Store) eventstore.Store { return newLayer(memstore.New(), nil) }
	}},
	{name: "the second is the first", by: []string{"Second/HasTheSameData"}, features: func(f *eventstoretest.Features) {
		f.Second = func(_ testing.TB, s eventstore.Store) eventstore.Store { return s }
	}},
}

// waiters are woken together.
type waiters struct {
	mu sync.Mutex
	ch chan struct{}
}

func (w *waiters) wait() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ch == nil {
		w.ch = make(chan struct{})
	}
	return w.ch
}

func (w *waiters) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ch != nil {
		close(w.ch)
		w.ch = nil
	}
}

// notifying is a store of which wake says who is woken by an append; it returns who is left.
func notifying(wake func(waiting []chan struct{}) []chan struct{}) func(under *sound) replaced {
	return func(under *sound) replaced {
		var mu sync.Mutex
		var waiting []chan struct{}
		return replaced{
			appended: func() <-chan struct{} {
				mu.Lock()
				defer mu.Unlock()
				waiting = append(waiting, make(chan struct{}))
				return waiting[len(waiting)-1]
			},
			append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
				res, err := under.Append(ctx, appends...)
				mu.Lock()
				defer mu.Unlock()
				waiting = wake(waiting)
				return res, err
			},
		}
	}
}

// losesTheLast acknowledges an append that meets the end, and does not store it.
func losesTheLast(under *sound) replaced {
	var mu sync.Mutex
	told := make(map[event.StreamID]bool)
	return failing(func(_ context.Context, _ *sound, appends []eventstore.Append, res results, err error) (results, error) {
		mu.Lock()
		defer mu.Unlock()
		if !errors.Is(err, eventstore.ErrStoreClosed) || told[appends[0].Stream] {
			return res, err
		}
		told[appends[0].Stream] = true
		return make(results, len(appends)), nil
	})(under)
}

// restored returns a copy of the events of data, made by appending them anew.
func restored(tb testing.TB, data *memstore.Store) *memstore.Store {
	tb.Helper()
	s := memstore.New()
	page, err := data.Page(context.Background(), eventstore.FeedQuery{Limit: eventstore.MaxPageEvents})
	if err != nil {
		tb.Fatal(err)
	}
	for _, rec := range page.Records {
		ctx := event.WithTenant(context.Background(), rec.Metadata.Tenant)
		a := eventstore.Append{Stream: rec.Stream, Expect: eventstore.Any, Events: []event.Draft{{
			ID: rec.ID, Type: rec.Type, Schema: rec.Schema, Occurred: rec.Occurred, Metadata: rec.Metadata, Data: rec.Data,
		}}}
		if _, err := s.Append(ctx, a); err != nil {
			tb.Fatal(err)
		}
	}
	return s
}
