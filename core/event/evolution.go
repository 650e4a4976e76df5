package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// ErrDropped is what an upcaster returns for an event that no longer means anything.
var ErrDropped = errors.New("event dropped")

// An Option tells a registry about events as they used to be, or as they may be one day.
// The order of options is free.
type Option struct {
	pass  int
	apply func(entries map[string]*entry, unknown *policy) error
}

type upcast func([]byte) ([]byte, error)

// Retire drops every event stored as name, which has no Go type any more.
func Retire(name string) Option {
	return Option{pass: 0, apply: func(entries map[string]*entry, _ *policy) error {
		if err := unused(entries, name); err != nil {
			return fmt.Errorf("retired %s: %w", quote(name), err)
		}
		entries[name] = &entry{name: name}
		return nil
	}}
}

// Alias reads events stored as old as if they were stored as name.
func Alias(old, name string) Option {
	return Option{pass: 1, apply: func(entries map[string]*entry, _ *policy) error {
		target, err := current(entries, name)
		if err == nil {
			err = unused(entries, old)
		}
		if err != nil {
			return fmt.Errorf("alias %s of %s: %w", quote(old), quote(name), err)
		}
		entries[old] = target
		return nil
	}}
}

// Upcast takes events stored as name, or as an alias of it, from schema version from to the next
// one; what comes out of the last is the form in the table. fn is pure, and drops an event by
// [ErrDropped]. Old and New are any types that JSON fills, json.RawMessage among them; if the
// last New is a struct it is the type in the table.
func Upcast[Old, New any](name string, from int, fn func(Old) (New, error)) Option {
	return Option{pass: 1 + max(from, 1), apply: func(entries map[string]*entry, _ *policy) error {
		en, err := current(entries, name)
		switch {
		case err != nil:
		case fn == nil:
			err = errors.New("no function")
		case from > len(en.upcasts)+1:
			err = fmt.Errorf("there is none from schema %d", len(en.upcasts)+1)
		case from != len(en.upcasts)+1:
			err = errors.New("there is another one, or no such schema: they count from 1")
		}
		if err != nil {
			return fmt.Errorf("upcaster of %s from schema %d: %w", quote(name), from, err)
		}
		en.newest = reflect.TypeFor[New]()
		en.upcasts = append(en.upcasts, func(data []byte) ([]byte, error) {
			var old Old
			if err := json.Unmarshal(data, &old); err != nil {
				return nil, err
			}
			next, err := fn(old)
			if err != nil {
				return nil, err
			}
			return json.Marshal(next)
		})
		return nil
	}}
}

// unused returns an error unless name is a name that nothing has.
func unused(entries map[string]*entry, name string) error {
	if err := ValidateName(name); err != nil {
		return fmt.Errorf("the name is bad: %w", err)
	}
	if en := entries[name]; en != nil {
		return fmt.Errorf("%s is in use, for %s", quote(name), quote(en.name))
	}
	return nil
}

// current returns the entry that has name in the table.
func current(entries map[string]*entry, name string) (*entry, error) {
	switch en := entries[name]; {
	case en == nil:
		return nil, fmt.Errorf("%s is not in the table", quote(name))
	case en.typ == nil:
		return nil, fmt.Errorf("%s is retired", quote(name))
	case en.name != name:
		return nil, fmt.Errorf("%s is an alias of %s, which is the name to use", quote(name), quote(en.name))
	default:
		return en, nil
	}
}

// endsAsTable returns an error if the upcasters end in a struct that is not the entry's type:
// JSON would drop what does not fit, in silence.
func (en *entry) endsAsTable() error {
	if en.newest == nil {
		return nil
	}
	got, want := deref(en.newest), deref(en.typ)
	if got.Kind() == reflect.Struct && got != want {
		return fmt.Errorf("%s: the last upcaster returns %v, and the table has %v", quote(en.name), en.newest, en.typ)
	}
	return nil
}

func deref(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// SkipUnknownTypes makes the registry drop events of types, and of schema versions, that it
// does not know. By default they are an [UnknownTypeError], so that whoever meets one waits for
// a newer program instead of losing what it would have understood.
func SkipUnknownTypes() Option {
	return Option{apply: func(_ map[string]*entry, unknown *policy) error {
		unknown.skipTypes = true
		return nil
	}}
}

// RefuseUnknownFields makes it a [CodecError] if a payload has a field that the Go type has
// not. By default such fields are ignored, so that a program can read what its successor wrote.
func RefuseUnknownFields() Option {
	return Option{apply: func(_ map[string]*entry, unknown *policy) error {
		unknown.refuseFields = true
		return nil
	}}
}
