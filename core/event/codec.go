package event

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/eventsource-go/eventsource/core/internal/jsontext"
)

// Encode returns e as a draft under h, of which it uses ID, Occurred and Metadata. Times in e
// are stored in UTC, rounded down to microseconds, those aside that a MarshalJSON in e writes.
// Context and header are there for codecs that need them, such as encryption per subject.
//
// Errors: [UnknownTypeError]; [CodecError] for what JSON or a store can't hold, which is NaN,
// infinities, strings with NUL or wrong UTF-8, a nil pointer in place of an event, what holds
// itself or is more than 1000 pointers, maps and slices deep, and two times as keys of a map
// that are one as they are stored.
func (r *Registry[E]) Encode(ctx context.Context, h Header, e E) (Draft, error) {
	draft, _, err := r.encode(h, e, false)
	return draft, err
}

// RoundTrip is [Registry.Encode], and returns the event also as it will be read back: with what
// the wire does to it, and sharing no memory with e.
func (r *Registry[E]) RoundTrip(ctx context.Context, h Header, e E) (Draft, E, error) {
	draft, settled, err := r.encode(h, e, true)
	if err != nil || r.byType[reflect.TypeOf(e)].exact {
		return draft, settled, err
	}
	h.Type, h.Schema = draft.Type, draft.Schema
	back, _, err := r.DecodeData(ctx, h, draft.Data)
	return draft, back, err
}

// encode returns the draft of e and, if it is wanted and the type is exact, e with its times as they are stored.
func (r *Registry[E]) encode(h Header, e E, wanted bool) (draft Draft, settled E, err error) {
	en, ok := r.byType[reflect.TypeOf(e)]
	if !ok {
		return Draft{}, e, r.unknownType(fmt.Sprintf("%T", e), 0)
	}
	v := reflect.ValueOf(e)
	if isNil(v) {
		return Draft{}, e, &CodecError{Op: "encode", Type: en.name, Err: errNilEvent}
	}
	var payload any = e
	settled = e
	switch {
	case en.timePaths != nil:
		p := en.pool.Get()
		v = reflect.ValueOf(p).Elem()
		defer func() { v.SetZero(); en.pool.Put(p) }()
		v.Set(reflect.ValueOf(e))
		if payload = p; en.settle(v) && wanted {
			settled = v.Interface().(E)
		}
	case en.times:
		copied, err := instants(v)
		if err != nil {
			path, cause := unstorable(v, "", 0)
			return Draft{}, e, &CodecError{Op: "encode", Type: en.name, Path: path, Err: cmp.Or(cause, err)}
		}
		payload = copied.Interface()
	}
	draft = Draft{ID: h.ID, Type: en.name, Schema: len(en.upcasts) + 1, Occurred: Instant(h.Occurred), Metadata: h.Metadata}
	if en.flat != nil {
		if draft.Data = en.flat.encode(v); draft.Data != nil {
			return draft, settled, nil
		}
	}
	draft.Data, err = json.Marshal(payload)
	if err == nil && !jsontext.HasEscape(draft.Data, escapedNUL, escapedReplacement) {
		return draft, settled, nil
	}
	path, cause := unstorable(reflect.ValueOf(payload), "", 0)
	if err = errors.Join(err, cause); err == nil { // a custom marshaler wrote the escape
		err = errUnstorable
	}
	return Draft{}, e, &CodecError{Op: "encode", Type: en.name, Path: path, Err: err}
}

// Decode returns the event that rec holds in its current form; ok is false if it was dropped.
// A type, or schema version, from the future is an [UnknownTypeError], unless the registry
// skips them. A payload that can't be read is a [CodecError].
func (r *Registry[E]) Decode(ctx context.Context, rec Record) (env Envelope[E], ok bool, err error) {
	env.Header = rec.Header
	env.Event, ok, err = r.DecodeData(ctx, rec.Header, rec.Data)
	return env, ok, err
}

// DecodeData is [Registry.Decode] for who needs the event alone; of h it uses Type and Schema.
func (r *Registry[E]) DecodeData(ctx context.Context, h Header, data []byte) (e E, ok bool, err error) {
	en := r.byName[h.Type]
	if en != nil && en.typ == nil {
		return e, false, nil
	}
	if en == nil || h.Schema < 1 || h.Schema > len(en.upcasts)+1 {
		if r.unknown.skipTypes {
			return e, false, nil
		}
		return e, false, r.unknownType(h.Type, h.Schema)
	}
	for _, up := range en.upcasts[h.Schema-1:] {
		data, err = up(data)
		if errors.Is(err, ErrDropped) {
			return e, false, nil
		}
		if err != nil {
			return e, false, codecError("upcast", h.Type, err)
		}
	}
	p := en.pool.Get()
	v := reflect.ValueOf(p).Elem()
	defer func() { v.SetZero(); en.pool.Put(p) }()
	if en.flat == nil || !en.flat.decode(data, v) {
		v.SetZero()
		if err := r.unmarshal(data, p); err != nil {
			return e, false, codecError("decode", h.Type, err)
		}
	}
	if isNil(v) {
		return e, false, codecError("decode", h.Type, errNilEvent)
	}
	return v.Interface().(E), true, nil
}

// isNil reports whether v is a pointer to nothing: null as JSON, and no event.
func isNil(v reflect.Value) bool {
	for range maxDepth { // a pointer may point to itself
		if v.Kind() != reflect.Pointer || v.IsNil() {
			break
		}
		v = v.Elem()
	}
	return v.Kind() == reflect.Pointer && v.IsNil()
}

func (r *Registry[E]) unmarshal(data []byte, p any) error {
	if !r.unknown.refuseFields {
		return json.Unmarshal(data, p)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(p); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("more than one value")
	}
	return nil
}

func (r *Registry[E]) unknownType(name string, schema int) error {
	return &UnknownTypeError{Type: name, Schema: schema, Known: slices.Sorted(maps.Keys(r.byName))}
}

// ErrUnknownType is matched by every [UnknownTypeError].
var ErrUnknownType = errors.New("unknown event type")

// UnknownTypeError reports an event that the registry does not cover, or not yet.
type UnknownTypeError struct {
	Type   string   // the wire name, or the Go type of an event that has none
	Schema int      // 0 if the event was not stored
	Known  []string // the names that the registry covers, sorted
}

func (e *UnknownTypeError) Error() string {
	known := e.Known
	const most = 8
	if len(known) > most {
		known = append(known[:most:most], fmt.Sprintf("%d more", len(known)-most))
	}
	name := quote(e.Type)
	if e.Schema != 0 {
		name = fmt.Sprintf("%s schema %d", name, e.Schema)
	}
	return fmt.Sprintf("%v: %s; known: %s", ErrUnknownType, name, strings.Join(known, ", "))
}

// Is matches [ErrUnknownType].
func (e *UnknownTypeError) Is(target error) bool { return target == ErrUnknownType }

// CodecError reports a payload that could not be written or read.
// Its text leaves Err out, because decoders quote what they choke on.
type CodecError struct {
	Op   string // "encode", "upcast" or "decode"
	Type string // the name on the wire
	Path string // the field, "Lines[3].Price"; empty if unknown
	Err  error
}

func (e *CodecError) Error() string {
	if e.Path == "" {
		return e.Op + " " + e.Type
	}
	return e.Op + " " + e.Type + ": field " + e.Path
}

// Unwrap returns Err.
func (e *CodecError) Unwrap() error { return e.Err }

func codecError(op, name string, err error) *CodecError {
	ce := &CodecError{Op: op, Type: name, Err: err}
	if bad, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		ce.Path = bad.Field
	}
	return ce
}
