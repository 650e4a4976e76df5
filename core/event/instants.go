package event

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"time"
)

var timeType, marshalerType = reflect.TypeFor[time.Time](), reflect.TypeFor[json.Marshaler]()

// isStored reports whether encoding/json may look at field f. It also looks at what is exported
// in an embedded struct that is not.
func isStored(f reflect.StructField) bool {
	if f.Tag.Get("json") == "-" {
		return false
	}
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return f.IsExported() || f.Anonymous && t.Kind() == reflect.Struct
}

// holdsTime reports whether instants has something to do in values of type t.
func holdsTime(t reflect.Type, seen map[reflect.Type]bool) bool {
	switch {
	case t == timeType:
		return true
	case seen[t] || t.Implements(marshalerType) && t != reflect.PointerTo(timeType):
		return false
	}
	switch t.Kind() {
	case reflect.Interface:
		return true // who knows
	case reflect.Map:
		return t.Key() == timeType || holdsTime(t.Elem(), mark(seen, t))
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return holdsTime(t.Elem(), mark(seen, t))
	case reflect.Struct:
		for f := range t.Fields() {
			if isStored(f) && holdsTime(f.Type, mark(seen, t)) {
				return true
			}
		}
	}
	return false
}

// timePaths returns where the times are in a value of t, which is exact.
func timePaths(t reflect.Type, path []int) (paths [][]int) {
	switch {
	case t == timeType:
		return [][]int{slices.Clone(path)}
	case t.Kind() != reflect.Struct:
		return nil
	}
	for i := range t.NumField() {
		paths = append(paths, timePaths(t.Field(i).Type, append(path, i))...)
	}
	return paths
}

// settle makes the times in v, an addressable value of an exact type, as [Instant] makes them,
// and reports whether any was not.
func (en *entry) settle(v reflect.Value) (changed bool) {
	for _, path := range en.timePaths {
		t := v.FieldByIndex(path).Addr().Interface().(*time.Time)
		if settled := Instant(*t); settled != *t {
			*t, changed = settled, true
		}
	}
	return changed
}

func mark(seen map[reflect.Type]bool, t reflect.Type) map[reflect.Type]bool {
	if seen == nil {
		seen = make(map[reflect.Type]bool)
	}
	seen[t] = true
	return seen
}

// maxDepth is how many pointers, maps and slices deep a value may be. It is more than a store
// takes, and ends what never ends because it holds itself.
const maxDepth = 1000

var (
	errTooDeep  = errors.New("holds itself, or is too deep")
	errOneTime  = errors.New("two keys of a map are one time in UTC at microseconds")
	errEmbedded = errors.New("embedded pointer to a struct that is not exported")
	errNilEvent = errors.New("no event, but null")
)

// instants returns a copy of v in which every time is as [Instant] makes it. What it changes
// in there it copies too.
func instants(v reflect.Value) (reflect.Value, error) {
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	return c, settle(c, 0)
}

// settle makes the times in v, which can be set or is an embedded struct whose fields can.
func settle(v reflect.Value, depth int) error {
	t := v.Type()
	if t == timeType && v.CanSet() {
		v.Set(reflect.ValueOf(Instant(v.Interface().(time.Time))))
		return nil
	}
	if depth > maxDepth {
		return errTooDeep
	}
	if !holdsTime(t, nil) {
		return nil
	}
	switch t.Kind() {
	case reflect.Struct:
		for f := range t.Fields() {
			if isStored(f) {
				if err := settle(v.FieldByIndex(f.Index), depth); err != nil {
					return err
				}
			}
		}
		return nil
	case reflect.Array:
		return settleAll(v, depth)
	case reflect.Interface, reflect.Pointer, reflect.Slice, reflect.Map:
		if v.IsNil() {
			return nil
		}
	}
	switch t.Kind() {
	case reflect.Interface:
		c := reflect.New(v.Elem().Type()).Elem()
		c.Set(v.Elem())
		err := settle(c, depth)
		v.Set(c)
		return err
	case reflect.Pointer:
		if !v.CanSet() {
			return errEmbedded
		}
		p := reflect.New(t.Elem())
		p.Elem().Set(v.Elem())
		v.Set(p)
		return settle(p.Elem(), depth+1)
	case reflect.Slice:
		c := reflect.MakeSlice(t, v.Len(), v.Len())
		reflect.Copy(c, v)
		v.Set(c)
		return settleAll(c, depth+1)
	case reflect.Map:
		return settleMap(v, depth+1)
	}
	return nil
}

func settleAll(v reflect.Value, depth int) error {
	for i := range v.Len() {
		if err := settle(v.Index(i), depth); err != nil {
			return err
		}
	}
	return nil
}

func settleMap(v reflect.Value, depth int) error {
	if foldsKeys(v) {
		return errOneTime
	}
	t := v.Type()
	c := reflect.MakeMapWithSize(t, v.Len())
	for key, elem := range v.Seq2() {
		if t.Key() == timeType {
			key = reflect.ValueOf(Instant(key.Interface().(time.Time)))
		}
		settled := reflect.New(t.Elem()).Elem()
		settled.Set(elem)
		if err := settle(settled, depth); err != nil {
			return err
		}
		c.SetMapIndex(key, settled)
	}
	v.Set(c)
	return nil
}

// foldsKeys reports whether v is a map by times of which two are one as they are stored.
func foldsKeys(v reflect.Value) bool {
	if v.Type().Key() != timeType {
		return false
	}
	seen := make(map[time.Time]bool, v.Len())
	for key := range v.Seq() {
		seen[Instant(key.Interface().(time.Time))] = true
	}
	return len(seen) < v.Len()
}
