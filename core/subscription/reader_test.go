package subscription_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/internal/account"
	"github.com/eventsource-go/eventsource/core/memstore"
	"github.com/eventsource-go/eventsource/core/projection"
	"github.com/eventsource-go/eventsource/core/subscription"
)

// interrupted is a store to which something happens right after it was looked at.
type interrupted struct {
	*memstore.Store
	afterPage, afterHead func()
}

func (i *interrupted) Page(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
	page, err := i.Store.Page(ctx, q)
	if page.AtHead && i.afterPage != nil {
		i.afterPage()
	}
	return page, err
}

func (i *interrupted) Head(ctx context.Context) (event.Position, error) {
	head, err := i.Store.Head(ctx)
	if i.afterHead != nil {
		i.afterHead()
	}
	return head, err
}

// waitWithoutPolling fails unless the subscription gets to pos by wake-ups alone.
func waitWithoutPolling(t *testing.T, g *subscription.Group, name string, pos event.Position) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := g.WaitFor(ctx, name, pos); err != nil {
		t.Errorf("missed: %v", err)
	}
}

func TestAppendedAfterThePageWasRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, appended := &interrupted{Store: memstore.New()}, make(chan event.Position, 1)
		var once sync.Once
		store.afterPage = func() {
			once.Do(func() {
				appended <- open(t, store.Store, t.Context(), "1")
				synctest.Wait() // until the group has seen it
			})
		}
		g, stop := runWith(t, store, subscription.Config{PollInterval: time.Hour}, following(new(memstore.Checkpoints), nothing))
		waitWithoutPolling(t, g, "s", <-appended)
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestAppendedAfterTheHeadWasLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, appended := &interrupted{Store: memstore.New()}, make(chan event.Position, 1)
		var once sync.Once
		store.afterHead = func() {
			once.Do(func() {
				synctest.Wait() // until the members are at the head
				appended <- open(t, store.Store, t.Context(), "1")
			})
		}
		g, stop := runWith(t, store, subscription.Config{PollInterval: time.Hour}, following(new(memstore.Checkpoints), nothing))
		waitWithoutPolling(t, g, "s", <-appended)
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// late is a sink that does not begin before it is told to.
type late struct {
	subscription.Sink
	begin chan struct{}
}

func (l late) Resume(ctx context.Context) (event.Cursor, error) {
	<-l.begin
	return l.Sink.Resume(ctx)
}

// The page that was the last one when it was read isn't when it is used again.
func TestPageOfAnOldHead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, begin := &counted{Store: memstore.New()}, make(chan struct{})
		first := following(new(memstore.Checkpoints), nothing)
		second := subscription.Subscription{Name: "late", Sink: late{following(new(memstore.Checkpoints), nothing).Sink, begin}}
		open(t, store, t.Context(), "1")
		g, stop := runWith(t, store, subscription.Config{PollInterval: time.Hour}, first, second)
		synctest.Wait() // first is at the head
		last := open(t, store, t.Context(), "2")
		waitWithoutPolling(t, g, "s", last)
		synctest.Wait()
		pages := store.pages.Load()
		close(begin)
		waitWithoutPolling(t, g, "late", last)
		if again := store.pages.Load() - pages; again > 0 {
			t.Errorf("%d pages were read once more", again)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestOnePageAtTheHeadForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &counted{Store: memstore.New()}
		var subs []subscription.Subscription
		for _, name := range []string{"a", "b", "c"} {
			subs = append(subs, subscription.New(name, projection.Of(account.Events, ignore[account.Event]), new(memstore.Checkpoints)))
		}
		g, stop := runWith(t, store, subscription.Config{PollInterval: time.Hour}, subs...)
		synctest.Wait()
		if n := store.pages.Load(); n != 1 {
			t.Errorf("%d pages were read to find nothing", n)
		}
		last := open(t, store, t.Context(), "1")
		if err := errors.Join(g.WaitFor(t.Context(), "a", last), g.WaitFor(t.Context(), "b", last), g.WaitFor(t.Context(), "c", last)); err != nil {
			t.Error(err)
		}
		if n := store.pages.Load(); n != 2 {
			t.Errorf("%d pages were read for one event", n-1)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// A subscription that was behind gets to the head first, and reads what the others wait for: they
// are told all the same.
func TestOthersAreToldToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, begin := silent{memstore.New()}, make(chan struct{})
		openMany(t, store, "x", 3)
		page, err := store.Page(t.Context(), eventstore.FeedQuery{Limit: 1}) // the late one left off after the first
		if err != nil {
			t.Fatal(err)
		}
		checkpoints := new(memstore.Checkpoints)
		if err := checkpoints.Save(t.Context(), "s", page.Next); err != nil {
			t.Fatal(err)
		}
		first := following(new(memstore.Checkpoints), nothing)
		second := subscription.Subscription{Name: "late", Sink: late{following(checkpoints, nothing).Sink, begin}}
		g, stop := runWith(t, store, subscription.Config{PollInterval: time.Second}, first, second)
		synctest.Wait() // first is at the head
		last := open(t, store, t.Context(), "1")
		close(begin)
		waitWithoutPolling(t, g, "late", last)
		waitWithoutPolling(t, g, "s", last)
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}
