package account

import (
	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
)

// Events names the account's events on the wire. The names are for ever.
var Events = event.NewRegistry(map[string]Event{
	"account.opened":    Opened{},
	"account.deposited": Deposited{},
	"account.withdrawn": Withdrawn{},
})

// Type is the account as an aggregate.
var Type = aggregate.Type[Account, Event]{Name: "account", Events: Events, Apply: (*Account).Apply}

type (
	Repository = aggregate.Repository[Account, Event]
	Command    = aggregate.Command[Account, Event]
	Result     = aggregate.Result[Account, Event]
)
