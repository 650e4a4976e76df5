package web

import (
	"net/http"

	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
)

// auditPage is the audit trail, of everything or of one account.
type auditPage struct {
	Account     string
	Lines       []readmodel.Trace
	Start, Next string // links; empty if there is nothing there
}

func (s *site) showAudit(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	id, cursor := typedAccount(q.Get("account")), q.Get("cursor")
	page, err := s.cfg.Reader.Audit(r.Context(), readmodel.AuditQuery{
		Account: id, PageQuery: readmodel.PageQuery{Cursor: cursor, Limit: auditLines},
	})
	if err != nil {
		return err
	}
	p := auditPage{Account: id, Lines: page.Items}
	if cursor != "" {
		p.Start = withQuery("/audit", "account", id)
	}
	if page.Next != "" {
		p.Next = withQuery("/audit", "account", id, "cursor", page.Next)
	}
	return s.render(w, http.StatusOK, "audit", view{
		Title: "Audit trail", Nav: "audit", Data: p,
		Live: &following{
			Page:   withQuery("/audit", "account", id, "cursor", cursor),
			Source: withQuery(livePath, "account", id),
		},
	})
}
