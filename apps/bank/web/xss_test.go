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

// shape is a page without its text: its elements, in order, with the names of their attributes,
// and the values of those that make a browser do something.
func shape(p *page) []string {
	var found []string
	for n := range p.root.Descendants() {
		switch n.Type {
		case html.ElementNode:
			names := []string{n.Data}
			for _, a := range n.Attr {
				names = append(names, a.Key)
			}
			found = append(found, strings.Join(names, " "))
		case html.CommentNode:
			found = append(found, "comment")
		}
	}
	return found
}

// Whatever is stored in a text, each page has the elements and attributes that it has with a
// harmless one, and shows the text as it is.
func TestStoredTextIsNeverMarkup(t *testing.T) {
	harmless := make(map[string][]string)
	checkStoredText(t, "harmless", func(name string, p *page) { harmless[name] = shape(p) })
	for _, payload := range payloads(t) {
		checkStoredText(t, payload, func(name string, p *page) {
			if !slices.Equal(shape(p), harmless[name]) {
				t.Errorf("%s with %q has other elements", name, payload)
			}
		})
	}
}

// checkStoredText writes payload into every text that there is, and gives each page that shows
// some of it to compare.
func checkStoredText(t *testing.T, payload string, compare func(name string, p *page)) {
	t.Helper()
	v := visit(t)
	ctx := event.WithCorrelation(event.WithActor(t.Context(), payload), payload)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%q: %v", payload, err)
		}
	}
	owner, reference := payload, payload
	if n := []rune(owner); len(n) > account.MaxOwner {
		owner = strings.TrimSpace(string(n[:account.MaxOwner]))
	}
	a, err := v.Ledger.Open(ctx, account.Open{Owner: owner, Currency: money.EUR})
	must(err)
	b, err := v.Ledger.Open(ctx, account.Open{Owner: owner, Currency: money.EUR})
	must(err)
	_, err = v.Ledger.Deposit(ctx, a.Account, account.Deposit{Amount: eur(1000), Reference: reference})
	must(err)
	_, err = v.Ledger.Withdraw(ctx, a.Account, account.Withdraw{Amount: eur(100), Reference: reference})
	must(err)
	_, err = v.Ledger.Transfer(ctx, transfer.Transfer{From: a.Account, To: b.Account, Amount: eur(900), Reference: reference})
	must(err)
	_, err = v.Ledger.Freeze(ctx, a.Account, account.Freeze{Reason: reference})
	must(err)
	_, err = v.Ledger.Unfreeze(ctx, a.Account, account.Unfreeze{Reason: reference})
	must(err)
	_, err = v.Ledger.Close(ctx, a.Account, account.Close{Reason: reference})
	must(err)
	v.CatchUp()

	check := func(name string, p *page) {
		compare(name, p)
		if shown := strings.Join(strings.Fields(owner), " "); name != "audit" && name != "refused" && !strings.Contains(p.text(), shown) {
			t.Errorf("%s does not show %q", name, owner)
		}
	}
	check("list", v.get("/"))
	check("account", v.get(path(a.Account)))
	check("other", v.get(path(b.Account)))
	check("history", v.get(path(a.Account)+"/history"))
	check("then", v.get(path(a.Account)+"/history?asOf=5"))
	check("audit", v.get("/audit"))
	v.get(path(b.Account))
	check("refused", v.send("transfer", "to", payload, "amount", payload, "reference", payload))
	if got := v.page.value("transfer-reference"); got != payload {
		t.Errorf("typed %q, shown %q", payload, got)
	}
}

// What is in an address is not markup either.
func TestAddressIsNeverMarkup(t *testing.T) {
	v := visit(t)
	id := v.OpenAccount("Ann", 100)
	v.CatchUp()
	for _, at := range []string{
		"/find?number=", "/audit?account=", "/?cursor=", "/accounts/", path(id) + "?done=", path(id) + "?cursor=", path(id) + "/history?asOf=",
		path(id) + "/history?before=", path(id) + "/history?from=", "/static/",
	} {
		plain := shape(v.get(at + "harmless"))
		for _, payload := range payloads(t) {
			p := v.get(at + escape(payload))
			if got := shape(p); !slices.Equal(got, plain) {
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
