package event

import (
	"encoding/json"
	"errors"
	"fmt"
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
		if err := ValidateName(name); err != nil || entries[name] != nil {
			return fmt.Errorf("retired %s is no name, or in use", quote(name))
		}
		entries[name] = &entry{name: name}
		return nil
	}}
}

// Alias reads events stored as old as if they were stored as name.
func Alias(old, name string) Option {
	return Option{pass: 1, apply: func(entries map[string]*entry, _ *policy) error {
		target := entries[name]
		if ValidateName(old) != nil || entries[old] != nil || target == nil || target.typ == nil || target.name != name {
			return fmt.Errorf("alias %s of %s: the alias is no name or taken, or the name is not in the table", quote(old), quote(name))
		}
		entries[old] = target
		return nil
	}}
}

// Upcast takes events stored as name from schema version from to the next one; what comes
// out of the last is the form in the table. fn is pure, and drops an event by [ErrDropped].
// Old and New are any types that JSON fills, json.RawMessage among them.
func Upcast[Old, New any](name string, from int, fn func(Old) (New, error)) Option {
	return Option{pass: 1 + max(from, 1), apply: func(entries map[string]*entry, _ *policy) error {
		en := entries[name]
		if fn == nil || en == nil || en.typ == nil || en.name != name || from != len(en.upcasts)+1 {
			return fmt.Errorf("upcaster of %s from schema %d: nil, unknown name, gap or double", quote(name), from)
		}
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
