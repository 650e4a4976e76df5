package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/eventsource-go/eventsource/apps/bank/problem"
)

// maxDepth is how deep a body may be nested. What the API takes is flat.
const maxDepth = 8

// decode reads the body of r into v, a struct of strings. It is stricter than encoding/json,
// which takes the last of doubled keys and knows no upper and lower case: here a body means one
// thing or is refused. The error is a [problemError].
func decode(r *http.Request, v any) error {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset, hasCharset := params["charset"]
	if err != nil || media != "application/json" || hasCharset && !strings.EqualFold(charset, "utf-8") || r.Header.Get("Content-Encoding") != "" {
		return refuse(problem.UnsupportedMedia, "", "The Content-Type is application/json, in UTF-8 and not encoded further.")
	}
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return err // too large, or the client has gone
	}
	switch {
	case len(data) == 0:
		return refuse(problem.Malformed, "", "There is no body.")
	case !json.Valid(data):
		return refuse(problem.Malformed, "", "The body is not one JSON value.")
	}
	scan := scanner{dec: json.NewDecoder(bytes.NewReader(data)), allowed: fieldNames(reflect.TypeOf(v).Elem())}
	scan.dec.UseNumber()
	if err := scan.value(1); err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return refuse(problem.Malformed, "", "The body does not have the expected form.")
	}
	return nil
}

// fieldNames returns what the fields of t are called in JSON.
func fieldNames(t reflect.Type) map[string]bool {
	names := make(map[string]bool)
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names[name] = true
	}
	return names
}

// scanner looks for what encoding/json lets pass, in text that is known to be JSON.
type scanner struct {
	dec     *json.Decoder
	allowed map[string]bool // keys of the outermost object
}

func (s *scanner) value(depth int) error {
	token, err := s.dec.Token()
	if err != nil {
		return refuse(problem.Malformed, "", "The body is not one JSON value.")
	}
	switch token {
	case json.Delim('{'):
		return s.object(depth)
	case json.Delim('['):
		if depth > 1 {
			return s.array(depth)
		}
	}
	text, isText := token.(string)
	switch {
	case depth == 1:
		return refuse(problem.Malformed, "", "The body is not an object.")
	case token == nil:
		return refuse(problem.Malformed, "", "A field is null; leave it out instead.")
	case !isText:
		return nil // of the wrong type, as will be found out
	case strings.ContainsRune(text, 0):
		return refuse(problem.Malformed, "", "A text contains NUL.")
	case strings.ContainsRune(text, utf8.RuneError):
		// It stands for what could not be decoded: wrong UTF-8, or half of a surrogate pair.
		return refuse(problem.Malformed, "", "A text contains what is no character.")
	}
	return nil
}

func (s *scanner) object(depth int) error {
	if depth > maxDepth {
		return refuse(problem.Malformed, "", fmt.Sprintf("The body is nested deeper than %d.", maxDepth))
	}
	seen := make(map[string]bool)
	for s.dec.More() {
		token, err := s.dec.Token()
		key, _ := token.(string)
		switch {
		case err != nil:
			return refuse(problem.Malformed, "", "The body is not one JSON value.")
		case depth == 1 && !s.allowed[key]:
			return refuse(problem.Malformed, shorten(key), "There is no such field.")
		case seen[key]:
			return refuse(problem.Malformed, shorten(key), "A field is there twice.")
		}
		seen[key] = true
		if err := s.value(depth + 1); err != nil {
			if refused, ok := errors.AsType[*problemError](err); ok && refused.Field == "" {
				refused.Field = shorten(key)
			}
			return err
		}
	}
	_, err := s.dec.Token() // the end
	return err
}

func (s *scanner) array(depth int) error {
	if depth > maxDepth {
		return refuse(problem.Malformed, "", fmt.Sprintf("The body is nested deeper than %d.", maxDepth))
	}
	for s.dec.More() {
		if err := s.value(depth + 1); err != nil {
			return err
		}
	}
	_, err := s.dec.Token() // the end
	return err
}

// shorten keeps an answer from carrying back whatever was sent.
func shorten(name string) string {
	const most = 40
	if len(name) > most {
		return strings.ToValidUTF8(name[:most], "") + "…"
	}
	return name
}
