package web

import (
	"net/http"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
)

func openForm() *form {
	f := newForm("open", "/open", "Open account", "Open account",
		field{Name: "owner", Label: "Owner", Hint: "The name of the person or company", Max: account.MaxOwner},
		field{Name: "currency", Label: "Currency", Hint: "It can't be changed later", Options: money.Currencies(), Value: string(money.EUR)},
	)
	f.Open = true
	return f
}

func (s *site) showOpenForm(w http.ResponseWriter, _ *http.Request) error {
	return s.renderOpenForm(w, http.StatusOK, openForm())
}

func (s *site) renderOpenForm(w http.ResponseWriter, status int, f *form) error {
	return s.render(w, status, "open", view{Title: f.Title, Nav: "open", Data: f})
}

func (s *site) openAccount(w http.ResponseWriter, r *http.Request) error {
	in, err := parseForm(r)
	if err != nil {
		return err
	}
	cmd := account.Open{Owner: in.values["owner"], Currency: money.Currency(in.values["currency"])}
	res, err := s.cfg.Ledger.Open(r.Context(), cmd, ledger.IdempotencyKey(in.key))
	if err == nil {
		s.await(r.Context(), res.Position)
		http.Redirect(w, r, doneURL(res.Account, receipt{res.Version, res.Position, res.Replayed}), http.StatusSeeOther)
		return nil
	}
	why, ok := refused(err, "")
	if !ok {
		return err
	}
	f := openForm()
	f.keep(in, why, err)
	return s.renderOpenForm(w, why.status, f)
}
