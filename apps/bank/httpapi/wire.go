package httpapi

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/core/event"
)

// accountJSON is an account. What an account was like at some time knows nothing of when it
// was opened and changed.
type accountJSON struct {
	ID        string         `json:"id"`
	Owner     string         `json:"owner"`
	Status    account.Status `json:"status"`
	Balance   string         `json:"balance"`
	Currency  money.Currency `json:"currency"`
	Version   event.Version  `json:"version"`
	OpenedAt  *time.Time     `json:"openedAt,omitempty"`
	ChangedAt *time.Time     `json:"changedAt,omitempty"`
}

func stateJSON(id string, a account.Account, v event.Version) accountJSON {
	return accountJSON{
		ID: id, Owner: a.Owner, Status: a.Status, Version: v,
		Balance: a.Balance.Decimal(), Currency: a.Balance.Currency,
	}
}

func rowJSON(a readmodel.Account) accountJSON {
	return accountJSON{
		ID: a.ID, Owner: a.Owner, Status: a.Status, Version: a.Version,
		Balance: a.Balance.Decimal(), Currency: a.Balance.Currency,
		OpenedAt: &a.Opened, ChangedAt: &a.Changed,
	}
}

type entryJSON struct {
	Version    event.Version  `json:"version"`
	Kind       readmodel.Kind `json:"kind"`
	Amount     string         `json:"amount"`
	Balance    string         `json:"balance"`
	Currency   money.Currency `json:"currency"`
	Other      string         `json:"other,omitempty"`
	Transfer   string         `json:"transfer,omitempty"`
	Reference  string         `json:"reference,omitempty"`
	OccurredAt time.Time      `json:"occurredAt"`
}

func newEntryJSON(e readmodel.Entry) entryJSON {
	return entryJSON{
		Version: e.Version, Kind: e.Kind, Amount: e.Amount.Decimal(), Balance: e.Balance.Decimal(), Currency: e.Amount.Currency,
		Other: e.Other, Transfer: e.Transfer, Reference: e.Reference, OccurredAt: e.Occurred,
	}
}

type traceJSON struct {
	Number      int64          `json:"number"`
	Event       string         `json:"event"`
	Account     string         `json:"account"`
	Version     event.Version  `json:"version"`
	Type        string         `json:"type"`
	Amount      string         `json:"amount,omitempty"`
	Currency    money.Currency `json:"currency,omitempty"`
	Actor       string         `json:"actor,omitempty"`
	Correlation string         `json:"correlation,omitempty"`
	Causation   string         `json:"causation,omitempty"`
	OccurredAt  time.Time      `json:"occurredAt"`
	RecordedAt  time.Time      `json:"recordedAt"`
}

func newTraceJSON(t readmodel.Trace) traceJSON {
	line := traceJSON{
		Number: t.Number, Event: t.Event, Account: t.Account, Version: t.Version, Type: t.Type,
		Actor: t.Actor, Correlation: t.Correlation, Causation: t.Causation, OccurredAt: t.Occurred, RecordedAt: t.Recorded,
	}
	if t.Amount.Currency != "" {
		line.Amount, line.Currency = t.Amount.Decimal(), t.Amount.Currency
	}
	return line
}

// eventJSON is an event as clients see it, which is not how it is stored.
type eventJSON struct {
	ID          string        `json:"id"`
	Version     event.Version `json:"version"`
	Type        string        `json:"type"`
	OccurredAt  time.Time     `json:"occurredAt"`
	RecordedAt  time.Time     `json:"recordedAt"`
	Actor       string        `json:"actor,omitempty"`
	Correlation string        `json:"correlation,omitempty"`
	Causation   string        `json:"causation,omitempty"`
	Data        eventData     `json:"data"`
}

type eventData struct {
	Owner     string         `json:"owner,omitempty"`
	Amount    string         `json:"amount,omitempty"`
	Currency  money.Currency `json:"currency,omitempty"`
	Reference string         `json:"reference,omitempty"`
	Transfer  string         `json:"transfer,omitempty"`
	From      string         `json:"from,omitempty"`
	To        string         `json:"to,omitempty"`
	Reason    string         `json:"reason,omitempty"`
}

func newEventJSON(env ledger.Envelope) eventJSON {
	e := eventJSON{
		ID: env.ID.String(), Version: env.Version, Type: env.Type, OccurredAt: env.Occurred, RecordedAt: env.Recorded,
		Actor: env.Metadata.Actor, Correlation: env.Metadata.Correlation, Causation: env.Metadata.Causation,
	}
	moved := func(a money.Amount, reference string) {
		e.Data.Amount, e.Data.Currency, e.Data.Reference = a.Decimal(), a.Currency, reference
	}
	switch what := env.Event.(type) {
	case account.Opened:
		e.Data.Owner, e.Data.Currency = what.Owner, what.Currency
	case account.Deposited:
		moved(what.Amount, what.Reference)
	case account.Withdrawn:
		moved(what.Amount, what.Reference)
	case account.TransferredOut:
		moved(what.Amount, what.Reference)
		e.Data.Transfer, e.Data.To = what.Transfer, what.To
	case account.TransferredIn:
		moved(what.Amount, what.Reference)
		e.Data.Transfer, e.Data.From = what.Transfer, what.From
	case account.Frozen:
		e.Data.Reason = what.Reason
	case account.Unfrozen:
		e.Data.Reason = what.Reason
	case account.Closed:
		e.Data.Reason = what.Reason
	}
	return e
}

// pageJSON is a piece of a list.
type pageJSON[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"` // the cursor of the next page
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// The error is that the client has gone.
	_, _ = w.Write(append(data, '\n'))
	return nil
}

// writePage answers with a page, and says where the next one is.
func writePage[R, T any](w http.ResponseWriter, r *http.Request, page readmodel.Page[R], item func(R) T) error {
	out := pageJSON[T]{Items: make([]T, len(page.Items)), Next: page.Next}
	for i, row := range page.Items {
		out.Items[i] = item(row)
	}
	if page.Next != "" {
		query := r.URL.Query()
		query.Set("cursor", page.Next)
		next := url.URL{Path: r.URL.Path, RawQuery: query.Encode()}
		w.Header().Set("Link", "<"+next.String()+`>; rel="next"`)
	}
	return writeJSON(w, http.StatusOK, out)
}
