// Package eventhorizon drives github.com/looplab/eventhorizon.
package eventhorizon

import (
	"context"
	"sync"

	eh "github.com/looplab/eventhorizon"
	"github.com/looplab/eventhorizon/aggregatestore/events"
	"github.com/looplab/eventhorizon/eventstore/memory"
	"github.com/looplab/eventhorizon/uuid"

	"github.com/eventsource-go/eventsource/bench/domain"
	"github.com/eventsource-go/eventsource/bench/peers"
)

const (
	aggregateType eh.AggregateType = "account"
	credited      eh.EventType     = "account.credited"
	debited       eh.EventType     = "account.debited"
)

// register introduces the types to the library's global registries, which refuse a second time.
var register = sync.OnceFunc(func() {
	eh.RegisterEventData(credited, func() eh.EventData { return new(domain.Posting) })
	eh.RegisterEventData(debited, func() eh.EventData { return new(domain.Posting) })
	eh.RegisterAggregate(func(id uuid.UUID) eh.Aggregate { return newAccount(id) })
})

type account struct {
	*events.AggregateBase
	domain.Account
}

func newAccount(id uuid.UUID) *account {
	return &account{AggregateBase: events.NewAggregateBase(aggregateType, id)}
}

// HandleCommand is required of every aggregate; the ledger calls post instead.
func (a *account) HandleCommand(context.Context, eh.Command) error { return nil }

func (a *account) ApplyEvent(_ context.Context, e eh.Event) error {
	p := *e.Data().(*domain.Posting)
	switch e.EventType() {
	case credited:
		a.Credit(p)
	case debited:
		a.Debit(p)
	}
	return nil
}

// The library applies events only when they are saved, so the next is counted from the version.
func (a *account) post(n int) {
	for i := range n {
		p, debit := domain.At(a.AggregateVersion() + i)
		typ := credited
		if debit {
			typ = debited
		}
		a.AppendEvent(typ, &p, p.At, eh.WithMetadata(metadata))
	}
}

// The library copies it before it adds to it.
var metadata = domain.Why.Map()

// Library is eventhorizon on its memory store, which keeps deep copies of events, without JSON.
var Library = peers.Library{Name: "eventhorizon", Open: func() (peers.Ledger, error) {
	register()
	store, err := memory.NewEventStore()
	if err != nil {
		return nil, err
	}
	accounts, err := events.NewAggregateStore(store)
	return ledger{accounts}, err
}}

type ledger struct{ accounts *events.AggregateStore }

func (l ledger) Create(ctx context.Context, n int) error {
	a := newAccount(domain.ID(n))
	a.post(2)
	return l.accounts.Save(ctx, a)
}

func (l ledger) load(ctx context.Context, n int) (*account, error) {
	a, err := l.accounts.Load(ctx, aggregateType, domain.ID(n))
	if err != nil {
		return nil, err
	}
	return a.(*account), nil
}

func (l ledger) Load(ctx context.Context, n int) (domain.Account, error) {
	a, err := l.load(ctx, n)
	if err != nil {
		return domain.Account{}, err
	}
	return a.Account, nil
}

func (l ledger) Add(ctx context.Context, n, count int) error {
	a, err := l.load(ctx, n)
	if err != nil {
		return err
	}
	a.post(count)
	return l.accounts.Save(ctx, a)
}
