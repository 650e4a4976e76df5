// Package esfx wires the platform with Fx.
package esfx

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/fx"

	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/subscription"
)

// Module runs what [Run] names, and a *subscription.Group of what [Subscribe] adds.
//
// A runner that returns before the application stops, with an error or without, stops it with
// exit code 1. When it stops, all runners are told at once and then waited for, inside fx's
// stop deadline.
var Module = fx.Module("es", fx.Provide(newGroup), Run[*subscription.Group](), fx.Invoke(start))

// Aggregate provides the repository of typ, configured by an aggregate.Config if there is one.
func Aggregate[S, E any](typ aggregate.Type[S, E]) fx.Option {
	return fx.Provide(fx.Annotate(func(store eventstore.Store, cfg aggregate.Config) *aggregate.Repository[S, E] {
		return aggregate.NewRepository(store, typ, cfg)
	}, fx.ParamTags("", `optional:"true"`)))
}

// Subscribe adds the subscription.Subscription that constructor returns to the group.
func Subscribe(constructor any) fx.Option {
	return fx.Provide(fx.Annotate(constructor, fx.ResultTags(`group:"es.subscriptions"`)))
}

// A Runner runs until its context is done.
type Runner interface {
	Run(ctx context.Context) error
}

// Run runs the R that somebody provides.
func Run[R Runner]() fx.Option {
	return fx.Provide(fx.Annotate(func(r R) Runner { return r }, fx.ResultTags(`group:"es.runners"`)))
}

type groupParams struct {
	fx.In

	Store         eventstore.Store
	Config        subscription.Config         `optional:"true"`
	Subscriptions []subscription.Subscription `group:"es.subscriptions"`
}

func newGroup(p groupParams) (*subscription.Group, error) {
	return subscription.NewGroup(p.Store, p.Config, p.Subscriptions...)
}

type runParams struct {
	fx.In

	Lifecycle  fx.Lifecycle
	Shutdowner fx.Shutdowner
	Runners    []Runner `group:"es.runners"`
}

func start(p runParams) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, len(p.Runners))
	p.Lifecycle.Append(fx.Hook{
		OnStart: func(context.Context) error {
			for _, r := range p.Runners {
				go func() {
					err := r.Run(ctx)
					if ctx.Err() == nil {
						err = errors.Join(fmt.Errorf("%T returned early", r), err)
						_ = p.Shutdowner.Shutdown(fx.ExitCode(1))
					}
					ended <- err
				}()
			}
			return nil
		},
		OnStop: func(deadline context.Context) error {
			cancel()
			var errs []error
			for range p.Runners {
				select {
				case err := <-ended:
					errs = append(errs, err)
				case <-deadline.Done():
					return errors.Join(append(errs, context.Cause(deadline))...)
				}
			}
			return errors.Join(errs...)
		},
	})
}
