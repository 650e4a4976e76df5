package event

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A flatForm decodes events of an exact type from the text that Encode writes: fields in order,
// no blanks, no escapes. It refuses everything else, which is then for encoding/json: it is
// several times as fast, and never says anything that encoding/json would not say.
type flatForm struct {
	fields []flatField
}

type flatField struct {
	lead      string // `"amount":`
	index     int
	omitempty bool
	nested    *flatForm // of a struct that is no time
}

// sharedBytes is how long a payload may be for the strings of its event to share one copy of
// it. Above, a string that somebody keeps would keep too much alive.
const sharedBytes = 1 << 10

// newFlatForm returns the form of t, which is exact, or nil if it has none.
func newFlatForm(t reflect.Type) *flatForm {
	f := formOf(t)
	if f == nil {
		return nil
	}
	// What the form expects is not what is written if a tag is no name: then there is none.
	zero := reflect.New(t).Elem()
	if data, err := json.Marshal(zero.Interface()); err != nil || !f.decode(data, zero) {
		return nil
	}
	return f
}

func formOf(t reflect.Type) *flatForm {
	if t.Kind() != reflect.Struct {
		return nil
	}
	form := &flatForm{}
	for i := range t.NumField() {
		sf := t.Field(i)
		name, options, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if name == "" {
			name = sf.Name
		}
		lead, err := json.Marshal(name)
		if err != nil {
			return nil
		}
		field := flatField{lead: string(lead) + ":", index: i, omitempty: options == "omitempty"}
		switch sf.Type.Kind() {
		case reflect.Array:
			return nil
		case reflect.Struct:
			if sf.Type != timeType {
				if field.nested = formOf(sf.Type); field.nested == nil {
					return nil
				}
			}
		}
		form.fields = append(form.fields, field)
	}
	return form
}

// decode fills v, which is addressable and zero, and reports whether it could. If not, v may be
// filled in part.
func (f *flatForm) decode(data []byte, v reflect.Value) bool {
	s := flatText{text: string(data), data: data}
	return s.object(f, v) && s.at == len(data)
}

// flatText is a payload, read up to at.
type flatText struct {
	text string // what strings are cut from
	data []byte // the same
	at   int
}

func (s *flatText) skip(text string) bool {
	if !strings.HasPrefix(s.text[s.at:], text) {
		return false
	}
	s.at += len(text)
	return true
}

func (s *flatText) object(f *flatForm, v reflect.Value) bool {
	if !s.skip("{") {
		return false
	}
	first := true
	for i := range f.fields {
		field, before := &f.fields[i], s.at
		if !first && !s.skip(",") || !s.skip(field.lead) {
			if s.at = before; field.omitempty {
				continue
			}
			return false
		}
		first = false
		if field.nested != nil {
			if !s.object(field.nested, v.Field(field.index)) {
				return false
			}
		} else if !s.value(v.Field(field.index)) {
			return false
		}
	}
	return s.skip("}")
}

func (s *flatText) value(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String:
		text, ok := s.quoted()
		if len(s.text) > sharedBytes {
			text = strings.Clone(text)
		}
		v.SetString(text)
		return ok
	case reflect.Struct:
		from := s.at
		if _, ok := s.quoted(); !ok {
			return false
		}
		return v.Addr().Interface().(*time.Time).UnmarshalJSON(s.data[from:s.at]) == nil
	case reflect.Bool:
		yes := s.skip("true")
		v.SetBool(yes)
		return yes || s.skip("false")
	case reflect.Float32, reflect.Float64:
		number, ok := s.number()
		x, err := strconv.ParseFloat(number, v.Type().Bits())
		v.SetFloat(x)
		return ok && err == nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		number, ok := s.number()
		n, err := strconv.ParseInt(number, 10, v.Type().Bits())
		v.SetInt(n)
		return ok && err == nil
	default: // the unsigned are all that is left of what is exact
		number, ok := s.number()
		n, err := strconv.ParseUint(number, 10, v.Type().Bits())
		v.SetUint(n)
		return ok && err == nil
	}
}

// quoted reads a string without escapes.
func (s *flatText) quoted() (string, bool) {
	if !s.skip(`"`) {
		return "", false
	}
	from, ascii := s.at, true
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == '"':
			text := s.text[from:s.at]
			s.at++
			return text, ascii || utf8.ValidString(text)
		case c == '\\' || c < ' ':
			return "", false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return "", false
}

// number reads what JSON takes for a number: no plus, no leading zero, digits around a point.
func (s *flatText) number() (string, bool) {
	from := s.at
	s.skip("-")
	if !s.skip("0") && !s.digits() {
		return "", false
	}
	if s.skip(".") && !s.digits() {
		return "", false
	}
	if s.skip("e") || s.skip("E") {
		_ = s.skip("-") || s.skip("+")
		if !s.digits() {
			return "", false
		}
	}
	return s.text[from:s.at], true
}

func (s *flatText) digits() bool {
	from := s.at
	for s.at < len(s.text) && '0' <= s.text[s.at] && s.text[s.at] <= '9' {
		s.at++
	}
	return s.at > from
}
