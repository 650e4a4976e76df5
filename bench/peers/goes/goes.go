// Package goes drives github.com/modernice/goes.
package goes

import (
	"context"

	"github.com/google/uuid"
	"github.com/modernice/goes/aggregate"
	"github.com/modernice/goes/aggregate/repository"
	"github.com/modernice/goes/event"
	"github.com/modernice/goes/event/eventstore"

	"github.com/eventsource-go/eventsource/bench/domain"
	"github.com/eventsource-go/eventsource/bench/peers"
)

const (
	name     = "account"
	credited = "account.credited"
	debited  = "account.debited"
)

type account struct {
	*aggregate.Base
	domain.Account
}

func newAccount(id uuid.UUID) *account {
	a := &account{Base: aggregate.New(name, id)}
	event.ApplyWith(a, func(e event.Of[domain.Posting]) { a.Credit(e.Data()) }, credited)
	event.ApplyWith(a, func(e event.Of[domain.Posting]) { a.Debit(e.Data()) }, debited)
	return a
}

func (a *account) post(n int) {
	for range n {
		p, debit := domain.At(int(a.Postings))
		if debit {
			aggregate.Next(a, debited, p)
		} else {
			aggregate.Next(a, credited, p)
		}
	}
}

// Library is goes on its memory store, which keeps the events as they are, without JSON, and
// has no metadata. Each query of that store looks at all events of all aggregates, so accounts
// get a store each: what a store with one stream does is the best that can be said of it.
var Library = peers.Library{Name: "goes", Open: func() (peers.Ledger, error) {
	return ledger{}, nil
}}

type ledger map[int]*repository.TypedRepository[*account]

func (l ledger) Create(ctx context.Context, n int) error {
	l[n] = repository.Typed(repository.New(eventstore.New()), newAccount)
	a := newAccount(domain.ID(n))
	a.post(2)
	return l[n].Save(ctx, a)
}

func (l ledger) Load(ctx context.Context, n int) (domain.Account, error) {
	a, err := l[n].Fetch(ctx, domain.ID(n))
	return a.Account, err
}

func (l ledger) Add(ctx context.Context, n, events int) error {
	a, err := l[n].Fetch(ctx, domain.ID(n))
	if err != nil {
		return err
	}
	a.post(events)
	return l[n].Save(ctx, a)
}
