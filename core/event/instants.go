package event

import (
	"encoding/json"
	"reflect"
	"slices"
	"time"
)

var timeType, marshalerType = reflect.TypeFor[time.Time](), reflect.TypeFor[json.Marshaler]()

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
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return holdsTime(t.Elem(), mark(seen, t))
	case reflect.Struct:
		for f := range t.Fields() {
			if f.IsExported() && holdsTime(f.Type, mark(seen, t)) {
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

// instants returns v with every time in it as [Instant] makes it. What it changes it copies.
func instants(v reflect.Value) reflect.Value {
	t := v.Type()
	if t == timeType {
		return reflect.ValueOf(Instant(v.Interface().(time.Time)))
	}
	if !holdsTime(t, nil) {
		return v
	}
	switch t.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			return v
		}
		return instants(v.Elem())
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		p := reflect.New(t.Elem())
		p.Elem().Set(instants(v.Elem()))
		return p
	case reflect.Struct:
		c := reflect.New(t).Elem()
		c.Set(v)
		for f := range t.Fields() {
			if f.IsExported() {
				c.FieldByIndex(f.Index).Set(instants(v.FieldByIndex(f.Index)))
			}
		}
		return c
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		c := reflect.MakeSlice(t, v.Len(), v.Len())
		for i := range v.Len() {
			c.Index(i).Set(instants(v.Index(i)))
		}
		return c
	case reflect.Array:
		c := reflect.New(t).Elem()
		for i := range v.Len() {
			c.Index(i).Set(instants(v.Index(i)))
		}
		return c
	case reflect.Map:
		if v.IsNil() {
			return v
		}
		c := reflect.MakeMapWithSize(t, v.Len())
		for key, elem := range v.Seq2() {
			c.SetMapIndex(key, instants(elem))
		}
		return c
	}
	return v
}
