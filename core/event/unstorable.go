package event

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"unicode/utf8"
)

// encoding/json writes wrong UTF-8 as this escape, and a real U+FFFD as itself.
const (
	escapedReplacement = `\ufffd`
	escapedNUL         = `\u0000`
)

var errUnstorable = errors.New("NUL or wrong UTF-8 in a string")

// unstorable returns the path of the first value in v that JSON or a store can't hold, and why.
// It runs only after encoding has failed, so it need not be fast.
func unstorable(v reflect.Value, path string, depth int) (string, error) {
	if !v.IsValid() || isCustom(v) {
		return "", nil
	}
	if depth > maxDepth {
		return shortened(path), errTooDeep
	}
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return path, errors.New("not a finite number")
		}
	case reflect.String:
		if s := v.String(); !utf8.ValidString(s) || strings.Contains(s, "\x00") {
			return path, errUnstorable
		}
	case reflect.Interface:
		return unstorable(v.Elem(), path, depth)
	case reflect.Pointer:
		return unstorable(v.Elem(), path, depth+1)
	case reflect.Struct:
		for f := range v.Type().Fields() {
			if !isStored(f) {
				continue
			}
			if at, err := unstorable(v.FieldByIndex(f.Index), join(path, f.Name), depth); err != nil {
				return at, err
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if at, err := unstorable(v.Index(i), fmt.Sprintf("%s[%d]", path, i), depth+1); err != nil {
				return at, err
			}
		}
	case reflect.Map:
		if foldsKeys(v) {
			return path, errOneTime
		}
		for key, elem := range v.Seq2() {
			at, err := unstorable(key, path+"[key]", depth+1)
			if err == nil {
				at, err = unstorable(elem, path+"[…]", depth+1) // the key is payload
			}
			if err != nil {
				return at, err
			}
		}
	}
	return "", nil
}

// isCustom reports whether v writes itself. An embedded struct that is not exported never does:
// JSON takes its fields.
func isCustom(v reflect.Value) bool {
	if !v.CanInterface() {
		return false
	}
	_, custom := reflect.TypeAssert[json.Marshaler](v)
	if !custom {
		_, custom = reflect.TypeAssert[encoding.TextMarshaler](v)
	}
	return custom
}

// shortened keeps the beginning of a path that may be of any length.
func shortened(path string) string {
	const most = 64
	if len(path) > most {
		return strings.ToValidUTF8(path[:most], "") + "…"
	}
	return path
}

func join(path, field string) string {
	if path == "" {
		return field
	}
	return path + "." + field
}
