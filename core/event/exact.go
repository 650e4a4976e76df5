package event

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
)

// isExact reports whether it is certain that JSON gives back what it was given, for every value
// of t that it takes, once [entry.settle] has been at it, and that a copy of such a value shares
// no memory with it: t is made of numbers, booleans, strings, times, and structs and arrays of
// them, all of it exported, stored, and without marshalers. It may be false for a type of which
// it would be true.
func isExact(t reflect.Type) bool {
	if t == timeType { // as Encode writes it, in UTC at microseconds
		return true
	}
	for _, custom := range []reflect.Type{
		reflect.TypeFor[json.Marshaler](), reflect.TypeFor[json.Unmarshaler](),
		reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
	} {
		if t.Implements(custom) || reflect.PointerTo(t).Implements(custom) {
			return false
		}
	}
	switch t.Kind() {
	case reflect.Bool, reflect.String,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return t != reflect.TypeFor[json.Number]() // which is not taken as it is
	case reflect.Array:
		return isExact(t.Elem()) && !holdsTime(t.Elem(), nil)
	case reflect.Struct:
		return hasExactFields(t)
	}
	return false
}

func hasExactFields(t reflect.Type) bool {
	names := make(map[string]bool)
	for f := range t.Fields() {
		tag := f.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		if name == "" {
			name = f.Name
		}
		name = strings.ToLower(name) // as decoders match it
		if f.Anonymous || !f.IsExported() || tag == "-" || names[name] || options != "" && options != "omitempty" || !isExact(f.Type) {
			return false
		}
		names[name] = true
	}
	return true
}
