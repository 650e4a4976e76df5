package bench

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/eventsource-go/eventsource/bench/domain"
	"github.com/eventsource-go/eventsource/bench/peers"
	"github.com/eventsource-go/eventsource/bench/server"
	"github.com/eventsource-go/eventsource/bench/side"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/memstore"
	"github.com/eventsource-go/eventsource/core/projection"
	"github.com/eventsource-go/eventsource/core/subscription"
	"github.com/eventsource-go/eventsource/stores/postgres"
)

// readers are subscriptions at work, in one group. Their checkpoints are in memory: what a
// durable one costs is the sink's affair, and would be all that is measured.
type readers struct {
	group  *subscription.Group
	cancel context.CancelFunc
	ended  chan error
	seen   atomic.Int64 // events, by whichever subscription
}

// read starts n subscriptions to all events and returns when they are at the head. Each of them
// decodes every event; handle is told of them.
func read(ctx context.Context, store eventstore.Store, n int, handle func()) (*readers, error) {
	r := &readers{ended: make(chan error, 1)}
	subs := make([]subscription.Subscription, n)
	for i := range subs {
		subs[i] = subscription.New(fmt.Sprint(i), projection.Of(peers.Type.Events, func(context.Context, event.Envelope[domain.Event]) error {
			r.seen.Add(1)
			handle()
			return nil
		}), &memstore.Checkpoints{})
	}
	var err error
	if r.group, err = subscription.NewGroup(store, subscription.Config{}, subs...); err != nil {
		return nil, err
	}
	ctx, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go func() { r.ended <- r.group.Run(ctx) }()
	for deadline := time.Now().Add(time.Minute); !r.atHead(); {
		if time.Now().After(deadline) {
			return nil, errors.Join(errors.New("subscriptions don't come to the head"), r.stop())
		}
		time.Sleep(time.Millisecond)
	}
	return r, nil
}

func (r *readers) atHead() bool {
	for _, s := range r.group.Status() {
		if !s.AtHead {
			return false
		}
	}
	return true
}

// delivered returns an error unless somebody has seen an event, or does soon.
func (r *readers) delivered() error {
	for deadline := time.Now().Add(time.Minute); r.seen.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return errors.New("nothing was delivered")
		}
	}
	return nil
}

func (r *readers) stop() error {
	r.cancel()
	return <-r.ended
}

// watched appends one event at a time while subscriptions of another store read, if there are any.
// The store that they read from is the writer's, or one of its own, as another process has.
func (p *Postgres) watched(scenario, impl string, callers, subscribers int, apart bool, cfg postgres.Config) side.Case {
	return side.Case{Scenario: scenario, Impl: impl, Params: fmt.Sprintf("db=postgres/n=1/callers=%d", callers), Callers: callers,
		Open: p.inSchema(func(ctx context.Context, sc server.Schema) (s side.Subject, err error) {
			store, err := openStore(ctx, sc, sc.Direct, callers, cfg)
			if err != nil {
				return s, err
			}
			s.Close = store.Close
			s.Do, err = warmed(ctx, around(writer{append: func(ctx context.Context, _ int, stream string, version int) error {
				_, err := store.Append(ctx, Next(stream, version, 1))
				return err
			}}, 1, callers), callers)
			if err != nil || subscribers == 0 {
				return s, err
			}
			from := store
			if apart {
				if from, err = openStore(ctx, sc, sc.Direct, 2, cfg); err != nil {
					return s, err
				}
				s.Close = func() error { return errors.Join(from.Close(), store.Close()) }
			}
			r, err := read(ctx, from, subscribers, func() {})
			if err != nil {
				return s, err
			}
			end := s.Close
			s.Close = func() error {
				return errors.Join(r.delivered(), r.stop(), end())
			}
			return s, nil
		})}
}

// live compares the rate of writers whom a subscription of another process follows with that of
// writers alone. A second store with connections of its own stands for the process. silent does
// not even tell others.
func (p *Postgres) live(callers int) []side.Case {
	return []side.Case{
		p.watched("Live", "followed", callers, 1, true, postgres.Config{}),
		p.watched("Live", "alone", callers, 0, false, postgres.Config{}),
		p.watched("Live", "silent", callers, 0, false, postgres.Config{ListenURL: "-"}),
	}
}

// subscribers compares the rate of a writer whom many subscriptions of the process follow with
// that of one whom one does.
func (p *Postgres) subscribers() []side.Case {
	return []side.Case{
		p.watched("Subscribers", "64", 1, 64, false, postgres.Config{}),
		p.watched("Subscribers", "1", 1, 1, false, postgres.Config{}),
	}
}
