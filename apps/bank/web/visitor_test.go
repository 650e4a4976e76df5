package web_test

import (
	"context"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"golang.org/x/net/html"

	"github.com/eventsource-go/eventsource/apps/bank/banktest"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/apps/bank/web"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// visitor is somebody at a browser without JavaScript.
type visitor struct {
	*banktest.Bank
	t      *testing.T
	server *httptest.Server
	page   *page
}

// page is what the visitor looks at.
type page struct {
	status int
	url    *url.URL
	header http.Header
	body   string
	root   *html.Node
}

func visit(t *testing.T, change ...func(*web.Config)) *visitor {
	t.Helper()
	return visitBank(t, banktest.Start(t, ledger.Config{}), change...)
}

func visitBank(t *testing.T, b *banktest.Bank, change ...func(*web.Config)) *visitor {
	t.Helper()
	cfg := web.Config{Ledger: b.Ledger, Reader: b.Reader, Waiter: b.Waiter, Changes: b.Live}
	for _, set := range change {
		set(&cfg)
	}
	h, err := web.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{Bank: b, t: t, server: httptest.NewServer(h)}
	t.Cleanup(v.server.Close)
	t.Cleanup(b.Live.Close) // streams end before the server waits for them
	return v
}

// get looks at path, and goes where it leads.
func (v *visitor) get(path string) *page {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.server.URL+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.do(req)
}

func (v *visitor) do(req *http.Request) *page {
	v.t.Helper()
	res, err := v.server.Client().Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	p := &page{status: res.StatusCode, url: res.Request.URL, header: res.Header, body: string(body)}
	if p.root, err = html.Parse(strings.NewReader(p.body)); err != nil {
		v.t.Fatal(err)
	}
	v.page = p
	return p
}

// fill returns what the form on the page sends when these fields, names and values in turn, are
// filled in. It fails the test if the form is not there, or has no such field.
func (v *visitor) fill(id string, pairs ...string) *http.Request {
	v.t.Helper()
	form := v.page.byID("form-" + id)
	if form == nil {
		v.t.Fatalf("%s has no form %q:\n%s", v.page.url, id, v.page.text())
	}
	values := make(url.Values)
	for n := range form.Descendants() {
		switch {
		case n.Type == html.ElementNode && n.Data == "input":
			values.Set(attr(n, "name"), attr(n, "value"))
		case n.Type == html.ElementNode && n.Data == "option" && hasAttr(n, "selected"):
			values.Set(attr(n.Parent, "name"), text(n))
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		if !values.Has(pairs[i]) {
			v.t.Fatalf("form %q has no field %q", id, pairs[i])
		}
		values.Set(pairs[i], pairs[i+1])
	}
	return v.post(attr(form, "action"), values)
}

// post returns a request as a browser makes it of a form.
func (v *visitor) post(path string, values url.Values) *http.Request {
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.server.URL+path, strings.NewReader(values.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("Origin", v.server.URL)
	return req
}

// send fills in a form and sends it.
func (v *visitor) send(id string, pairs ...string) *page {
	v.t.Helper()
	return v.do(v.fill(id, pairs...))
}

func (p *page) byID(id string) *html.Node {
	return p.first(func(n *html.Node) bool { return attr(n, "id") == id })
}

func (p *page) first(match func(*html.Node) bool) *html.Node {
	for n := range p.all(match) {
		return n
	}
	return nil
}

func (p *page) all(match func(*html.Node) bool) iter.Seq[*html.Node] {
	return func(yield func(*html.Node) bool) {
		for n := range p.root.Descendants() {
			if n.Type == html.ElementNode && match(n) && !yield(n) {
				return
			}
		}
	}
}

func (p *page) withClass(class string) []*html.Node {
	return slices.Collect(p.all(func(n *html.Node) bool { return slices.Contains(strings.Fields(attr(n, "class")), class) }))
}

// text is what the page says, without what is not shown.
func (p *page) text() string { return text(p.root) }

// says returns the text of an element, "" if it is not there.
func (p *page) says(id string) string {
	if n := p.byID(id); n != nil {
		return text(n)
	}
	return ""
}

// value is what is in a field.
func (p *page) value(id string) string {
	if n := p.byID(id); n != nil {
		return attr(n, "value")
	}
	return ""
}

// amounts returns the amounts within an element, as a program reads them.
func (p *page) amounts(id string) []string {
	n := p.byID(id)
	if n == nil {
		return nil
	}
	var found []string
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == "data" {
			found = append(found, attr(d, "value"))
		}
	}
	return found
}

// link returns where a link with this text leads.
func (p *page) link(label string) string {
	n := p.first(func(n *html.Node) bool { return n.Data == "a" && text(n) == label })
	if n == nil {
		return ""
	}
	return attr(n, "href")
}

func text(n *html.Node) string {
	var words []string
	for d := range n.Descendants() {
		if d.Type == html.TextNode && d.Parent.Data != "title" {
			words = append(words, strings.Fields(d.Data)...)
		}
	}
	return strings.Join(words, " ")
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

type htmlNode = html.Node

// path is where an account is.
func path(id string) string { return "/accounts/" + url.PathEscape(id) }

// cents returns what the ledger says an account holds.
func (v *visitor) cents(id string) int64 {
	v.t.Helper()
	a, _, err := v.Ledger.Account(v.t.Context(), id)
	if err != nil {
		v.t.Fatal(err)
	}
	return a.Balance.Minor
}

func (v *visitor) version(id string) event.Version {
	v.t.Helper()
	_, n, err := v.Ledger.Account(v.t.Context(), id)
	if err != nil {
		v.t.Fatal(err)
	}
	return n
}

// eventually waits until ok is true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

// never is a waiter whose read models show nothing any more.
type never struct{ neverBehind }

func (never) Await(ctx context.Context, _ event.Position) error {
	<-ctx.Done()
	return ctx.Err()
}

func eur(cents int64) money.Amount { return banktest.EUR(cents) }

// dropTables breaks the read models for good.
func dropTables(ctx context.Context, tx bun.Tx, _ eventstore.Streams) error {
	_, err := tx.NewDropTable().Table("bank_accounts").Exec(ctx)
	return err
}
