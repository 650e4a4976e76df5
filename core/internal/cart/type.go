package cart

import (
	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
)

// Events names the cart's events on the wire. The names are for ever.
var Events = event.NewRegistry(map[string]Event{
	"cart.item_added":   ItemAdded{},
	"cart.item_removed": ItemRemoved{},
	"cart.checked_out":  CheckedOut{},
},
	event.Alias("cart.added", "cart.item_added"),
	event.Upcast("cart.item_added", 1, oneOfEach),
	event.Retire("cart.viewed"),
)

// itemAddedV1 is from the time when items were added one by one.
type itemAddedV1 struct{ SKU string }

func oneOfEach(old itemAddedV1) (ItemAdded, error) {
	return ItemAdded{SKU: old.SKU, Quantity: 1}, nil
}

// Type is the cart as an aggregate.
var Type = aggregate.Declare("cart", Events,
	aggregate.On((*Cart).itemAdded),
	aggregate.On((*Cart).itemRemoved),
	aggregate.On((*Cart).checkedOut),
)

type (
	Repository = aggregate.Repository[Cart, Event]
	Command    = aggregate.Command[Cart, Event]
)
