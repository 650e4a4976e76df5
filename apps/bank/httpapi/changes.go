package httpapi

import (
	"errors"
	"net/http"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/apps/bank/transfer"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// movement is the body of what moves money in or out.
type movement struct {
	Amount    string `json:"amount"`
	Currency  string `json:"currency"`
	Reference string `json:"reference"`
}

func (m movement) amount() (money.Amount, error) {
	return money.Parse(m.Amount, money.Currency(m.Currency))
}

func (api *API) deposit(w http.ResponseWriter, r *http.Request) error {
	var body movement
	opts, err := write(r, &body)
	if err != nil {
		return err
	}
	amount, err := body.amount()
	if err != nil {
		return err
	}
	res, err := api.ledger.Deposit(r.Context(), r.PathValue("id"), account.Deposit{Amount: amount, Reference: body.Reference}, opts...)
	if err != nil {
		return err
	}
	return answerReceipt(w, http.StatusOK, res)
}

func (api *API) withdraw(w http.ResponseWriter, r *http.Request) error {
	var body movement
	opts, err := write(r, &body)
	if err != nil {
		return err
	}
	amount, err := body.amount()
	if err != nil {
		return err
	}
	res, err := api.ledger.Withdraw(r.Context(), r.PathValue("id"), account.Withdraw{Amount: amount, Reference: body.Reference}, opts...)
	if err != nil {
		return err
	}
	return answerReceipt(w, http.StatusOK, res)
}

// explanation is the body of what needs none but a reason.
type explanation struct {
	Reason string `json:"reason"`
}

func (api *API) freeze(w http.ResponseWriter, r *http.Request) error {
	var body explanation
	opts, err := write(r, &body)
	if err != nil {
		return err
	}
	res, err := api.ledger.Freeze(r.Context(), r.PathValue("id"), account.Freeze(body), opts...)
	if err != nil {
		return err
	}
	return answerReceipt(w, http.StatusOK, res)
}

func (api *API) unfreeze(w http.ResponseWriter, r *http.Request) error {
	var body explanation
	opts, err := write(r, &body)
	if err != nil {
		return err
	}
	res, err := api.ledger.Unfreeze(r.Context(), r.PathValue("id"), account.Unfreeze(body), opts...)
	if err != nil {
		return err
	}
	return answerReceipt(w, http.StatusOK, res)
}

func (api *API) closeAccount(w http.ResponseWriter, r *http.Request) error {
	var body explanation
	opts, err := write(r, &body)
	if err != nil {
		return err
	}
	res, err := api.ledger.Close(r.Context(), r.PathValue("id"), account.Close(body), opts...)
	if err != nil {
		return err
	}
	return answerReceipt(w, http.StatusOK, res)
}

// transferJSON is a transfer that happened. Of the other side it tells nothing but that.
type transferJSON struct {
	ID        string         `json:"id"`
	From      string         `json:"from"`
	To        string         `json:"to"`
	Amount    string         `json:"amount"`
	Currency  money.Currency `json:"currency"`
	Reference string         `json:"reference,omitempty"`
	Account   accountJSON    `json:"account"` // the paying one, after it
}

func (api *API) transfer(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		From      string `json:"from"`
		To        string `json:"to"`
		Amount    string `json:"amount"`
		Currency  string `json:"currency"`
		Reference string `json:"reference"`
	}
	opts, err := write(r, &body)
	if err != nil {
		return err
	}
	amount, err := money.Parse(body.Amount, money.Currency(body.Currency))
	if err != nil {
		return err
	}
	t := transfer.Transfer{From: body.From, To: body.To, Amount: amount, Reference: body.Reference}
	res, err := api.ledger.Transfer(r.Context(), t, opts...)
	if conflict, ok := errors.AsType[*eventstore.ConflictError](err); ok && conflict.Stream.ID != t.From {
		d, _ := Explain(err) // If-Match is about the paying account
		return &problemError{d}
	}
	if err != nil {
		return err
	}
	w.Header().Set("ETag", etag(res.From.Version))
	stamp(w, res.Position, res.Replayed)
	return writeJSON(w, http.StatusCreated, transferJSON{
		ID: res.Transfer, From: t.From, To: t.To, Amount: amount.Decimal(), Currency: amount.Currency, Reference: t.Reference,
		Account: stateJSON(t.From, res.From.State, res.From.Version),
	})
}
