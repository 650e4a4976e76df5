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
func unstorable(v reflect.Value, path string) (string, error) {
	if !v.IsValid() {
		return "", nil
	}
	if _, custom := reflect.TypeAssert[json.Marshaler](v); custom {
		return "", nil
	}
	if _, custom := reflect.TypeAssert[encoding.TextMarshaler](v); custom {
		return "", nil
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
	case reflect.Pointer, reflect.Interface:
		return unstorable(v.Elem(), path)
	case reflect.Struct:
		for f := range v.Type().Fields() {
			if !f.IsExported() {
				continue
			}
			if at, err := unstorable(v.FieldByIndex(f.Index), join(path, f.Name)); err != nil {
				return at, err
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if at, err := unstorable(v.Index(i), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return at, err
			}
		}
	case reflect.Map:
		for key, elem := range v.Seq2() {
			at, err := unstorable(key, path+"[key]")
			if err == nil {
				at, err = unstorable(elem, path+"[…]") // the key is payload
			}
			if err != nil {
				return at, err
			}
		}
	}
	return "", nil
}

func join(path, field string) string {
	if path == "" {
		return field
	}
	return path + "." + field
}
