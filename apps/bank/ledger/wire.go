package ledger

import (
	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
)

// Events names the account's events on the wire. The names, and the JSON in testdata, are for ever.
var Events = event.NewRegistry(map[string]account.Event{
	"account.opened":          account.Opened{},
	"account.deposited":       account.Deposited{},
	"account.withdrawn":       account.Withdrawn{},
	"account.transferred_out": account.TransferredOut{},
	"account.transferred_in":  account.TransferredIn{},
	"account.frozen":          account.Frozen{},
	"account.unfrozen":        account.Unfrozen{},
	"account.closed":          account.Closed{},
})

// Type is the account as an aggregate.
var Type = aggregate.Type[account.Account, account.Event]{
	Name:   "account",
	Events: Events,
	Apply:  (*account.Account).Apply,
}

type (
	// Repository is a repository of accounts.
	Repository = aggregate.Repository[account.Account, account.Event]
	// Envelope is an event of an account with its header.
	Envelope = event.Envelope[account.Event]
)
