package peers

import (
	"context"

	"github.com/eventsource-go/eventsource/bench/domain"
	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/memstore"
)

// Type is the account as an aggregate of the platform.
var Type = aggregate.Type[domain.Account, domain.Event]{
	Name: "account",
	Events: event.NewRegistry(map[string]domain.Event{
		"account.credited": domain.Credited{},
		"account.debited":  domain.Debited{},
	}),
	Apply: (*domain.Account).Apply,
}

// Declared is the same aggregate, declared by handlers.
var Declared = aggregate.Declare[domain.Account]("account", Type.Events,
	aggregate.On(func(a *domain.Account, e domain.Credited) { a.Balance += e.Amount; a.Postings++; a.Last = e.At }),
	aggregate.On(func(a *domain.Account, e domain.Debited) { a.Balance -= e.Amount; a.Postings++; a.Last = e.At }),
)

// Ours is the platform, on its memory store.
var Ours = Library{Name: "ours", Open: func() (Ledger, error) {
	return ours{aggregate.NewRepository(memstore.New(), Type, aggregate.Config{})}, nil
}}

type ours struct {
	accounts *aggregate.Repository[domain.Account, domain.Event]
}

// Post is the command that posts N more events.
type Post struct{ N int }

// Decide implements [aggregate.Command].
func (p Post) Decide(a domain.Account) ([]domain.Event, error) {
	events := make([]domain.Event, p.N)
	for i := range events {
		events[i] = domain.EventAt(int(a.Postings) + i)
	}
	return events, nil
}

// Why returns ctx with the metadata of all events, which is how the platform is given it.
func Why(ctx context.Context) context.Context {
	return event.WithMetadata(ctx, Metadata)
}

// Metadata is [domain.Why] in the platform's form.
var Metadata = event.Metadata{
	Correlation: domain.Why.Correlation, Causation: domain.Why.Causation, Actor: domain.Why.Actor,
}

func (l ours) Create(ctx context.Context, account int) error { return l.Add(ctx, account, 2) }

func (l ours) Load(ctx context.Context, account int) (domain.Account, error) {
	a, _, err := l.accounts.Load(ctx, domain.Name(account))
	return a, err
}

func (l ours) Add(ctx context.Context, account, n int) error {
	_, err := l.accounts.Execute(ctx, domain.Name(account), Post{N: n})
	return err
}
