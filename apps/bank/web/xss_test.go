package web_test

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/apps/bank/transfer"
	"github.com/eventsource-go/eventsource/core/event"
)

func payloads(t *testing.T) []string {
	t.Helper()
	f, err := os.Open("testdata/xss.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var found []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if text := strings.TrimSpace(lines.Text()); text != "" {
			found = append(found, text)
		}
	}
	if len(found) < 60 {
		t.Fatal(len(found), "payloads")
	}
	return found
}

// shape is what a browser makes of a page, or a part of it, without the text: its elements in
// order, with the names of their attributes.
func shape(root *html.Node, leaveOut func(*html.Node) bool) []string {
	var found []string
	for n := range root.Descendants() {
		switch {
		case leaveOut != nil && within(n, leaveOut):
		case n.Type == html.ElementNode:
			names := []string{n.Data}
			for _, a := range n.Attr {
				names = append(names, a.Key)
			}
			found = append(found, strings.Join(names, " "))
		case n.Type == html.CommentNode:
			found = append(found, "comment")
		}
	}
	return found
}

func within(n *html.Node, match func(*html.Node) bool) bool {
	for ; n != nil; n = n.Parent {
		if n.Type == html.ElementNode && match(n) {
			return true
		}
	}
	return false
}

func isLine(n *html.Node) bool { return n.Data == "tr" && hasAttr(n, "data-key") }

// Whatever is stored in a text, each page has the elements and attributes that it has with a
// harmless one, and shows the text as it is.
func TestStoredTextIsNeverMarkup(t *testing.T) {
	v := visit(t)
	harmless := make(map[string][]string)
	for name, p := range v.pagesWith("harmless") {
		harmless[name] = shape(p.root, nil)
	}
	line := shape(v.get("/").first(isLine), nil)
	rest := func(p *page) []string {
		return shape(p.root, func(n *html.Node) bool { return isLine(n) || attr(n, "class") == "pages" })
	}
	list := rest(v.get("/"))
	owners := map[string]int{"harmless": 2}
	for _, payload := range payloads(t) {
		for name, p := range v.pagesWith(payload) {
			if !slices.Equal(shape(p.root, nil), harmless[name]) {
				t.Errorf("%s with %q has other elements", name, payload)
			}
			if shown := words(ownerOf(payload)); name != "audit" && !strings.Contains(p.text(), shown) {
				t.Errorf("%s does not show %q", name, payload)
			}
		}
		owners[words(ownerOf(payload))] += 2
	}
	for at := "/"; at != ""; at = v.page.link("More accounts") {
		p := v.get(at)
		if !slices.Equal(rest(p), list) {
			t.Error(p.url, "has other elements")
		}
		for n := range p.all(isLine) {
			if !slices.Equal(shape(n, nil), line) {
				t.Errorf("the line of %q has other elements", text(n))
			}
			for cell := range n.ChildNodes() {
				if attr(cell, "class") == "owner" {
					owners[text(cell)]--
				}
			}
		}
	}
	for owner, n := range owners {
		if n != 0 {
			t.Errorf("%q has %d lines less than accounts", owner, n)
		}
	}
}

// pagesWith writes payload into every text that there is, and returns each page that shows it.
func (v *visitor) pagesWith(payload string) map[string]*page {
	v.t.Helper()
	ctx := event.WithCorrelation(event.WithActor(v.t.Context(), payload), payload)
	must := func(err error) {
		v.t.Helper()
		if err != nil {
			v.t.Fatalf("%q: %v", payload, err)
		}
	}
	a, err := v.Ledger.Open(ctx, account.Open{Owner: ownerOf(payload), Currency: money.EUR})
	must(err)
	b, err := v.Ledger.Open(ctx, account.Open{Owner: ownerOf(payload), Currency: money.EUR})
	must(err)
	_, err = v.Ledger.Deposit(ctx, a.Account, account.Deposit{Amount: eur(1000), Reference: payload})
	must(err)
	_, err = v.Ledger.Withdraw(ctx, a.Account, account.Withdraw{Amount: eur(100), Reference: payload})
	must(err)
	_, err = v.Ledger.Transfer(ctx, transfer.Transfer{From: a.Account, To: b.Account, Amount: eur(900), Reference: payload})
	must(err)
	_, err = v.Ledger.Freeze(ctx, a.Account, account.Freeze{Reason: payload})
	must(err)
	_, err = v.Ledger.Unfreeze(ctx, a.Account, account.Unfreeze{Reason: payload})
	must(err)
	_, err = v.Ledger.Close(ctx, a.Account, account.Close{Reason: payload})
	must(err)
	v.CatchUp()
	found := map[string]*page{
		"account": v.get(path(a.Account)),
		"other":   v.get(path(b.Account)),
		"history": v.get(path(a.Account) + "/history"),
		"then":    v.get(path(a.Account) + "/history?asOf=5"),
		"audit":   v.get("/audit?account=" + a.Account),
	}
	v.get(path(b.Account))
	found["refused"] = v.send("transfer", "to", payload, "amount", payload, "reference", payload)
	if got := v.page.value("transfer-reference"); got != payload {
		v.t.Errorf("typed %q, shown %q", payload, got)
	}
	return found
}

// ownerOf cuts payload to what a name may be.
func ownerOf(payload string) string {
	if n := []rune(payload); len(n) > account.MaxOwner {
		return strings.TrimSpace(string(n[:account.MaxOwner]))
	}
	return payload
}

func words(text string) string { return strings.Join(strings.Fields(text), " ") }

// What is in an address is not markup either.
func TestAddressIsNeverMarkup(t *testing.T) {
	v := visit(t)
	id := v.OpenAccount("Ann", 100)
	v.CatchUp()
	for _, at := range []string{
		"/find?number=", "/audit?account=", "/?cursor=", "/accounts/", path(id) + "?done=", path(id) + "?cursor=", path(id) + "/history?asOf=",
		path(id) + "/history?before=", path(id) + "/history?from=", "/static/",
	} {
		plain := shape(v.get(at+"harmless").root, nil)
		for _, payload := range payloads(t) {
			p := v.get(at + escape(payload))
			if got := shape(p.root, nil); !slices.Equal(got, plain) {
				t.Errorf("%s with %q has other elements", at, payload)
			}
		}
	}
}

// escape makes a path segment, or the value of a parameter, of any text.
func escape(text string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(text) {
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}
