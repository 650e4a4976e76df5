// Package domain is what all implementations under test store: postings on an account, the
// same bytes for everyone, from fixed seeds.
package domain

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Event is anything that can happen to an account.
//
//sumtype:decl
type Event interface{ isEvent() }

// Posting is what an event looks like. As JSON it has [PayloadBytes] bytes.
type Posting struct {
	Account   string    `json:"account"`
	Amount    int64     `json:"amount"`
	Currency  string    `json:"currency"`
	Reference string    `json:"reference"` // another one in each event
	Channel   string    `json:"channel"`
	At        time.Time `json:"at"`
}

type (
	Credited Posting
	Debited  Posting
)

func (Credited) isEvent() {}
func (Debited) isEvent()  {}

// Account is what the events of an account add up to.
type Account struct {
	Balance  int64
	Postings int64
	Last     time.Time
}

// Apply records e.
func (a *Account) Apply(e Event) {
	switch e := e.(type) {
	case Credited:
		a.Balance += e.Amount
		a.Postings++
		a.Last = e.At
	case Debited:
		a.Balance -= e.Amount
		a.Postings++
		a.Last = e.At
	}
}

// Credit records a credit: for libraries that have types of their own for events.
func (a *Account) Credit(p Posting) { a.Balance += p.Amount; a.Postings++; a.Last = p.At }

// Debit records a debit.
func (a *Account) Debit(p Posting) { a.Balance -= p.Amount; a.Postings++; a.Last = p.At }

const (
	// PayloadBytes is how long each event is as JSON.
	PayloadBytes = 166

	// MetadataBytes is how long [Metadata] is as JSON.
	MetadataBytes = 143

	// distinct is how many different events there are: enough that no cache of strings holds them.
	distinct = 4096
)

var postings, events, payloads = generate()

func generate() (postings [distinct]Posting, events [distinct]Event, payloads [distinct][]byte) {
	start := time.Date(2026, 11, 23, 10, 15, 0, 123_457_000, time.UTC) // the fraction never ends in zero
	for i := range postings {
		p := Posting{
			Account: "acc-00004217", Amount: int64(10_000 + i), Currency: "EUR",
			Reference: fmt.Sprintf("invoice-2026-%016d", i*7919), Channel: "branch 17 desk 3",
			At: start.Add(time.Duration(i) * 10 * time.Millisecond),
		}
		data, err := json.Marshal(p)
		if err != nil {
			panic(err)
		}
		postings[i], payloads[i] = p, data
		if i%2 == 0 {
			events[i] = Credited(p)
		} else {
			events[i] = Debited(p)
		}
	}
	return postings, events, payloads
}

// At returns the i-th posting, and whether it is a debit.
func At(i int) (p Posting, debit bool) { return postings[i%distinct], i%2 == 1 }

// EventAt returns the i-th posting as an event.
func EventAt(i int) Event { return events[i%distinct] }

// Payload returns the i-th posting as JSON. It is not the caller's to change.
func Payload(i int) []byte { return payloads[i%distinct] }

// Want returns what the first n postings add up to.
func Want(n int) (a Account) {
	for i := range n {
		a.Apply(EventAt(i))
	}
	return a
}

// Metadata is what is stored beside each event, by those who can.
type Metadata struct {
	Correlation string `json:"correlation_id"`
	Causation   string `json:"causation_id"`
	Actor       string `json:"actor"`
}

// Why is the metadata of all events.
var Why = Metadata{
	Correlation: "0193b2f4-7a10-7c3e-9d21-5b1f0a6c4e77",
	Causation:   "0193b2f4-7a11-7f02-8e43-90c1d7b2a35e",
	Actor:       "teller-17@branch-0042",
}

// Map returns the metadata for libraries that want a map.
func (m Metadata) Map() map[string]any {
	return map[string]any{"correlation_id": m.Correlation, "causation_id": m.Causation, "actor": m.Actor}
}

// JSON returns the metadata as JSON.
func (m Metadata) JSON() []byte {
	data, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return data
}

// ID returns the identifier of the i-th account. It is the same in every run.
func ID(i int) uuid.UUID {
	id := uuid.UUID{0: 0x01, 1: 0x93, 6: 0x70, 8: 0x80}
	for b := range 7 {
		id[15-b] = byte(i >> (8 * b))
	}
	return id
}

var names = func() (names [distinct]string) {
	for i := range names {
		names[i] = ID(i).String()
	}
	return names
}()

// Name returns [ID] as text, for libraries whose identifiers are text. It is made before, as a
// caller has it from somewhere, for as many accounts as any case has.
func Name(i int) string {
	if i < distinct {
		return names[i]
	}
	return ID(i).String()
}
