package event

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// encode returns what encoding/json makes of v, or nil if that has escapes or fails.
// The times in v are settled, and addressable.
func (f *flatForm) encode(v reflect.Value) []byte {
	var scratch [512]byte
	data, ok := f.append(scratch[:0], v)
	if !ok {
		return nil
	}
	return slices.Clone(data)
}

func (f *flatForm) append(b []byte, v reflect.Value) (_ []byte, ok bool) {
	b = append(b, '{')
	first := true
	for i := range f.fields {
		field := &f.fields[i]
		fv := v.Field(field.index)
		if field.omitempty && fv.IsZero() && fv.Kind() != reflect.Struct {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, field.lead...)
		if field.nested != nil {
			b, ok = field.nested.append(b, fv)
		} else {
			b, ok = appendFlat(b, fv)
		}
		if !ok {
			return b, false
		}
	}
	return append(b, '}'), true
}

func appendFlat(b []byte, v reflect.Value) ([]byte, bool) {
	switch v.Kind() {
	case reflect.String:
		s := v.String()
		if !isPlain(s) {
			return b, false
		}
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"'), true
	case reflect.Struct:
		b = append(b, '"')
		b, err := v.Addr().Interface().(*time.Time).AppendText(b)
		return append(b, '"'), err == nil
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool()), true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(b, v.Int(), 10), true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.AppendUint(b, v.Uint(), 10), true
	}
	return b, false // floats have a form of their own in JSON
}

// isPlain reports whether s is written as it is.
func isPlain(s string) bool {
	ascii := true
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&':
			return false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return ascii || utf8.ValidString(s) && !strings.ContainsAny(s, "\u2028\u2029")
}
