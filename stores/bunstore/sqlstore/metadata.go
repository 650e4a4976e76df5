package sqlstore

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/eventsource-go/eventsource/core/event"
)

// EncodeMetadata returns metadata as JSON without the tenant, which has a column; empty if there
// is nothing else.
func EncodeMetadata(md event.Metadata) (string, error) {
	md.Tenant = ""
	if md.Correlation == "" && md.Causation == "" && md.Actor == "" && md.Trace == "" && len(md.Extra) == 0 {
		return "", nil
	}
	text, err := json.Marshal(md)
	return string(text), err
}

// DecodeMetadata sets what [EncodeMetadata] wrote, and leaves the tenant alone. An error says
// that text is not metadata, and may show it.
func DecodeMetadata(text []byte, md *event.Metadata) error {
	tenant := md.Tenant
	defer func() { md.Tenant = tenant }()
	if *md = (event.Metadata{}); decodePlain(string(text), md) {
		return nil
	}
	*md = event.Metadata{}
	return json.Unmarshal(text, md)
}

// decodePlain reads metadata of the form that nearly all have, several times as fast as
// encoding/json, which took half of the time of reading a page: known fields, no blanks, and
// nothing escaped. It is false for all else, and what is in md is of no use then.
func decodePlain(text string, md *event.Metadata) bool {
	p := plain{text}
	if !p.take("{") {
		return false
	}
	for first := true; !p.take("}"); first = false {
		if !first && !p.take(",") {
			return false
		}
		key, ok := p.name()
		if !ok {
			return false
		}
		var field *string
		switch key {
		case "correlation":
			field = &md.Correlation
		case "causation":
			field = &md.Causation
		case "actor":
			field = &md.Actor
		case "trace":
			field = &md.Trace
		case "extra":
			if md.Extra != nil { // encoding/json adds to it
				return false
			}
			if md.Extra, ok = p.object(); !ok {
				return false
			}
			continue
		default:
			return false
		}
		if *field, ok = p.string(); !ok {
			return false
		}
	}
	return p.rest == ""
}

// plain is what is still to be read.
type plain struct{ rest string }

func (p *plain) take(prefix string) (ok bool) {
	p.rest, ok = strings.CutPrefix(p.rest, prefix)
	return ok
}

func (p *plain) string() (string, bool) {
	if !p.take(`"`) {
		return "", false
	}
	end := strings.IndexByte(p.rest, '"')
	if end < 0 {
		return "", false
	}
	s := p.rest[:end]
	p.rest = p.rest[end+1:]
	for i := range len(s) {
		if s[i] < ' ' || s[i] == '\\' {
			return "", false
		}
	}
	return s, utf8.ValidString(s)
}

func (p *plain) name() (string, bool) {
	s, ok := p.string()
	return s, ok && p.take(":")
}

func (p *plain) object() (map[string]string, bool) {
	if !p.take("{") {
		return nil, false
	}
	m := make(map[string]string)
	for first := true; !p.take("}"); first = false {
		if !first && !p.take(",") {
			return nil, false
		}
		key, ok := p.name()
		if !ok {
			return nil, false
		}
		if m[key], ok = p.string(); !ok {
			return nil, false
		}
	}
	return m, true
}
