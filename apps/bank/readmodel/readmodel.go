// Package readmodel is the side of the bank that is queried: balances, statements and the audit
// trail, in tables beside the events.
//
// The three are written by one subscription, each batch of events in one transaction with the
// checkpoint, so every event counts once and a reader never sees one table ahead of another.
package readmodel

import (
	"github.com/eventsource-go/eventsource/core/subscription"
	"github.com/eventsource-go/eventsource/stores/bunstore"
)

// Name is the subscription's: progress is kept under it. A read model that has to be built anew
// gets a new name, and new tables.
const Name = "bank.readmodel"

// NewSubscription returns the subscription that writes the read models in db. Several processes may
// run it: each event is applied by one of them, and the others go on from there.
func NewSubscription(db bunstore.Database) subscription.Subscription {
	sub := bunstore.NewSubscription(Name, bunstore.JoinTx(balances(), statements(), audit()), db)
	sub.Sink = &shared{Sink: sub.Sink}
	return sub
}
