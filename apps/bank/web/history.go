package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// historyPage is what happened to an account, and what it was like at one point of it.
type historyPage struct {
	ID, Owner string // as of now
	Latest    event.Version
	At        *moment // what is looked at; nil if the account was not open then
	Asked     string  // in the form
	Error     string
	Before    string // the time asked for, if the account was not open then
	Future    bool   // the time asked for is still to come

	Events []happening
	Newest string // the link to the newest events; empty if they are here
	Newer  string
	Older  string

	Statement statement
}

// moment is an account as it was.
type moment struct {
	Account         readmodel.Account
	Last            happening // what led to it
	Time            string    // the time asked for, if it was one
	Future          bool      // which is still to come
	Current         bool      // it is like that now
	First, Previous string    // links; empty if there is nothing earlier
	Next, Latest    string    // links; empty if there is nothing later
}

// happening is an event of an account.
type happening struct {
	ledger.Envelope
	What  what
	Link  string // to the account as it was then
	Shown bool   // that is what is looked at
	Later bool   // it had not happened then
}

func (s *site) showHistory(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), r.PathValue("id")
	now, latest, err := s.cfg.Ledger.Account(ctx, id)
	if err != nil {
		return err
	}
	p := historyPage{ID: id, Owner: now.Owner, Latest: latest}
	v, status, err := s.asOf(r, &p)
	if err != nil {
		return err
	}
	if err := s.look(ctx, &p, v); err != nil {
		return err
	}
	if err := s.events(ctx, &p, v, r.URL.Query().Get("before")); err != nil {
		return err
	}
	if err := s.statementAt(ctx, &p, v, r.URL.Query().Get("from")); err != nil {
		return err
	}
	following := &following{Page: historyPath(id), Source: withQuery(livePath, "account", id)}
	if q := r.URL.RawQuery; q != "" {
		following.Page += "?" + r.URL.Query().Encode()
	}
	return s.render(w, status, "history", view{Title: "History of " + now.Owner, Nav: "accounts", Data: p, Live: following})
}

// asOf returns the version that the page is asked for; 0 is before the first one.
func (s *site) asOf(r *http.Request, p *historyPage) (v event.Version, status int, err error) {
	asked := r.URL.Query().Get("asOf")
	if asked == "" {
		return p.Latest, http.StatusOK, nil
	}
	if v, err := parseVersion(asked); err == nil {
		if v > p.Latest {
			p.Asked = s.cfg.Now().UTC().Format(inputTime)
			p.Error = "There is no version " + versionText(v) + ": the account is at version " + versionText(p.Latest) + "."
			return p.Latest, http.StatusNotFound, nil
		}
		return v, http.StatusOK, nil
	}
	t, err := parseTime(asked)
	if why, ok := errors.AsType[*refusal](err); ok {
		p.Asked = s.cfg.Now().UTC().Format(inputTime) // what was typed is nothing that the field can show
		p.Error = why.text
		return p.Latest, why.status, nil
	}
	p.Asked, p.Before, p.Future = t.UTC().Format(inputTime), formatTime(t), t.After(s.cfg.Now())
	_, v, err = s.cfg.Ledger.AccountAsOf(r.Context(), p.ID, t)
	if errors.Is(err, account.ErrNotOpen) {
		return 0, http.StatusOK, nil
	}
	return v, http.StatusOK, err
}

// look fills in what the account was like at v.
func (s *site) look(ctx context.Context, p *historyPage, v event.Version) error {
	if v == 0 {
		return nil
	}
	state, _, err := s.cfg.Ledger.AccountAt(ctx, p.ID, v)
	if err != nil {
		return err
	}
	envs, err := eventstore.Collect(s.cfg.Ledger.History(ctx, p.ID, eventstore.ReadQuery{UpTo: v, Backward: true, Limit: 1}))
	if err != nil || len(envs) == 0 {
		return err
	}
	at := &moment{Account: asRow(p.ID, state, v), Last: newHappening(p.ID, envs[0], v), Time: p.Before, Future: p.Future, Current: v == p.Latest}
	if v > 1 {
		at.First, at.Previous = asOfLink(p.ID, 1), asOfLink(p.ID, v-1)
	}
	if v < p.Latest {
		at.Next, at.Latest = asOfLink(p.ID, v+1), historyPath(p.ID)
	}
	if p.Before == "" && p.Error == "" {
		p.Asked = envs[0].Occurred.Format(inputTime)
	}
	p.At, p.Before = at, ""
	return nil
}

// events fills in the events up to before, or so that v is among them.
func (s *site) events(ctx context.Context, p *historyPage, v event.Version, before string) error {
	const later = 3 // as many are shown above v
	newest := p.Latest
	if v > 0 {
		newest = min(newest, v+later)
	}
	if before != "" {
		b, err := parseVersion(before)
		if err != nil || b < 2 {
			return errNoListPage
		}
		newest = min(p.Latest, b-1)
	}
	envs, err := eventstore.Collect(s.cfg.Ledger.History(ctx, p.ID, eventstore.ReadQuery{UpTo: newest, Backward: true, Limit: listLines}))
	if err != nil {
		return err
	}
	for _, env := range envs {
		p.Events = append(p.Events, newHappening(p.ID, env, v))
	}
	asked := ""
	if v != p.Latest {
		asked = versionText(v)
	}
	if newest < p.Latest {
		p.Newest = withQuery(historyPath(p.ID), "asOf", asked, "before", versionText(p.Latest+1))
		p.Newer = withQuery(historyPath(p.ID), "asOf", asked, "before", versionText(min(newest+listLines, p.Latest)+1))
	}
	if n := len(envs); n > 0 && envs[n-1].Version > 1 {
		p.Older = withQuery(historyPath(p.ID), "asOf", asked, "before", versionText(envs[n-1].Version))
	}
	return nil
}

func newHappening(id string, env ledger.Envelope, v event.Version) happening {
	return happening{
		Envelope: env, What: describe(env), Link: asOfLink(id, env.Version),
		Shown: env.Version == v, Later: env.Version > v,
	}
}

// statementAt fills in the statement as it was at v, from version from downwards. It comes from
// the stream: each line's balance is that of the line above without what that did.
func (s *site) statementAt(ctx context.Context, p *historyPage, v event.Version, from string) error {
	p.Statement = statement{Empty: "No money had come or gone yet.", Linked: true}
	if v == 0 {
		return nil
	}
	start := v
	if from != "" {
		f, err := parseVersion(from)
		if err != nil || f > v {
			return errNoListPage
		}
		start, p.Statement.Start = f, asOfLink(p.ID, v)
	}
	state, _, err := s.cfg.Ledger.AccountAt(ctx, p.ID, start)
	if err != nil {
		return err
	}
	balance := state.Balance
	for env, err := range s.cfg.Ledger.History(ctx, p.ID, eventstore.ReadQuery{UpTo: start, Backward: true}) {
		if err != nil {
			return err
		}
		kind, moved := statementKind(env.Event)
		if !moved {
			continue
		}
		if len(p.Statement.Lines) == listLines {
			p.Statement.Next = withQuery(historyPath(p.ID), "asOf", versionText(v), "from", versionText(env.Version))
			return nil
		}
		did := describe(env)
		p.Statement.Lines = append(p.Statement.Lines, readmodel.Entry{
			Account: p.ID, Version: env.Version, Kind: kind, Amount: did.Amount, Balance: balance,
			Other: did.Other, Reference: did.Text, Occurred: env.Occurred,
		})
		if balance, err = balance.Sub(did.Amount); err != nil {
			return err
		}
	}
	return nil
}

func asOfLink(id string, v event.Version) string {
	return withQuery(historyPath(id), "asOf", versionText(v))
}
