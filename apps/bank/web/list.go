package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/core/event"
)

// Lines of a list that are shown at once.
const (
	listLines  = 25
	auditLines = 50
)

const findPath = "/find"

// listPage is the accounts, and a search.
type listPage struct {
	Totals   []readmodel.Total
	Accounts []readmodel.Account
	Owner    string // how the owners' names begin; empty if it is all accounts
	Start    string // the link to the beginning of the list; empty if this is it
	Next     string // the link to what comes after it
	Typed    string // in the search
	Error    string // of the search
}

func (s *site) listAccounts(w http.ResponseWriter, r *http.Request) error {
	return s.renderList(w, r, http.StatusOK, listPage{})
}

// findAccount leads to the account that has the number, or else lists those whose owner's name
// begins like that.
func (s *site) findAccount(w http.ResponseWriter, r *http.Request) error {
	typed := r.URL.Query().Get("number")
	id := typedAccount(typed)
	if id == "" {
		return s.renderList(w, r, http.StatusBadRequest, listPage{Error: "Enter the number of an account, or how the name of its owner begins."})
	}
	_, err := s.account(r.Context(), id)
	switch {
	case errors.Is(err, account.ErrNotOpen) || errors.Is(err, event.ErrInvalidStream):
		return s.findOwner(w, r, typed)
	case err != nil:
		return err
	}
	http.Redirect(w, r, accountPath(id), http.StatusSeeOther)
	return nil
}

// findOwner lists the accounts whose owner's name begins as typed.
func (s *site) findOwner(w http.ResponseWriter, r *http.Request, typed string) error {
	cursor, owner := r.URL.Query().Get("cursor"), strings.TrimSpace(typed)
	list, err := s.cfg.Reader.Accounts(r.Context(), readmodel.AccountsQuery{
		Owner: owner, PageQuery: readmodel.PageQuery{Cursor: cursor, Limit: listLines},
	})
	if err != nil {
		return err
	}
	if len(list.Items) == 0 && cursor == "" {
		return s.renderList(w, r, http.StatusNotFound, listPage{
			Typed: typed, Error: "There is no account with this number, and no owner whose name begins like this.",
		})
	}
	p := listPage{Accounts: list.Items, Owner: owner, Typed: typed}
	if cursor != "" {
		p.Start = withQuery(findPath, "number", typed)
	}
	if list.Next != "" {
		p.Next = withQuery(findPath, "number", typed, "cursor", list.Next)
	}
	return s.render(w, http.StatusOK, "list", view{
		Title: "Accounts found", Nav: "accounts", Data: p,
		Live: &following{Page: withQuery(findPath, "number", typed, "cursor", cursor), Source: livePath},
	})
}

func (s *site) renderList(w http.ResponseWriter, r *http.Request, status int, p listPage) (err error) {
	cursor := ""
	if p.Error == "" { // else it would be one of the search
		cursor = r.URL.Query().Get("cursor")
	}
	list, err := s.cfg.Reader.Accounts(r.Context(), readmodel.AccountsQuery{PageQuery: readmodel.PageQuery{Cursor: cursor, Limit: listLines}})
	if err != nil {
		return err
	}
	if p.Totals, err = s.cfg.Reader.Totals(r.Context()); err != nil {
		return err
	}
	p.Accounts = list.Items
	if cursor != "" {
		p.Start = "/"
	}
	if list.Next != "" {
		p.Next = withQuery("/", "cursor", list.Next)
	}
	return s.render(w, status, "list", view{
		Title: "Accounts", Nav: "accounts", Data: p,
		Live: &following{Page: withQuery("/", "cursor", cursor), Source: livePath},
	})
}
