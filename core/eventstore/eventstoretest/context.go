package eventstoretest

import (
	"context"
	"errors"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var contextCases = []scenario{
	{name: "Context/CanceledAppendStoresNothing", run: canceledAppend},
	{name: "Context/CanceledReads", run: canceledReads},
	{name: "Context/CanceledInsideOfARead", run: canceledInside},
	{name: "Context/CanceledWhileAppending", run: canceledMeanwhile},
	{name: "Context/ErrorIsTheContextsWhateverItsCause", run: canceledWithCause},
}

// ended returns contexts that are done, and with which error.
func (t *trial) ended() map[context.Context]error {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	expired, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	t.Cleanup(cancel)
	return map[context.Context]error{canceled: context.Canceled, expired: context.DeadlineExceeded}
}

func canceledAppend(t *trial) {
	s := t.open()
	t.append(s, to(two, eventstore.NoStream, "a"))
	for ctx, want := range t.ended() {
		t.requireUnchanged(s, "an append in a context that is done", func() {
			for _, appends := range [][]eventstore.Append{
				{to(one, eventstore.NoStream, "a")}, {to(two, eventstore.Any, "b")}, {closing(to(two, eventstore.Any))},
				{to(one, eventstore.Any, "a"), to(two, eventstore.Exactly(1), "b")},
			} {
				if res, err := s.Append(ctx, appends...); !errors.Is(err, want) {
					t.Errorf("append in a context that is done: %v, %v; want %v", res, err, want)
				}
			}
		})
	}
	t.append(s, to(two, eventstore.Exactly(1), "b"))
}

func canceledReads(t *trial) {
	s := t.open()
	a := to(one, eventstore.NoStream, "a")
	t.append(s, a)
	for ctx, want := range t.ended() {
		n := 0
		for rec, err := range s.Read(ctx, one, eventstore.ReadQuery{}) {
			if n++; !errors.Is(err, want) || rec.ID != (event.ID{}) {
				t.Errorf("read: %v, %v; want %v", rec.Header, err, want)
			}
		}
		if n != 1 {
			t.Errorf("read: yields %d times, want the error alone", n)
		}
		if found, err := s.Lookup(ctx, a.Events[0].ID); !errors.Is(err, want) {
			t.Errorf("look-up: %s, %v; want %v", brief(found), err, want)
		}
		if page, err := s.Page(ctx, eventstore.FeedQuery{}); !errors.Is(err, want) {
			t.Errorf("page: %s, %v; want %v", brief(page.Records), err, want)
		}
		if head, err := s.Head(ctx); !errors.Is(err, want) {
			t.Errorf("head: %v, %v; want %v", head, err, want)
		}
		if listing, err := s.List(ctx, eventstore.ListQuery{Category: "test"}); !errors.Is(err, want) {
			t.Errorf("list: %v, %v; want %v", listing, err, want)
		}
	}
	stillWorks(t, s, "calls in contexts that are done")
}

// canceledInside cancels a read from the inside: it ends with the error, before the end.
func canceledInside(t *trial) {
	s := t.open()
	t.append(s, many(one, eventstore.NoStream, longRead))
	for _, backward := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		n := 0
		var last error
		for _, err := range s.Read(ctx, one, eventstore.ReadQuery{Backward: backward}) {
			if last != nil {
				t.Fatal("a read went on after its error")
			}
			if last = err; err == nil {
				n++
			}
			cancel()
		}
		if !errors.Is(last, context.Canceled) || n >= longRead {
			t.Errorf("canceled at its first record, a read gave %d of %d and ended with %v", n, longRead, last)
		}
	}
	stillWorks(t, s, "canceled reads")
}

// errCause is why a context is done; that it is done is another error.
var errCause = errors.New("shutting down")

func canceledWithCause(t *trial) {
	s := t.open()
	a := to(one, eventstore.NoStream, "a")
	t.append(s, a)
	canceled, cancel := context.WithCancelCause(t.Context())
	cancel(errCause)
	expired, stop := context.WithDeadlineCause(t.Context(), time.Unix(0, 0), errCause)
	defer stop()
	for ctx, want := range map[context.Context]error{canceled: context.Canceled, expired: context.DeadlineExceeded} {
		for what, call := range map[string]func() error{
			"append":  func() error { _, err := s.Append(ctx, to(one, eventstore.Any, "b")); return err },
			"read":    func() error { _, err := eventstore.Collect(s.Read(ctx, one, eventstore.ReadQuery{})); return err },
			"look-up": func() error { _, err := s.Lookup(ctx, a.Events[0].ID); return err },
			"page":    func() error { _, err := s.Page(ctx, eventstore.FeedQuery{}); return err },
			"head":    func() error { _, err := s.Head(ctx); return err },
			"list":    func() error { _, err := s.List(ctx, eventstore.ListQuery{Category: "test"}); return err },
		} {
			if err := call(); !errors.Is(err, want) {
				t.Errorf("%s: %v; want %v, whatever the cause", what, err, want)
			}
		}
	}
	stillWorks(t, s, "calls in contexts that are done for a reason")
}

// canceledMeanwhile cancels appends while they run: who gets an error can rely on nothing
// being stored, who gets none on all of it.
func canceledMeanwhile(t *trial) {
	s := t.open()
	together(8, func(w int) {
		for range 25 {
			ctx, cancel := context.WithCancelCause(t.Context())
			called := make(chan struct{})
			go func() { <-called; cancel(errCause) }()
			appends := []eventstore.Append{to(numbered(10+w), eventstore.Any, "a", "b"), to(one, eventstore.Any, "c")}
			close(called)
			res, err := s.Append(ctx, appends...)
			cancel(nil)
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("append: %v", err)
			}
			found, lookErr := s.Lookup(t.Context(), appends[0].Events[0].ID, appends[0].Events[1].ID, appends[1].Events[0].ID)
			if lookErr != nil {
				t.Error(lookErr)
			}
			if err == nil && (len(found) != 3 || len(res) != 2) || err != nil && len(found) != 0 {
				t.Errorf("append says %v, %v; stored are %d of 3 events", res, err, len(found))
			}
		}
	})
	for w := range 8 {
		requireDense(t, s, numbered(10+w), len(t.read(s, numbered(10+w), eventstore.ReadQuery{})))
	}
	stillWorks(t, s, "canceled appends")
}
