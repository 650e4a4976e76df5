package subscription_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/memstore"
	"github.com/eventsource-go/eventsource/core/subscription"
)

func nothing(context.Context, string) error { return nil }

// troubled is a store whose feed fails as it is told to, and which then tells at once, and
// always, that something was appended, as a closed one may.
type troubled struct {
	*memstore.Store
	head, page atomic.Pointer[error]
	heads      atomic.Int64
}

func (c *troubled) Head(ctx context.Context) (event.Position, error) {
	if c.heads.Add(1) > 1000 { // or a group that spins would do so for ever
		return c.Store.Head(ctx)
	}
	if err := c.head.Load(); err != nil {
		return event.Position{}, *err
	}
	return c.Store.Head(ctx)
}

func (c *troubled) Page(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
	if err := c.page.Load(); err != nil {
		return eventstore.Page{}, *err
	}
	return c.Store.Page(ctx, q)
}

func (c *troubled) Appended() <-chan struct{} {
	if c.head.Load() == nil || c.heads.Load() > 1000 {
		return c.Store.Appended()
	}
	closed := make(chan struct{})
	close(closed)
	return closed
}

func TestClosedStoreEndsTheGroup(t *testing.T) {
	closed := fmt.Errorf("looked: %w", eventstore.ErrStoreClosed)
	for name, fail := range map[string]func(c *troubled){
		"head": func(c *troubled) { c.head.Store(&closed) },
		"page": func(c *troubled) { c.page.Store(&closed) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, log := &troubled{Store: memstore.New()}, new(lines)
				g, err := subscription.NewGroup(store, subscription.Config{Log: slog.New(log)}, following(new(memstore.Checkpoints), nothing))
				if err != nil {
					t.Fatal(err)
				}
				ended, waited := make(chan error, 1), make(chan error, 1)
				go func() { ended <- g.Run(soon(t)) }()
				pos := open(t, store, t.Context(), "1")
				if err := g.WaitFor(soon(t), "s", pos); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				fail(store)
				next := open(t, store, t.Context(), "2")
				go func() { waited <- g.WaitFor(soon(t), "s", next) }()
				if err := <-ended; !errors.Is(err, eventstore.ErrStoreClosed) {
					t.Errorf("ended with %v", err)
				}
				if err := <-waited; !errors.Is(err, eventstore.ErrStoreClosed) || !errors.Is(err, subscription.ErrEnded) {
					t.Errorf("waited for %v", err)
				}
				if said := log.all(); len(said) > 0 {
					t.Errorf("logged %v", said)
				}
			})
		})
	}
}

// closing is a store that is closed while its head is looked at.
type closing struct {
	*memstore.Store
	looked, closed chan struct{}
}

func (c *closing) Head(context.Context) (event.Position, error) {
	close(c.looked)
	<-c.closed
	return event.Position{}, eventstore.ErrStoreClosed
}

func TestStoreClosedAfterTheGroupWasToldToEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &closing{memstore.New(), make(chan struct{}), make(chan struct{})}
		g, stop := run(t, store, following(new(memstore.Checkpoints), nothing))
		<-store.looked
		ended := make(chan error, 1)
		go func() { ended <- stop() }()
		synctest.Wait()
		close(store.closed)
		if err := <-ended; err != nil {
			t.Errorf("ended with %v", err)
		}
		if err := g.WaitFor(soon(t), "s", open(t, store, t.Context(), "1")); !errors.Is(err, subscription.ErrEnded) || errors.Is(err, eventstore.ErrStoreClosed) {
			t.Errorf("waited for %v", err)
		}
	})
}

func TestHeadThatFailsIsPolled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, log, down := &troubled{Store: memstore.New()}, new(lines), errors.New("down")
		store.head.Store(&down)
		g, stop := runWith(t, store, subscription.Config{PollInterval: time.Second, Log: slog.New(log)}, following(new(memstore.Checkpoints), nothing))
		time.Sleep(99*time.Second + time.Millisecond)
		synctest.Wait()
		if n := store.heads.Load(); n != 100 {
			t.Errorf("looked %d times in 100 polls", n)
		}
		if said, want := log.all(), []string{"WARN 1", "WARN 2", "WARN 4", "ERROR 8", "ERROR 16", "ERROR 32", "ERROR 64"}; !slices.Equal(said, want) {
			t.Errorf("logged %v, want %v", said, want)
		}
		pos := open(t, store, t.Context(), "1")
		store.head.Store(nil)
		if err := g.WaitFor(soon(t), "s", pos); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		store.head.Store(&down)
		time.Sleep(time.Second)
		synctest.Wait()
		if said := log.all(); len(said) != 8 || said[7] != "WARN 1" {
			t.Errorf("logged %v of the next trouble", said)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// lines keeps the level and the try of what is logged.
type lines struct {
	slog.Handler
	mu   sync.Mutex
	said []string
}

func (*lines) Enabled(context.Context, slog.Level) bool { return true }

func (l *lines) Handle(_ context.Context, r slog.Record) error {
	line := r.Level.String()
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "try" || a.Key == "stack" {
			line += " " + a.Value.String()
		}
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, line)
	return nil
}

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.said)
}

func TestTriesAreWarnings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, log, fails := memstore.New(), new(lines), 7
		g, stop := runWith(t, store, subscription.Config{Log: slog.New(log)}, following(new(memstore.Checkpoints), func(context.Context, string) error {
			if fails--; fails >= 0 {
				return errors.New("boom")
			}
			return nil
		}))
		if err := g.WaitFor(soon(t), "s", open(t, store, t.Context(), "1")); err != nil {
			t.Fatal(err)
		}
		fails = 1 // it is the first again
		if err := errors.Join(g.WaitFor(soon(t), "s", open(t, store, t.Context(), "2")), stop()); err != nil {
			t.Fatal(err)
		}
		want := []string{"WARN 1", "WARN 2", "WARN 3", "WARN 4", "ERROR 5", "ERROR 6", "ERROR 7", "WARN 1"}
		if said := log.all(); !slices.Equal(said, want) {
			t.Errorf("logged %v, want %v", said, want)
		}
	})
}

func TestCheckpointOfAnotherStoreEndsTheGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		checkpoints := new(memstore.Checkpoints)
		theirs := event.Cursor{Position: event.NewPosition(event.NewID(), 1), Event: event.NewID()}
		if err := checkpoints.Save(t.Context(), "s", theirs); err != nil {
			t.Fatal(err)
		}
		g, err := subscription.NewGroup(memstore.New(), subscription.Config{}, following(checkpoints, nothing))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := g.Run(ctx); !errors.Is(err, eventstore.ErrForeignPosition) {
			t.Errorf("ended with %v", err)
		}
	})
}

// Handlers may use a store of their own, and fail with what only the feed's own would end.
func TestErrorsOfHandlersEndNothing(t *testing.T) {
	for _, final := range []error{eventstore.ErrForeignPosition, eventstore.ErrDiverged, eventstore.ErrStoreClosed} {
		synctest.Test(t, func(t *testing.T) {
			store, fails := memstore.New(), 3
			g, stop := run(t, store, following(new(memstore.Checkpoints), func(context.Context, string) error {
				if fails--; fails >= 0 {
					return final
				}
				return nil
			}))
			if err := errors.Join(g.WaitFor(soon(t), "s", open(t, store, t.Context(), "1")), stop()); err != nil {
				t.Errorf("%v ends the group: %v", final, err)
			}
		})
	}
}

type uncomparable []error

func (uncomparable) Error() string { return "no reason" }

func TestAnyCauseWillDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, err := subscription.NewGroup(memstore.New(), subscription.Config{}, following(new(memstore.Checkpoints), nothing))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(uncomparable{})
		if err := g.Run(ctx); err != nil {
			t.Errorf("ended with %v", err)
		}
	})
}
