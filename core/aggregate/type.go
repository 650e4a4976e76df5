// Package aggregate loads aggregates from their events and executes commands on them.
package aggregate

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/eventsource-go/eventsource/core/event"
)

// Type describes one kind of aggregate: its state S and its events E.
// The zero S is the state of an aggregate that does not exist yet.
type Type[S, E any] struct {
	// Name is the category of the aggregate's streams. It is stored; do not change it.
	Name string

	// Events names the aggregate's event types on the wire.
	Events *event.Registry[E]

	// Apply records in the state what happened. It must not refuse, read a clock
	// or do I/O: it also runs on events that were decided years ago.
	Apply func(*S, E)
}

func (t Type[S, E]) validate() error {
	err := event.StreamID{Category: t.Name, ID: "1"}.Validate()
	if t.Events == nil {
		err = errors.Join(err, errors.New("no registry"))
	}
	if t.Apply == nil {
		err = errors.Join(err, errors.New("no Apply"))
	}
	return err
}

// A Handler is the part of an Apply that records one type of event. Make one with [On].
type Handler[S any] struct {
	typ   reflect.Type
	apply func(*S, any)
}

// On returns the handler of events of type T. A method expression, On((*Cart).itemAdded),
// reads best; On(func(*Cart, Abandoned) {}) says that an event changes nothing.
func On[S, T any](fn func(*S, T)) Handler[S] {
	if fn == nil {
		return Handler[S]{}
	}
	return Handler[S]{typ: reflect.TypeFor[T](), apply: func(s *S, e any) { fn(s, e.(T)) }}
}

// few is up to how many handlers it is faster to look at one after the other than into a map.
const few = 16

// Declare returns a Type whose Apply is made of handlers, one for each Go type in events.
// It is for package variables: it panics, with all it found wrong, if a type has no handler
// or two, or a handler is nil or takes a type that is not in events.
//
// The compiler sees to it that all handlers are of one state. It can't see that a handler's
// type is one of E, because no constraint can say "implements the type parameter E".
func Declare[S, E any](name string, events *event.Registry[E], handlers ...Handler[S]) Type[S, E] {
	handlers = slices.Clone(handlers)
	var errs []error
	if err := (event.StreamID{Category: name, ID: "1"}).Validate(); err != nil {
		errs = append(errs, err)
	}
	missing := make(map[reflect.Type]string)
	for name, t := range events.Types() {
		missing[t] = name
	}
	byType := make(map[reflect.Type]func(*S, any), len(handlers))
	for _, h := range handlers {
		switch {
		case byType[h.typ] != nil:
			errs = append(errs, fmt.Errorf("two handlers of %v", h.typ))
		case missing[h.typ] == "":
			errs = append(errs, fmt.Errorf("handler of %v, which is not registered", h.typ))
		}
		byType[h.typ] = h.apply
		delete(missing, h.typ)
	}
	for t, name := range missing {
		errs = append(errs, fmt.Errorf("no handler of %v, %q", t, name))
	}
	if err := errors.Join(errs...); err != nil {
		panic(fmt.Errorf("aggregate: bad declaration of %s: %w", name, err))
	}
	return Type[S, E]{Name: name, Events: events, Apply: func(s *S, e E) {
		t := reflect.TypeOf(e)
		if len(handlers) <= few {
			for i := range handlers {
				if handlers[i].typ == t {
					handlers[i].apply(s, e)
					return
				}
			}
		}
		byType[t](s, e)
	}}
}
