package httpapi

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/problem"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/core/event"
)

// Headers of the API beside those of HTTP.
const (
	IdempotencyKeyHeader = "Idempotency-Key"
	ReplayedHeader       = "Idempotency-Replayed" // "true" if the answer is that of an earlier request
	TokenHeader          = "Consistency-Token"
)

// onlyParameters refuses a query with other parameters than these, or with one of them twice or
// empty: a filter that is misspelled, or was forgotten, must not show everything.
func onlyParameters(r *http.Request, allowed ...string) error {
	for name, values := range r.URL.Query() {
		switch {
		case !slices.Contains(allowed, name):
			return refuse(problem.InvalidParameter, shorten(name), "There is no such parameter.")
		case len(values) > 1:
			return refuse(problem.InvalidParameter, name, "The parameter is there twice.")
		case values[0] == "":
			return refuse(problem.InvalidParameter, name, "The parameter is empty; leave it out instead.")
		}
	}
	if strings.Contains(r.URL.RawQuery, ";") { // which url.Query leaves out in silence
		return refuse(problem.InvalidParameter, "", "The query is malformed.")
	}
	return nil
}

// options returns what the headers of a write say about its execution.
func options(r *http.Request) ([]ledger.Option, error) {
	var opts []ledger.Option
	switch keys := r.Header.Values(IdempotencyKeyHeader); {
	case len(keys) > 1 || len(keys) == 1 && keys[0] == "":
		return nil, refuse(problem.InvalidParameter, IdempotencyKeyHeader, keyDetail)
	case len(keys) == 1:
		opts = append(opts, ledger.IdempotencyKey(keys[0]))
	}
	if tags := r.Header.Values("If-Match"); len(tags) > 0 {
		v, ok := parseETag(strings.Join(tags, ", "))
		if !ok {
			return nil, refuse(problem.PreconditionInvalid, "If-Match", `It is one ETag of the account, like "3", with the quotes.`)
		}
		opts = append(opts, ledger.ExpectVersion(v))
	}
	return opts, nil
}

func etag(v event.Version) string { return `"` + strconv.FormatUint(uint64(v), 10) + `"` }

func parseETag(tag string) (event.Version, bool) {
	text, opened := strings.CutPrefix(tag, `"`)
	text, closed := strings.CutSuffix(text, `"`)
	v, ok := parseVersion(text)
	return v, ok && opened && closed
}

func parseVersion(text string) (event.Version, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return event.Version(n), err == nil && n > 0 && strconv.FormatInt(n, 10) == text
}

// pageParameters are those of every list.
var pageParameters = []string{"cursor", "limit", "after"}

func pageQuery(r *http.Request) (q readmodel.PageQuery, err error) {
	query := r.URL.Query()
	q.Cursor = query.Get("cursor")
	if text := query.Get("limit"); text != "" {
		q.Limit, err = strconv.Atoi(text)
		if err != nil || q.Limit < 1 || q.Limit > readmodel.MaxLimit {
			return q, refuse(problem.InvalidParameter, "limit", limitDetail)
		}
	}
	return q, nil
}

// asOf is a moment or a version; the zero value is now.
type asOf struct {
	time    time.Time
	version event.Version
}

func parseAsOf(text string) (at asOf, err error) {
	if text == "" {
		return at, nil
	}
	if v, ok := parseVersion(text); ok {
		return asOf{version: v}, nil
	}
	if at.time, err = time.Parse(time.RFC3339Nano, text); err == nil {
		return at, nil
	}
	detail := "It is a time as RFC 3339 has it, or a version from 1."
	if _, err := time.Parse(time.RFC3339Nano, strings.ReplaceAll(text, " ", "+")); err == nil { // what a + in a query stands for
		detail = "In a query, write + as %2B."
	}
	return asOf{}, refuse(problem.InvalidParameter, "asOf", detail)
}

// await waits until the read models show what the token of r stands for, if it has one.
func (api *API) await(r *http.Request) error {
	tokens := append(r.Header.Values(TokenHeader), r.URL.Query()["after"]...)
	if len(tokens) == 0 {
		return nil
	}
	pos, err := event.ParsePosition(tokens[0])
	if err != nil || len(tokens) > 1 {
		return refuse(problem.InvalidToken, "", tokenDetail)
	}
	return api.awaitPosition(r.Context(), pos)
}
