package web

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/eventsource-go/eventsource/apps/bank/problem"
)

//go:embed templates
var templates embed.FS

// pages is the template of each page, by name.
type pages map[string]*template.Template

// parsePages returns all pages. It panics if one can't be read, which a test would have found.
func parsePages() pages {
	funcs := template.FuncMap{
		"asset": assetPath, "account": accountPath, "history": historyPath, "kind": kindTitle, "event": eventTitle,
		"money": formatMoney, "number": formatNumber, "change": formatChange,
		"time": formatTime, "date": formatDate, "machine": machineTime,
		"initial": initial, "plural": plural[int],
	}
	layout := template.Must(template.New("layout").Funcs(funcs).ParseFS(templates, "templates/layout.html", "templates/parts.html"))
	found := make(pages)
	for _, name := range []string{"list", "open", "account", "history", "audit", "failure"} {
		found[name] = template.Must(template.Must(layout.Clone()).ParseFS(templates, "templates/"+name+".html"))
	}
	return found
}

// view is what every page has.
type view struct {
	Title string
	Nav   string // which entry of the menu it belongs to
	Live  *following
	Data  any
}

// following says what keeps a page up to date: Source tells when, Page is fetched then.
type following struct{ Page, Source string }

// render answers with a page, once all of it is there.
func (s *site) render(w http.ResponseWriter, status int, name string, v view) error {
	var b bytes.Buffer
	if err := s.pages[name].ExecuteTemplate(&b, "layout", v); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	// The error is that the visitor has gone.
	_, _ = w.Write(b.Bytes())
	return nil
}

// fail answers with a page that says what went wrong, and notes what is ours to look into.
func (s *site) fail(w http.ResponseWriter, r *http.Request, err error) {
	f, known := failed(err)
	id := w.Header().Get(problem.RequestIDHeader)
	if !known {
		s.cfg.Log.ErrorContext(r.Context(), "page failed", "request", id, "route", r.Pattern, "error", err)
	}
	if f.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	err = s.render(w, f.status, "failure", view{Title: f.title, Data: struct {
		Title, Text, Request string
	}{f.title, f.text, id}})
	if err != nil {
		s.cfg.Log.ErrorContext(r.Context(), "page failed", "request", id, "route", r.Pattern, "error", err)
		http.Error(w, f.title, f.status)
	}
}

func accountPath(id string) string { return "/accounts/" + url.PathEscape(id) }

func historyPath(id string) string { return accountPath(id) + "/history" }

// withQuery returns a link with these names and values; empty values are left out.
func withQuery(path string, pairs ...string) string {
	q := make(url.Values)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// initial returns the first letter of a name.
func initial(name string) string {
	for _, r := range name {
		return strings.ToUpper(string(r))
	}
	return ""
}
