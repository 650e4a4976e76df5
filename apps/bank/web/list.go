package web

import (
	"errors"
	"net/http"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/core/event"
)

// Lines of a list that are shown at once.
const (
	listLines  = 25
	auditLines = 50
)

// listPage is the accounts, and a search.
type listPage struct {
	Totals   []readmodel.Total
	Accounts []readmodel.Account
	Start    bool   // it is the beginning of the list
	Next     string // the link to what comes after it
	Typed    string // in the search
	Error    string // of the search
}

func (s *site) listAccounts(w http.ResponseWriter, r *http.Request) error {
	return s.renderList(w, r, http.StatusOK, listPage{})
}

// findAccount leads to the account that has the number.
func (s *site) findAccount(w http.ResponseWriter, r *http.Request) error {
	typed := r.URL.Query().Get("number")
	id := typedAccount(typed)
	if id == "" {
		return s.renderList(w, r, http.StatusBadRequest, listPage{Error: "Enter the number of an account."})
	}
	_, err := s.account(r.Context(), id)
	switch {
	case errors.Is(err, account.ErrNotOpen) || errors.Is(err, event.ErrInvalidStream):
		return s.renderList(w, r, http.StatusNotFound, listPage{Typed: typed, Error: "There is no account with this number."})
	case err != nil:
		return err
	}
	http.Redirect(w, r, accountPath(id), http.StatusSeeOther)
	return nil
}

func (s *site) renderList(w http.ResponseWriter, r *http.Request, status int, p listPage) (err error) {
	cursor := r.URL.Query().Get("cursor")
	list, err := s.cfg.Reader.Accounts(r.Context(), readmodel.AccountsQuery{PageQuery: readmodel.PageQuery{Cursor: cursor, Limit: listLines}})
	if err != nil {
		return err
	}
	if p.Totals, err = s.cfg.Reader.Totals(r.Context()); err != nil {
		return err
	}
	p.Accounts, p.Start = list.Items, cursor == ""
	if list.Next != "" {
		p.Next = withQuery("/", "cursor", list.Next)
	}
	return s.render(w, status, "list", view{
		Title: "Accounts", Nav: "accounts", Data: p,
		Live: &following{Page: withQuery("/", "cursor", cursor), Source: livePath},
	})
}
