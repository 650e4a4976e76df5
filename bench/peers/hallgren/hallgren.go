// Package hallgren drives github.com/hallgren/eventsourcing.
package hallgren

import (
	"context"

	"github.com/hallgren/eventsourcing"
	"github.com/hallgren/eventsourcing/aggregate"
	"github.com/hallgren/eventsourcing/core"
	"github.com/hallgren/eventsourcing/eventstore/memory"

	"github.com/eventsource-go/eventsource/bench/domain"
	"github.com/eventsource-go/eventsource/bench/peers"
)

type (
	credited domain.Posting
	debited  domain.Posting
)

// account has to embed the library's root. Its name, and those of its events, are stored.
type account struct {
	aggregate.Root
	domain.Account
}

func (a *account) Register(register aggregate.RegisterFunc) { register(&credited{}, &debited{}) }

func (a *account) Transition(e eventsourcing.Event) {
	switch data := e.Data().(type) {
	case *credited:
		a.Credit(domain.Posting(*data))
	case *debited:
		a.Debit(domain.Posting(*data))
	}
}

func (a *account) post(n int) {
	for range n {
		p, debit := domain.At(int(a.Postings))
		if debit {
			aggregate.TrackChangeWithMetadata(a, new(debited(p)), metadata)
		} else {
			aggregate.TrackChangeWithMetadata(a, new(credited(p)), metadata)
		}
	}
}

// The library only reads it.
var metadata = domain.Why.Map()

// Library is hallgren on its memory store, which keeps JSON.
var Library = peers.Library{Name: "hallgren", Open: func() (peers.Ledger, error) {
	aggregate.Register(&account{})
	return ledger{memory.Create()}, nil
}}

type ledger struct{ store core.EventStore }

func (l ledger) Create(_ context.Context, n int) error {
	var a account
	if err := a.SetID(domain.Name(n)); err != nil {
		return err
	}
	a.post(2)
	return aggregate.Save(l.store, &a)
}

func (l ledger) load(ctx context.Context, n int) (*account, error) {
	var a account
	return &a, aggregate.Load(ctx, l.store, domain.Name(n), &a)
}

func (l ledger) Load(ctx context.Context, n int) (domain.Account, error) {
	a, err := l.load(ctx, n)
	return a.Account, err
}

func (l ledger) Add(ctx context.Context, n, events int) error {
	a, err := l.load(ctx, n)
	if err != nil {
		return err
	}
	a.post(events)
	return aggregate.Save(l.store, a)
}
