package web

import (
	"crypto/rand"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/core/event"
)

// form is a form as it is shown, with what was typed and what is wrong with it.
type form struct {
	ID, Action    string
	Title, Submit string
	Hint          string
	Danger        bool
	Open          bool          // shown unfolded
	Key           string        // makes it happen once
	Version       event.Version // what the visitor saw of the account; 0 if it doesn't matter
	Fields        []field
	Error         string // what is wrong, if no field is to blame
}

// field is one thing to fill in.
type field struct {
	Form, Name, Label, Hint string
	Value, Error            string
	Mode                    string // the keyboard that a phone shows
	Max                     int    // characters
	Optional                bool
	Options                 []money.Currency // if it is a choice
}

// ID is the field's on the page.
func (f field) ID() string { return f.Form + "-" + f.Name }

// DescribedBy names the elements that say more about the field.
func (f field) DescribedBy() string {
	var ids []string
	if f.Error != "" {
		ids = append(ids, f.ID()+"-error")
	}
	if f.Hint != "" {
		ids = append(ids, f.ID()+"-hint")
	}
	return strings.Join(ids, " ")
}

// newForm returns a form with a key of its own.
func newForm(id, action, title, submit string, fields ...field) *form {
	for i := range fields {
		fields[i].Form = id
	}
	return &form{ID: id, Action: action, Title: title, Submit: submit, Fields: fields, Key: rand.Text()}
}

// sent is what came back in a form.
type sent struct {
	values  map[string]string
	key     string
	version event.Version
}

// parseForm reads a form that was sent. A field that is there twice, or in the query, is not
// one that we asked for.
func parseForm(r *http.Request) (sent, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return sent{}, errNotAForm
	}
	if err := r.ParseForm(); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return sent{}, errTooLarge
		}
		return sent{}, errBadForm
	}
	in := sent{values: make(map[string]string, len(r.PostForm))}
	for name, values := range r.PostForm {
		if len(values) != 1 {
			return sent{}, errBadForm
		}
		in.values[name] = strings.TrimSpace(values[0])
	}
	in.key = in.values["key"]
	if in.key == "" { // then sending it again would do it again
		return sent{}, errBadForm
	}
	if text, ok := in.values["version"]; ok {
		v, err := parseVersion(text)
		if err != nil {
			return sent{}, errBadForm
		}
		in.version = v
	}
	return in, nil
}

func parseVersion(text string) (event.Version, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, strconv.ErrSyntax
	}
	return event.Version(n), nil
}

// options returns what the ledger has to know.
func (in sent) options(f *form) []ledger.Option {
	opts := []ledger.Option{ledger.IdempotencyKey(in.key)}
	if f.Version != 0 && in.version != 0 {
		opts = append(opts, ledger.ExpectVersion(in.version))
	}
	return opts
}

// keep fills the form with what was sent, and says why it did nothing. It keeps its key, since
// what is not known to have happened may have happened; a key that is used up, or that is
// none, it does not.
func (f *form) keep(in sent, r *refusal, cause error) {
	f.Open = true
	if !errors.Is(cause, ledger.ErrKeyReused) && !errors.Is(cause, ledger.ErrInvalidKey) {
		f.Key = in.key
	}
	f.Error = r.text
	for i := range f.Fields {
		fd := &f.Fields[i]
		fd.Value = in.values[fd.Name]
		if fd.Name == r.field {
			fd.Error, f.Error = r.text, ""
		}
	}
}

func amountField(c money.Currency) field {
	return field{Name: "amount", Label: "Amount in " + string(c), Hint: "For example " + example(c), Mode: "decimal", Max: 30}
}

func referenceField() field {
	return field{Name: "reference", Label: "Reference", Max: account.MaxReference, Optional: true}
}

func reasonField(optional bool) field {
	return field{Name: "reason", Label: "Reason", Max: account.MaxReference, Optional: optional}
}
