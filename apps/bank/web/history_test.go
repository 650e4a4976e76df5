package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/banktest"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/web"
)

// history is a bank with an account to which something happened each day at noon: opened on
// the 1st, 100.00 in on the 2nd, 30.00 out on the 3rd, frozen on the 4th, unfrozen on the 5th.
func history(t *testing.T) (*visitor, string) {
	t.Helper()
	day := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, -1)
	b := banktest.Start(t, ledger.Config{Now: func() time.Time { day = day.AddDate(0, 0, 1); return day }})
	v := visitBank(t, b)
	id := b.OpenAccount("Ann", 10000)
	for _, do := range []func() (ledger.Receipt, error){
		func() (ledger.Receipt, error) {
			return b.Ledger.Withdraw(t.Context(), id, account.Withdraw{Amount: banktest.EUR(3000), Reference: "Rent"})
		},
		func() (ledger.Receipt, error) {
			return b.Ledger.Freeze(t.Context(), id, account.Freeze{Reason: "Card lost"})
		},
		func() (ledger.Receipt, error) {
			return b.Ledger.Unfreeze(t.Context(), id, account.Unfreeze{Reason: "Card found"})
		},
	} {
		if _, err := do(); err != nil {
			t.Fatal(err)
		}
	}
	b.CatchUp()
	return v, id
}

func TestTimeTravel(t *testing.T) {
	v, id := history(t)
	for _, tt := range []struct {
		asOf                     string
		balance, then, statement string
	}{
		{"", "70.00 EUR", "open Version 5 of 5 since 2026-03-05 12:00:00", "-30.00 70.00 100.00 100.00"},
		{"5", "70.00 EUR", "open Version 5 of 5 since 2026-03-05 12:00:00", "-30.00 70.00 100.00 100.00"},
		{"4", "70.00 EUR", "frozen Version 4 of 5 since 2026-03-04 12:00:00", "-30.00 70.00 100.00 100.00"},
		{"2", "100.00 EUR", "open Version 2 of 5 since 2026-03-02 12:00:00", "100.00 100.00"},
		{"1", "0.00 EUR", "open Version 1 of 5 since 2026-03-01 12:00:00", ""},
		{"2026-03-04T11:59:59Z", "70.00 EUR", "open Version 3 of 5 since 2026-03-03 12:00:00", "-30.00 70.00 100.00 100.00"},
		{"2026-03-04T12:00:00Z", "70.00 EUR", "frozen Version 4 of 5 since 2026-03-04 12:00:00", "-30.00 70.00 100.00 100.00"},
		{"2026-03-02T13:00:00+02:00", "0.00 EUR", "open Version 1 of 5 since 2026-03-01 12:00:00", ""},
		{"2026-03-02T12:00", "100.00 EUR", "open Version 2 of 5 since 2026-03-02 12:00:00", "100.00 100.00"}, // as an input sends it
		{"2030-01-01T00:00:00", "70.00 EUR", "open Version 5 of 5 since 2026-03-05 12:00:00", "-30.00 70.00 100.00 100.00"},
	} {
		p := v.get(path(id) + "/history?asOf=" + url.QueryEscape(tt.asOf))
		if p.status != 200 || p.says("then-balance") != tt.balance || p.says("then") != tt.then {
			t.Errorf("%q: %d %q %q", tt.asOf, p.status, p.says("then-balance"), p.says("then"))
		}
		if got := strings.Join(p.amounts("statement"), " "); got != tt.statement {
			t.Errorf("%q: statement %q", tt.asOf, got)
		}
	}
	p := v.get(path(id) + "/history?asOf=2026-02-28T00:00:00Z")
	if p.status != 200 || !strings.Contains(p.text(), "At 2026-02-28 00:00:00 this account did not exist.") || len(p.amounts("statement")) != 0 || p.link("First") == "" {
		t.Error(p.status, p.text())
	}
}

// A moment that is still to come is no moment that was.
func TestFutureMoments(t *testing.T) {
	v, id := history(t)
	now := time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)
	v = visitBank(t, v.Bank, func(cfg *web.Config) { cfg.Now = func() time.Time { return now } })
	for asked, want := range map[string]string{
		"2026-04-01T09:00:00": "This is how it was at 2026-04-01 09:00:00 .",
		"2026-04-01T09:00:01": "2026-04-01 09:00:01 : this moment is still to come. This is how it is now.",
	} {
		if p := v.get(path(id) + "/history?asOf=" + asked); p.status != 200 || p.says("then-hint") != want || p.says("then-balance") != "70.00 EUR" {
			t.Errorf("%s: %d %q", asked, p.status, p.says("then-hint"))
		}
	}
}

// The field shows the moment that is looked at, to start from.
func TestFieldShowsTheMoment(t *testing.T) {
	v, id := history(t)
	for asked, shown := range map[string]string{
		"": "2026-03-05T12:00:00", "3": "2026-03-03T12:00:00", "2026-03-04T18:30:01Z": "2026-03-04T18:30:01", "2020-01-01T00:00": "2020-01-01T00:00:00",
	} {
		if got := v.get(path(id) + "/history?asOf=" + asked).value("as-of"); got != shown {
			t.Errorf("%q: %q", asked, got)
		}
	}
	now := time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)
	v = visitBank(t, v.Bank, func(cfg *web.Config) { cfg.Now = func() time.Time { return now } })
	for _, asked := range []string{"soon", "99"} { // nothing that the field can show
		if got := v.get(path(id) + "/history?asOf=" + asked).value("as-of"); got != "2026-04-01T09:00:00" {
			t.Errorf("%q: %q", asked, got)
		}
	}
}

func TestStepsThroughTime(t *testing.T) {
	v, id := history(t)
	at := func(n string) string { return path(id) + "/history?asOf=" + n }
	for _, tt := range []struct{ page, first, previous, next, now string }{
		{path(id) + "/history", at("1"), at("4"), "", ""},
		{at("3"), at("1"), at("2"), at("4"), path(id) + "/history"},
		{at("1"), "", "", at("2"), path(id) + "/history"},
	} {
		p := v.get(tt.page)
		if p.link("First") != tt.first || p.link("Previous") != tt.previous || p.link("Next") != tt.next || p.link("Now") != tt.now {
			t.Error(tt.page, p.link("First"), p.link("Previous"), p.link("Next"), p.link("Now"))
		}
	}
}

func TestEventsInOrderWithWhoAndWhen(t *testing.T) {
	v, id := history(t)
	v.get(path(id))
	v.send("deposit", "amount", "1.50", "reference", "Gift")
	p := v.get(path(id) + "/history?asOf=3")
	if got, want := p.says("events"), strings.Join([]string{
		"6 Deposit +1.50 Gift 2026-03-06 12:00:00 by web",
		"5 Account unfrozen Card found 2026-03-05 12:00:00",
		"4 Account frozen Card lost 2026-03-04 12:00:00",
		"3 Withdrawal \u221230.00 Rent 2026-03-03 12:00:00",
		"2 Deposit +100.00 2026-03-02 12:00:00",
		"1 Account opened Ann, EUR 2026-03-01 12:00:00",
	}, " "); got != want {
		t.Errorf("\n%s\n%s", got, want)
	}
	if shown := p.withClass("shown"); len(shown) != 1 || attr(shown[0], "data-key") != "3" || len(p.withClass("later")) != 3 {
		t.Error("what is shown, and what is later, is not marked")
	}
}

func TestMomentsThatDoNotExist(t *testing.T) {
	v, id := history(t)
	p := v.get(path(id) + "/history?asOf=6")
	if p.status != 404 || p.says("as-of-error") != "There is no version 6: the account is at version 5." || p.says("then-balance") != "70.00 EUR" {
		t.Error(p.status, p.text())
	}
	for _, asked := range []string{"0", "-1", "soon", "2026-13-01T00:00:00Z", "5x", "99999999999999999999"} {
		p := v.get(path(id) + "/history?asOf=" + asked)
		if p.status != 400 || p.says("as-of-error") != "Enter a time, or the number of a version." {
			t.Error(asked, p.status, p.says("as-of-error"))
		}
	}
	for _, query := range []string{"before=1", "before=x", "from=9", "from=0", "asOf=2&from=3"} {
		if p := v.get(path(id) + "/history?" + query); p.status != 400 || !strings.Contains(p.text(), "No such part of the list") {
			t.Error(query, p.status)
		}
	}
	if p := v.get(path("NOBODY") + "/history"); p.status != 404 || !strings.Contains(p.text(), "Account not found") {
		t.Error(p.status)
	}
}

func TestLongHistoryByPages(t *testing.T) {
	v := visit(t)
	id := v.OpenAccount("Ann", 0)
	for range 60 {
		if _, err := v.Ledger.Deposit(t.Context(), id, account.Deposit{Amount: banktest.EUR(100)}); err != nil {
			t.Fatal(err)
		}
	}
	read := func(start, within string, keep func(p *page)) (pages int) {
		for at := start; at != ""; pages++ {
			p := v.get(at)
			if p.status != 200 {
				t.Fatal(at, p.status)
			}
			keep(p)
			at = ""
			for n := range p.byID(within).Descendants() {
				if n.Data == "a" && attr(n, "rel") == "next" {
					at = attr(n, "href")
				}
			}
		}
		return pages
	}
	var versions []string
	pages := read(path(id)+"/history?asOf=31", "events", func(p *page) {
		for n := range p.all(func(n *htmlNode) bool { return n.Data == "li" }) {
			versions = append(versions, attr(n, "data-key"))
		}
		if p.says("then-balance") != "30.00 EUR" {
			t.Error("the moment is lost on", p.url)
		}
	})
	if pages != 2 || len(versions) != 34 || versions[0] != "34" || versions[33] != "1" {
		t.Error(pages, versions)
	}
	// And back, from where the list starts below the newest.
	first := func(p *page) string {
		return attr(p.first(func(n *htmlNode) bool { return n.Data == "li" && hasAttr(n, "data-key") }), "data-key")
	}
	p := v.get(path(id) + "/history?asOf=5")
	for _, want := range []string{"8", "33", "58", "61"} {
		if first(p) != want || (p.link("Newer") == "") != (want == "61") || (p.link("Newest") == "") != (want == "61") || p.says("then-balance") != "4.00 EUR" {
			t.Error(p.url, first(p), p.link("Newer"), p.link("Newest"), p.says("then-balance"))
		}
		if want == "8" {
			if newest := v.get(p.link("Newest")); first(newest) != "61" {
				t.Error(first(newest))
			}
		}
		if want != "61" {
			p = v.get(p.link("Newer"))
		}
	}
	var lines []string
	pages = read(path(id)+"/history?asOf=31", "statement", func(p *page) { lines = append(lines, p.amounts("statement")...) })
	if pages != 2 || len(lines) != 60 {
		t.Fatal(pages, lines)
	}
	for i := range 30 {
		if lines[2*i] != "1.00" || lines[2*i+1] != fmt.Sprintf("%d.00", 30-i) {
			t.Fatal(lines)
		}
	}
}
