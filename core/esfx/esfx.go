// Package esfx wires the platform with Fx: repositories, subscriptions, and whatever else runs.
// Everything it wires has a constructor that works without it.
package esfx

import (
	"go.uber.org/fx"

	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/subscription"
)

// Module runs what [Run] and [RunAt] name, and a *subscription.Group of what [Subscribe] adds.
// It needs an eventstore.Store, and takes a subscription.Config if there is one.
//
// A runner that returns before the application stops, with an error or without, stops it with
// exit code 1. When the application stops, runners are told and waited for stage by stage, and
// then what they were built from is closed, all inside fx's stop deadline.
var Module = fx.Module("es", fx.Provide(newGroup), RunAt[*subscription.Group](Subscriptions), fx.Invoke(start))

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

type groupParams struct {
	fx.In

	Store         eventstore.Store
	Config        subscription.Config         `optional:"true"`
	Subscriptions []subscription.Subscription `group:"es.subscriptions"`
}

func newGroup(p groupParams) (*subscription.Group, error) {
	return subscription.NewGroup(p.Store, p.Config, p.Subscriptions...)
}
