package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
)

// A Registry names the event types of one aggregate on the wire and knows their older forms.
// It never changes once it is made, so it is safe for concurrent use.
type Registry[E any] struct {
	byName  map[string]*entry // by name, alias and retired name
	byType  map[reflect.Type]*entry
	unknown policy
}

type entry struct {
	name      string
	typ       reflect.Type // nil if retired
	times     bool         // a value of typ can hold a time.Time
	exact     bool         // a value of typ comes back from the wire as it was, and shares no memory
	timePaths [][]int      // where the times are, if typ is exact
	flat      *flatForm    // decodes what Encode wrote; nil if typ has no such form
	upcasts   []upcast     // upcasts[i] takes schema i+1 to i+2
	newest    reflect.Type // what the last of them returns
	pool      sync.Pool    // of *T, so that decoding a value event allocates once
}

// policy is what a registry does with what it does not know.
type policy struct {
	skipTypes    bool
	refuseFields bool
}

// NewRegistry returns a registry of the types in the table, which maps each wire name to a
// sample of the Go type that carries it. It is for package variables: it panics, with all it
// found wrong, if a type or name is missing, bad or used twice, a type has no JSON form, or a
// chain of upcasters has a gap.
func NewRegistry[E any](types map[string]E, opts ...Option) *Registry[E] {
	r := &Registry[E]{byName: make(map[string]*entry), byType: make(map[reflect.Type]*entry)}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(types)) {
		en, err := newEntry(name, types[name])
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", quote(name), err))
		case r.byType[en.typ] != nil:
			errs = append(errs, fmt.Errorf("%s: %v is %q already", quote(name), en.typ, r.byType[en.typ].name))
		default:
			r.byName[name], r.byType[en.typ] = en, en
		}
	}
	if len(types) == 0 {
		errs = append(errs, errors.New("no types"))
	}
	for _, opt := range slices.SortedStableFunc(slices.Values(opts), func(a, b Option) int { return a.pass - b.pass }) {
		errs = append(errs, opt.apply(r.byName, &r.unknown))
	}
	for _, name := range slices.Sorted(maps.Keys(types)) {
		if en := r.byName[name]; en != nil && en.typ != nil {
			errs = append(errs, en.endsAsTable())
		}
	}
	if err := errors.Join(errs...); err != nil {
		panic(fmt.Errorf("event: bad registry: %w", err))
	}
	return r
}

func newEntry(name string, sample any) (*entry, error) {
	if err := ValidateName(name); err != nil {
		return nil, err
	}
	t := reflect.TypeOf(sample)
	if t == nil {
		return nil, errors.New("no sample")
	}
	if _, err := json.Marshal(reflect.Zero(t).Interface()); err != nil {
		return nil, fmt.Errorf("no JSON form: %w", err)
	}
	en := &entry{name: name, typ: t, times: holdsTime(t, nil), exact: isExact(t)}
	en.pool.New = func() any { return reflect.New(t).Interface() }
	if en.exact {
		en.timePaths, en.flat = timePaths(t, nil), newFlatForm(t)
	}
	return en, nil
}

// Names returns every wire name under which the registry's events are stored, aliases and
// upcast sources included, retired names not, sorted: what a feed has to be filtered by.
// A program that filters by them passes over types that it does not know yet.
func (r *Registry[E]) Names() []string {
	names := slices.Sorted(maps.Keys(r.byName))
	return slices.DeleteFunc(names, func(name string) bool { return r.byName[name].typ == nil })
}

// Types returns the Go type of each current name.
func (r *Registry[E]) Types() map[string]reflect.Type {
	types := make(map[string]reflect.Type, len(r.byType))
	for t, en := range r.byType {
		types[en.name] = t
	}
	return types
}
