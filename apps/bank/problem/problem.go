// Package problem is how the bank says over HTTP that something went wrong: problem details as
// RFC 9457 has them, of a fixed set of kinds, with nothing in them about how the bank works.
package problem

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// MediaType is the content type of problem details.
const MediaType = "application/problem+json"

// Details is what a client is told.
type Details struct {
	Kind       Kind
	Detail     string // what is wrong with this request; may be empty
	Field      string // the part of the request that is to blame, if it is one
	Account    string // the account that refused, if it is one
	Version    uint64 // that the account is at, if that is what is wrong; the ETag is of it; 0 says nothing
	RetryAfter int    // seconds after which to try again; 0 says nothing
}

// document is the wire form.
type document struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	Status  int    `json:"status"`
	Detail  string `json:"detail,omitempty"`
	Field   string `json:"field,omitempty"`
	Account string `json:"account,omitempty"`
	Version uint64 `json:"version,omitempty"`
	Request string `json:"requestId,omitempty"`
}

// RequestIDHeader names the request in a response: what a client tells whoever runs the bank.
const RequestIDHeader = "Request-Id"

// Write answers with d. It takes the id of the request from the response's headers.
func Write(w http.ResponseWriter, d Details) {
	h := w.Header()
	for _, name := range []string{"Content-Length", "Content-Encoding", "ETag", "Last-Modified", "Location"} {
		h.Del(name) // they were meant for another answer
	}
	h.Set("Content-Type", MediaType)
	h.Set("Cache-Control", "no-store")
	if d.Version > 0 {
		h.Set("ETag", `"`+strconv.FormatUint(d.Version, 10)+`"`)
	}
	if d.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(d.RetryAfter))
	}
	w.WriteHeader(d.Kind.Status)
	// The error is that the client has gone.
	_ = json.NewEncoder(w).Encode(document{
		Type: d.Kind.URI(), Title: d.Kind.Title, Status: d.Kind.Status,
		Detail: d.Detail, Field: d.Field, Account: d.Account, Version: d.Version, Request: h.Get(RequestIDHeader),
	})
}
