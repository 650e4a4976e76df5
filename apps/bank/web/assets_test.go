package web_test

import (
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/banktest"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/web"
)

func TestFilesMayBeKept(t *testing.T) {
	v := visit(t)
	for n := range v.get("/").all(func(n *htmlNode) bool { return strings.HasPrefix(attr(n, "href")+attr(n, "src"), "/static/") }) {
		at := attr(n, "href") + attr(n, "src")
		p := v.get(at)
		if p.status != 200 || p.header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Error(at, p.status, p.header)
		}
		bare, _, _ := strings.Cut(at, "?")
		for _, other := range []string{bare, bare + "?v=000000000000"} {
			if p := v.get(other); p.status != 200 || p.header.Get("Cache-Control") != "no-cache" {
				t.Error(other, p.status, p.header)
			}
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.server.URL+bare, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("If-None-Match", p.header.Get("ETag"))
		if p := v.do(req); p.status != http.StatusNotModified {
			t.Error(bare, p.status)
		}
	}
}

func TestConfigSaysWhatIsMissing(t *testing.T) {
	_, err := web.New(web.Config{})
	if !errors.Is(err, web.ErrIncomplete) {
		t.Fatal(err)
	}
	b := banktest.Start(t, ledger.Config{})
	whole := web.Config{Ledger: b.Ledger, Reader: b.Reader, Waiter: b.Waiter, Changes: b.Live}
	if _, err := web.New(whole); err != nil {
		t.Error(err)
	}
	for field, take := range map[string]func(*web.Config){
		"Ledger": func(c *web.Config) { c.Ledger = nil }, "Reader": func(c *web.Config) { c.Reader = nil },
		"Waiter": func(c *web.Config) { c.Waiter = nil }, "Changes": func(c *web.Config) { c.Changes = nil },
	} {
		cfg := whole
		take(&cfg)
		_, err := web.New(cfg)
		if missing, ok := errors.AsType[*web.IncompleteError](err); !ok || missing.Field != field {
			t.Error(field, err)
		}
	}
}

func TestConfigOfWhoActs(t *testing.T) {
	v := visit(t, func(cfg *web.Config) {
		cfg.Actor = func(r *http.Request) string { return "teller " + r.Header.Get("X-Teller") }
	})
	id := v.OpenAccount("Ann", 0)
	v.CatchUp()
	v.get(path(id))
	req := v.fill("deposit", "amount", "1")
	req.Header.Set("X-Teller", "7")
	v.do(req)
	if got := v.get("/audit").says("audit"); !strings.Contains(got, "teller 7") {
		t.Error(got)
	}
}

func TestConfigOfHowLongAPageMayTake(t *testing.T) {
	v := visit(t, func(cfg *web.Config) { cfg.Timeout = time.Nanosecond })
	if p := v.get("/"); p.status != 503 || !strings.Contains(p.text(), "The bank is busy") {
		t.Error(p.status, p.text())
	}
}

// The pages say nothing about how they look, nor do they run anything: that is what the policy
// for scripts and styles relies on.
func TestPagesHoldNoStyleAndNoScript(t *testing.T) {
	for _, p := range everyPage(t) {
		for n := range p.all(func(*htmlNode) bool { return true }) {
			for _, a := range n.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
					t.Errorf("%s: <%s %s>", p.url, n.Data, a.Key)
				}
			}
			if n.Data == "style" || n.Data == "script" && (n.FirstChild != nil || !strings.HasPrefix(attr(n, "src"), "/static/")) {
				t.Errorf("%s: <%s>", p.url, n.Data)
			}
		}
	}
}

// Each field has a label, each id is there once, each reference leads to something, and what
// moves along is found again.
func TestPagesAreAccessible(t *testing.T) {
	for _, p := range everyPage(t) {
		ids := make(map[string]int)
		labels := make(map[string]bool)
		var headings []string
		for n := range p.all(func(*htmlNode) bool { return true }) {
			if id := attr(n, "id"); id != "" {
				ids[id]++
			}
			switch n.Data {
			case "label":
				labels[attr(n, "for")] = true
			case "h1", "h2", "h3":
				headings = append(headings, n.Data)
			}
		}
		for id, n := range ids {
			if n > 1 {
				t.Errorf("%s: id %q is there %d times", p.url, id, n)
			}
		}
		if len(headings) == 0 || headings[0] != "h1" || strings.Count(strings.Join(headings, " "), "h1") != 1 {
			t.Errorf("%s: headings %v", p.url, headings)
		}
		for n := range p.all(func(*htmlNode) bool { return true }) {
			switch {
			case n.Data == "html" && attr(n, "lang") == "":
				t.Errorf("%s: no language", p.url)
			case (n.Data == "input" && attr(n, "type") != "hidden" || n.Data == "select") && !labels[attr(n, "id")]:
				t.Errorf("%s: field %q has no label", p.url, attr(n, "name"))
			case n.Data == "img" && !hasAttr(n, "alt"):
				t.Errorf("%s: picture without a text", p.url)
			case (n.Data == "a" || n.Data == "button") && text(n) == "" && attr(n, "aria-label") == "":
				t.Errorf("%s: <%s> without a text", p.url, n.Data)
			case n.Data == "th" && attr(n, "scope") == "":
				t.Errorf("%s: heading of what?", p.url)
			case hasAttr(n, "data-live") && attr(n, "id") == "":
				t.Errorf("%s: a live part without an id", p.url)
			case hasAttr(n, "data-live") && n.Data == "form":
				t.Errorf("%s: a form would lose what is typed", p.url)
			}
			for _, ref := range []string{"aria-describedby", "aria-labelledby", "for"} {
				for id := range strings.FieldsSeq(attr(n, ref)) {
					if ids[id] == 0 {
						t.Errorf("%s: %s leads to no %q", p.url, ref, id)
					}
				}
			}
			if href := attr(n, "href"); strings.HasPrefix(href, "#") && ids[href[1:]] == 0 {
				t.Errorf("%s: %s leads nowhere", p.url, href)
			}
		}
	}
}

// Links of our own lead somewhere.
func TestLinksLeadSomewhere(t *testing.T) {
	v, pages := everyPageOf(t)
	seen := make(map[string]bool)
	for _, p := range pages {
		for n := range p.all(func(n *htmlNode) bool { return n.Data == "a" }) {
			href := attr(n, "href")
			if seen[href] || strings.HasPrefix(href, "#") {
				continue
			}
			seen[href] = true
			if q := v.get(href); q.status != 200 {
				t.Errorf("%s: link to %s: %d", p.url, href, q.status)
			}
		}
	}
	if len(seen) < 10 {
		t.Error("links:", len(seen))
	}
}

func everyPage(t *testing.T) []*page {
	t.Helper()
	_, pages := everyPageOf(t)
	return pages
}

func everyPageOf(t *testing.T) (*visitor, []*page) {
	t.Helper()
	v, id := history(t)
	var pages []*page
	pages = append(pages, v.get("/"), v.get("/open"), v.get(path(id)), v.get(path(id)+"/history"), v.get(path(id)+"/history?asOf=2"),
		v.get(path(id)+"/history?asOf=77"), v.get(path(id)+"/history?asOf=2020-01-01T00:00:00Z"), v.get("/audit"), v.get("/audit?account="+id),
		v.get("/find?number=x"), v.get("/nothing"), v.get(path(id)+"?done=2&again=1"))
	for _, form := range []string{"deposit", "withdraw", "transfer", "freeze"} {
		v.get(path(id))
		pages = append(pages, v.send(form)) // refused: nothing was filled in
	}
	v.get("/open")
	pages = append(pages, v.send("open"))
	v.get(path(id))
	pages = append(pages, v.send("freeze", "reason", "lost"))
	if slices.ContainsFunc(pages, func(p *page) bool { return p.status >= 500 }) {
		t.Fatal("a page fails")
	}
	return v, pages
}

func TestScriptIsSmall(t *testing.T) {
	if info, err := os.Stat("static/live.js"); err != nil || info.Size() > 8<<10 {
		t.Error(info.Size(), err)
	}
}
