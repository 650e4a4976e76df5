package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/eventsource-go/eventsource/apps/bank/problem"
)

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
	if err := checkObject(data, fieldNames(reflect.TypeOf(v).Elem())); err != nil {
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

// checkObject looks for what encoding/json lets pass, in text that is known to be JSON: it is
// an object of texts, each with a name that is allowed and not there twice.
func checkObject(data []byte, allowed map[string]bool) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if token, err := dec.Token(); err != nil || token != json.Delim('{') {
		return refuse(problem.Malformed, "", "The body is not an object.")
	}
	seen := make(map[string]bool)
	for dec.More() {
		token, err := dec.Token()
		name, _ := token.(string)
		switch {
		case err != nil:
			return refuse(problem.Malformed, "", "The body is not one JSON value.")
		case !allowed[name]:
			return refuse(problem.Malformed, shorten(name), "There is no such field.")
		case seen[name]:
			return refuse(problem.Malformed, name, "A field is there twice.")
		}
		seen[name] = true
		if detail := checkText(dec, name); detail != "" {
			return refuse(problem.Malformed, name, detail)
		}
	}
	return nil
}

// examples are of fields whose form is not obvious.
var examples = map[string]string{"amount": "10.00", "currency": "EUR"}

// checkText returns what is wrong with the next value of dec, that of the field name.
func checkText(dec *json.Decoder, name string) string {
	dec.UseNumber() // some are none that Go has
	token, err := dec.Token()
	text, isText := token.(string)
	example := examples[name]
	switch {
	case err == nil && token == nil:
		return "A field is null; leave it out instead."
	case !isText && example != "":
		return fmt.Sprintf("It is a string like %q.", example)
	case !isText:
		return "It is a string."
	case strings.ContainsRune(text, 0):
		return "A text contains NUL."
	case strings.ContainsRune(text, utf8.RuneError):
		// It stands for what could not be decoded: wrong UTF-8, or half of a surrogate pair.
		return "A text contains what is no character."
	}
	return ""
}

// shorten keeps an answer from carrying back whatever was sent.
func shorten(name string) string {
	const most = 40
	if len(name) > most {
		return strings.ToValidUTF8(name[:most], "") + "…"
	}
	return name
}
