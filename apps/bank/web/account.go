package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// accountPage is an account, its statement, and what can be done with it.
type accountPage struct {
	Account   readmodel.Account
	Forms     []*form
	Notice    string // what was done
	Alert     string // what was not
	Wrong     string // the id of the field that is to blame for it
	Behind    bool   // the statement does not show everything yet
	Statement statement
}

// statement is lines of a statement, newest first.
type statement struct {
	Lines  []readmodel.Entry
	Start  string // the link to its beginning; empty if this is it
	Next   string // the link to older lines; empty if there are none
	Empty  string // what to say if there is no line
	Linked bool   // lines lead to the account as it was after them
}

// account returns an account from the read model; one that is too new to be there comes from
// its stream. Errors: [account.ErrNotOpen].
func (s *site) account(ctx context.Context, id string) (readmodel.Account, error) {
	row, err := s.cfg.Reader.Account(ctx, id)
	if !errors.Is(err, readmodel.ErrNotFound) {
		return row, err
	}
	now, v, err := s.cfg.Ledger.Account(ctx, id)
	return asRow(id, now, v), err
}

func asRow(id string, a account.Account, v event.Version) readmodel.Account {
	return readmodel.Account{ID: id, Owner: a.Owner, Status: a.Status, Balance: a.Balance, Version: v}
}

func (s *site) showAccount(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	row, err := s.account(r.Context(), id)
	if err != nil {
		return err
	}
	p := accountPage{Account: row}
	if err := s.notice(r, &p); err != nil {
		return err
	}
	p.Forms = formsFor(p.Account)
	return s.finishAccount(w, r, http.StatusOK, p)
}

// renderAccount answers to a form f that did nothing.
func (s *site) renderAccount(w http.ResponseWriter, r *http.Request, status int, id string, now account.Account, v event.Version, f *form) error {
	p := accountPage{Account: asRow(id, now, v), Alert: f.Error, Forms: formsFor(asRow(id, now, v))}
	if i := slices.IndexFunc(f.Fields, func(fd field) bool { return fd.Error != "" }); i >= 0 {
		p.Alert, p.Wrong = "Nothing was booked.", f.Fields[i].ID()
	}
	for _, other := range p.Forms {
		other.Open = false
	}
	at := slices.IndexFunc(p.Forms, func(other *form) bool { return other.ID == f.ID })
	switch {
	case at >= 0:
		p.Forms[at] = f
	case now.Status != account.StatusClosed: // what was typed may be of use again
		p.Forms = append([]*form{f}, p.Forms...)
	}
	return s.finishAccount(w, r, status, p)
}

func (s *site) finishAccount(w http.ResponseWriter, r *http.Request, status int, p accountPage) error {
	id, cursor := p.Account.ID, r.URL.Query().Get("cursor")
	row, err := s.cfg.Reader.Account(r.Context(), id)
	if err != nil && !errors.Is(err, readmodel.ErrNotFound) {
		return err
	}
	p.Behind = row.Version < p.Account.Version
	p.Statement = statement{Empty: "No money has come or gone yet."}
	if row.Version > 0 {
		page, err := s.cfg.Reader.Statement(r.Context(), id, readmodel.PageQuery{Cursor: cursor, Limit: listLines})
		if err != nil {
			return err
		}
		p.Statement.Lines = page.Items
		if page.Next != "" {
			p.Statement.Next = withQuery(accountPath(id), "cursor", page.Next)
		}
		if cursor != "" {
			p.Statement.Start = accountPath(id)
		}
	}
	return s.render(w, status, "account", view{
		Title: p.Account.Owner, Nav: "accounts", Data: p,
		Live: &following{Page: withQuery(accountPath(id), "cursor", cursor), Source: withQuery(livePath, "account", id)},
	})
}

// notice says what the event was that the page is shown for. It is taken from the stream, so a
// link can't make the page say what did not happen; where the read model does not show it yet,
// the account comes from there too.
func (s *site) notice(r *http.Request, p *accountPage) error {
	v, err := parseVersion(r.URL.Query().Get("done"))
	if err != nil {
		return nil // nothing was done
	}
	envs, err := eventstore.Collect(s.cfg.Ledger.History(r.Context(), p.Account.ID, eventstore.ReadQuery{After: v - 1, Limit: 1}))
	if err != nil || len(envs) == 0 {
		return err
	}
	did := describe(envs[0])
	text := did.Title
	if did.Other != "" {
		text += " " + did.Other
	}
	if !did.Amount.IsZero() {
		amount := did.Amount
		amount.Minor = max(amount.Minor, -amount.Minor)
		text += ": " + formatMoney(amount)
	}
	p.Notice = text + "."
	if r.URL.Query().Get("again") == "1" {
		p.Notice = "This was sent twice and counts once. " + p.Notice
	}
	if p.Account.Version >= v {
		return nil
	}
	now, latest, err := s.cfg.Ledger.Account(r.Context(), p.Account.ID)
	p.Account = asRow(p.Account.ID, now, latest)
	return err
}

func versionText(v event.Version) string { return strconv.FormatUint(uint64(v), 10) }
