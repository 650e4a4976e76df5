package httpapi

import (
	"net/http"
	"slices"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/apps/bank/problem"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/core/event"
)

func (api *API) openAccount(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Owner    string `json:"owner"`
		Currency string `json:"currency"`
	}
	opts, err := write(r, &body)
	if err != nil {
		return err
	}
	if r.Header.Get("If-Match") != "" {
		return refuse(problem.PreconditionInvalid, "If-Match", "A new account has no version to match.")
	}
	res, err := api.ledger.Open(r.Context(), account.Open{Owner: body.Owner, Currency: money.Currency(body.Currency)}, opts...)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/accounts/"+res.Account)
	return answerReceipt(w, http.StatusCreated, res)
}

// write reads what every write has: a body, options in the headers, and no query.
func write(r *http.Request, body any) ([]ledger.Option, error) {
	if err := onlyParameters(r); err != nil {
		return nil, err
	}
	opts, err := options(r)
	if err != nil {
		return nil, err
	}
	return opts, decode(r, body)
}

// answerReceipt answers with the account as the write left it.
func answerReceipt(w http.ResponseWriter, status int, res ledger.Receipt) error {
	w.Header().Set("ETag", etag(res.Version))
	stamp(w, res.Position, res.Replayed)
	return writeJSON(w, status, stateJSON(res.Account, res.State, res.Version))
}

// stamp says what a later read needs to see the write.
func stamp(w http.ResponseWriter, pos event.Position, replayed bool) {
	w.Header().Set(TokenHeader, pos.String())
	if replayed {
		w.Header().Set(ReplayedHeader, "true")
	}
}

func (api *API) listAccounts(w http.ResponseWriter, r *http.Request) error {
	if err := onlyParameters(r, slices.Concat(pageParameters, []string{"owner"})...); err != nil {
		return err
	}
	q, err := pageQuery(r)
	if err != nil {
		return err
	}
	if err := api.await(r); err != nil {
		return err
	}
	page, err := api.reader.Accounts(r.Context(), readmodel.AccountsQuery{Owner: r.URL.Query().Get("owner"), PageQuery: q})
	if err != nil {
		return err
	}
	return writePage(w, r, page, rowJSON)
}

// showAccount answers from the read model, or, for the past, from the events.
func (api *API) showAccount(w http.ResponseWriter, r *http.Request) error {
	if err := onlyParameters(r, "asOf", "after"); err != nil {
		return err
	}
	at, err := parseAsOf(r.URL.Query().Get("asOf"))
	if err != nil {
		return err
	}
	var shown accountJSON
	if at == (asOf{}) {
		shown, err = api.current(r)
	} else {
		shown, err = api.past(r, at)
	}
	if err != nil {
		return err
	}
	w.Header().Set("ETag", etag(shown.Version))
	if r.Header.Get("If-None-Match") == etag(shown.Version) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return writeJSON(w, http.StatusOK, shown)
}

func (api *API) current(r *http.Request) (accountJSON, error) {
	if err := api.await(r); err != nil {
		return accountJSON{}, err
	}
	a, err := api.reader.Account(r.Context(), r.PathValue("id"))
	return rowJSON(a), err
}

func (api *API) past(r *http.Request, at asOf) (accountJSON, error) {
	var a account.Account
	var v event.Version
	var err error
	id := r.PathValue("id")
	if at.version > 0 {
		a, v, err = api.ledger.AccountAt(r.Context(), id, at.version)
	} else {
		a, v, err = api.ledger.AccountAsOf(r.Context(), id, at.time)
	}
	return stateJSON(id, a, v), err
}
