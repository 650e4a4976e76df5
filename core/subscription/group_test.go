package subscription_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/internal/account"
	"github.com/eventsource-go/eventsource/core/internal/cart"
	"github.com/eventsource-go/eventsource/core/memstore"
	"github.com/eventsource-go/eventsource/core/projection"
	"github.com/eventsource-go/eventsource/core/subscription"
)

// counted counts the pages that are read.
type counted struct {
	*memstore.Store
	pages atomic.Int64
}

func (c *counted) Page(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
	c.pages.Add(1)
	return c.Store.Page(ctx, q)
}

func open(t *testing.T, store eventstore.Streams, ctx context.Context, id string) event.Position {
	t.Helper()
	accounts := aggregate.NewRepository(store, account.Type, aggregate.Config{})
	res, err := accounts.Execute(ctx, id, account.Open{Customer: "c"})
	if err != nil {
		t.Fatal(err)
	}
	return res.Position
}

// run runs a group until the test calls stop, which returns what Run did.
func run(t *testing.T, store eventstore.Store, subs ...subscription.Subscription) (g *subscription.Group, stop func() error) {
	t.Helper()
	return runWith(t, store, subscription.Config{SinkTimeout: time.Hour}, subs...)
}

func runWith(t *testing.T, store eventstore.Store, cfg subscription.Config, subs ...subscription.Subscription) (g *subscription.Group, stop func() error) {
	t.Helper()
	g, err := subscription.NewGroup(store, cfg, subs...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	return g, func() error { cancel(); return <-ended }
}

// soon returns a context that ends what would go on for ever.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
	t.Cleanup(cancel)
	return ctx
}

func TestGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, store, checkpoints := t.Context(), &counted{Store: memstore.New()}, new(memstore.Checkpoints)
		var seen []string
		var metadata event.Metadata
		accounts := func(name string, fail int) subscription.Subscription {
			return subscription.New(name, projection.Of(account.Events, func(ctx context.Context, env event.Envelope[account.Event]) error {
				if fail--; fail >= 0 && env.Stream.ID == "2" {
					return errors.New("boom")
				}
				if name == "accounts" {
					seen, metadata = append(seen, env.Stream.ID), event.MetadataFrom(ctx)
				}
				return nil
			}), checkpoints)
		}
		carts := subscription.New("carts", projection.Of(cart.Events, func(context.Context, event.Envelope[cart.Event]) error {
			return errors.New("there are none")
		}), checkpoints)

		open(t, store, ctx, "1")
		g, stop := run(t, store, accounts("accounts", 2), accounts("others", 0), carts)
		last := open(t, store, event.WithActor(event.WithCorrelation(event.WithTenant(ctx, "acme"), "req"), "ann"), "2")
		for _, name := range []string{"others", "carts", "accounts"} {
			if err := g.WaitFor(ctx, name, last); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(seen, []string{"1", "2"}) || metadata.Correlation != "req" || metadata.Tenant != "acme" || metadata.Actor != "" || metadata.Causation == "" {
			t.Errorf("saw %v, the last with %+v", seen, metadata)
		}
		synctest.Wait()
		pages := store.pages.Load()
		time.Sleep(time.Hour)
		if idle := store.pages.Load() - pages; idle > 0 {
			t.Errorf("%d pages were read at the head", idle)
		}
		open(t, store, ctx, "3")
		synctest.Wait()
		if live := store.pages.Load() - pages; live != 1 {
			t.Errorf("one event was read %d times", live)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}

		last = open(t, store, ctx, "4")
		g, stop = run(t, store, accounts("accounts", 0))
		if err := g.WaitFor(ctx, "accounts", last); err != nil || !slices.Equal(seen, []string{"1", "2", "3", "4"}) {
			t.Errorf("after a restart: %v, %v", seen, err)
		}
		if err := g.WaitFor(ctx, "accounts", event.NewPosition(event.NewID(), 1)); !errors.Is(err, eventstore.ErrForeignPosition) {
			t.Error(err)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}

		cur, _ := checkpoints.Load(ctx, "accounts")
		cur.Event = event.NewID() // as if the store had been restored
		checkpoints = new(memstore.Checkpoints)
		if err := checkpoints.Save(ctx, "accounts", cur); err != nil {
			t.Fatal(err)
		}
		g, _ = subscription.NewGroup(store, subscription.Config{}, accounts("accounts", 0))
		if err := g.Run(soon(t)); !errors.Is(err, eventstore.ErrDiverged) {
			t.Errorf("another history: %v", err)
		}
	})
}

func TestFailing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, boom := memstore.New(), errors.New("boom")
		var began, finished atomic.Int64
		g, stop := run(t, store, subscription.New("s", projection.Of(account.Events, func(ctx context.Context, env event.Envelope[account.Event]) error {
			began.Add(1)
			if time.Sleep(time.Minute); ctx.Err() == nil {
				finished.Add(1)
			}
			return boom
		}), new(memstore.Checkpoints)))
		ctx, cancel := context.WithTimeout(t.Context(), 61*time.Second)
		defer cancel()
		err := g.WaitFor(ctx, "s", open(t, store, t.Context(), "1"))
		if !errors.Is(err, boom) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("WaitFor does not say why: %v", err)
		}
		if err := stop(); err != nil || began.Load() != 2 || finished.Load() != 2 {
			t.Errorf("stopped with %v, %d of %d handlers finished", err, finished.Load(), began.Load())
		}
	})
}

func TestBadGroups(t *testing.T) {
	sub := subscription.New("s", projection.Of(account.Events, ignore[account.Event]), nil)
	for name, subs := range map[string][]subscription.Subscription{
		"twice":    {sub, sub},
		"unnamed":  {{Sink: sub.Sink}},
		"bad name": {{Name: "a\n", Sink: sub.Sink}},
		"no sink":  {{Name: "s"}},
		"no types": {subscription.New("t", projection.Join(), nil)},
	} {
		if _, err := subscription.NewGroup(memstore.New(), subscription.Config{}, subs...); !errors.Is(err, subscription.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, cfg := range []subscription.Config{{PollInterval: -1}, {PageEvents: -1}, {SinkTimeout: -1}, {SkipInterval: -1}} {
		if _, err := subscription.NewGroup(memstore.New(), cfg, sub); !errors.Is(err, subscription.ErrInvalid) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}
