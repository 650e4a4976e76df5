package esfx_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/esfx"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/memstore"
	"github.com/eventsource-go/eventsource/core/projection"
	"github.com/eventsource-go/eventsource/core/subscription"
)

type counted struct{ By int }

type counter struct{ Sum int }

type count struct{ By int }

func (c count) Decide(counter) ([]any, error) { return []any{counted(c)}, nil }

var events = event.NewRegistry(map[string]any{"counter.counted": counted{}})

var counterType = aggregate.Declare("counter", events, aggregate.On(func(c *counter, e counted) { c.Sum += e.By }))

func TestModule(t *testing.T) {
	sum := 0
	var counters *aggregate.Repository[counter, any]
	var group *subscription.Group
	app := fxtest.New(t,
		fx.Provide(fx.Annotate(memstore.New, fx.As(new(eventstore.Store)))),
		fx.Provide(func() checkpoint.Store { return new(memstore.Checkpoints) }),
		esfx.Module,
		esfx.Aggregate(counterType),
		esfx.Subscribe(func(checkpoints checkpoint.Store) subscription.Subscription {
			return subscription.New("sum", projection.Of(events, func(_ context.Context, env event.Envelope[any]) error {
				sum += env.Event.(counted).By
				return nil
			}), checkpoints)
		}),
		fx.Populate(&counters, &group),
	)
	app.RequireStart()
	res, err := counters.Execute(t.Context(), "1", count{By: 3})
	if err != nil {
		t.Fatal(err)
	}
	if err := group.WaitFor(t.Context(), "sum", res.Position); err != nil {
		t.Fatal(err)
	}
	app.RequireStop()
	if sum != 3 {
		t.Errorf("sum is %d", sum)
	}
}

// slow takes a while to stop, and ends by itself if told to.
type slow struct{ ends <-chan error }

func (s slow) Run(ctx context.Context) error {
	select {
	case err := <-s.ends:
		return err
	case <-ctx.Done():
		time.Sleep(200 * time.Millisecond)
		return nil
	}
}

type alsoSlow struct{ slow }

func TestRunners(t *testing.T) {
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		ends     bool
		with     error
		deadline time.Duration
		late     bool
	}{
		"stopped": {deadline: 390 * time.Millisecond},
		"early":   {ends: true, deadline: time.Minute},
		"failed":  {ends: true, with: boom, deadline: time.Minute},
		"late":    {deadline: time.Millisecond, late: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ends := make(chan error, 1)
			app := fx.New(fx.NopLogger, esfx.Module,
				fx.Supply(slow{}, alsoSlow{slow{ends}}), esfx.Run[slow](), esfx.Run[alsoSlow](),
				fx.Provide(fx.Annotate(memstore.New, fx.As(new(eventstore.Store)))))
			if err := app.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			if c.ends {
				ends <- c.with
				if sig := <-app.Wait(); sig.ExitCode != 1 {
					t.Errorf("exit code %d", sig.ExitCode)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), c.deadline) // less than one after the other
			defer cancel()
			err := app.Stop(ctx)
			if (err != nil) != (c.ends || c.late) || c.with != nil && !errors.Is(err, c.with) || errors.Is(err, context.DeadlineExceeded) != c.late {
				t.Errorf("stopped with %v", err)
			}
		})
	}
}

// stopping tells when it is told to stop, and stops when it may.
type stopping struct {
	told, may chan struct{}
}

func (s stopping) Run(ctx context.Context) error {
	<-ctx.Done()
	close(s.told)
	<-s.may
	return nil
}

type (
	server   struct{ stopping }
	consumer struct{ stopping }
	follower struct{ stopping }
	database struct{}
)

func TestStagesStopInOrder(t *testing.T) {
	made := func() stopping { return stopping{make(chan struct{}), make(chan struct{})} }
	first, second, third, closed := server{made()}, consumer{made()}, follower{made()}, make(chan struct{})
	app := fx.New(fx.NopLogger, esfx.Module, fx.Supply(second, third),
		fx.Provide(func(lc fx.Lifecycle) database {
			lc.Append(fx.StopHook(func() { close(closed) }))
			return database{}
		}),
		fx.Provide(func(database) server { return first }),
		fx.Provide(func(database) eventstore.Store { return memstore.New() }),
		esfx.RunAt[follower](esfx.Subscriptions), esfx.RunAt[consumer](esfx.Consumers), esfx.Run[server]())
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- app.Stop(t.Context()) }()
	for i, s := range []stopping{first.stopping, second.stopping, third.stopping} {
		<-s.told
		for _, later := range []chan struct{}{second.told, third.told, closed}[i:] {
			select {
			case <-later:
				t.Fatalf("stage %d was skipped", i)
			default:
			}
		}
		close(s.may)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	<-closed
}

func TestNoSuchStage(t *testing.T) {
	if err := fx.New(fx.NopLogger, esfx.RunAt[slow](7)).Err(); err == nil {
		t.Error("accepted")
	}
}
