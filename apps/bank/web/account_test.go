package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/banktest"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/apps/bank/web"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

func TestLifeOfAnAccount(t *testing.T) {
	v := visit(t)
	other := v.OpenAccount("Bob", 0)
	v.CatchUp()

	v.get("/open")
	p := v.send("open", "owner", "  Ann Miller ", "currency", "EUR")
	if p.status != 200 || !strings.HasPrefix(p.url.Path, "/accounts/") || !strings.Contains(p.text(), "Account opened.") {
		t.Fatal(p.status, p.url, p.text())
	}
	id := p.says("number")
	if p.url.Path != path(id) || p.says("statement") != "No money has come or gone yet." || p.says("status") != "open" {
		t.Error(p.url, p.says("statement"), p.says("status"))
	}

	p = v.send("deposit", "amount", "1 234.50", "reference", "Salary")
	if p.status != 200 || p.says("balance") != "1 234.50 EUR" || !strings.Contains(p.text(), "Deposit: 1 234.50 EUR.") {
		t.Error(p.status, p.text())
	}
	p = v.send("withdraw", "amount", "34.5")
	if p.says("balance") != "1 200.00 EUR" || !strings.Contains(p.text(), "Withdrawal: 34.50 EUR.") {
		t.Error(p.text())
	}
	p = v.send("transfer", "to", strings.ToLower(other[:6])+" "+other[6:], "amount", "1200", "reference", "Rent")
	if p.says("balance") != "0.00 EUR" || !strings.Contains(p.text(), "Transfer to "+other+": 1 200.00 EUR.") {
		t.Error(p.text())
	}
	if got := strings.Join(p.amounts("statement"), " "); got != "-1200.00 0.00 -34.50 1200.00 1234.50 1234.50" {
		t.Error("statement:", got)
	}
	if v.cents(other) != 120000 {
		t.Error("the other side has", v.cents(other))
	}

	p = v.send("freeze", "reason", "Card lost")
	if p.says("status") != "frozen" || p.byID("form-deposit") != nil || p.byID("form-unfreeze") == nil {
		t.Error(p.text())
	}
	p = v.send("unfreeze", "reason", "Card found")
	if p.says("status") != "open" {
		t.Error(p.text())
	}
	p = v.send("close", "reason", "Moved")
	if p.says("status") != "closed" || p.says("actions") == "" || !strings.Contains(p.says("actions"), "Nothing can be done with it any more.") {
		t.Error(p.text())
	}
	if n := v.version(id); n != 7 {
		t.Error("version", n)
	}
}

func TestRefusalsAreShownWhereTheyBelong(t *testing.T) {
	v := visit(t)
	id, other := v.OpenAccount("Ann", 10000), v.OpenAccount("Bob", 0)
	frozen, closed := v.OpenAccount("Fay", 0), v.OpenAccount("Cid", 0)
	if _, err := v.Ledger.Freeze(t.Context(), frozen, account.Freeze{Reason: "lost"}); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Ledger.Close(t.Context(), closed, account.Close{}); err != nil {
		t.Fatal(err)
	}
	yen, err := v.Ledger.Open(t.Context(), account.Open{Owner: "Yuki", Currency: money.JPY})
	if err != nil {
		t.Fatal(err)
	}
	v.CatchUp()
	before := v.version(id)
	for _, tt := range []struct {
		form, field string
		fill        []string
		says        string
	}{
		{"deposit", "amount", []string{"amount", ""}, "Enter an amount, like 12.30."},
		{"deposit", "amount", []string{"amount", "12,30"}, "No plain decimal number. Write it like 12.30."},
		{"deposit", "amount", []string{"amount", "1.234"}, "More than 2 decimals. Write it like 12.30."},
		{"deposit", "amount", []string{"amount", "0"}, "The amount has to be more than nothing."},
		{"deposit", "amount", []string{"amount", "-1"}, "The amount has to be more than nothing."},
		{"deposit", "amount", []string{"amount", "1e3"}, "No plain decimal number. Write it like 12.30."},
		{"deposit", "amount", []string{"amount", "92233720368547758.07"}, "The account can't hold so much money."},
		{"deposit", "amount", []string{"amount", "92233720368547758080"}, "The account can't hold so much money."},
		{"deposit", "reference", []string{"amount", "1", "reference", strings.Repeat("x", 141)}, "141 characters, at most 140 are allowed."},
		{"deposit", "reference", []string{"amount", "1", "reference", "a\x00b"}, "Control character."},
		{"deposit", "reference", []string{"amount", "1", "reference", "a\xffb"}, "Not UTF-8."},
		{"withdraw", "amount", []string{"amount", "100.01"}, "There is not enough money in the account, only 100.00 EUR."},
		{"transfer", "to", []string{"to", "", "amount", "1"}, "Enter the number of an account."},
		{"transfer", "to", []string{"to", id, "amount", "1"}, "This is the account that the money comes from."},
		{"transfer", "to", []string{"to", "NOBODY", "amount", "1"}, "There is no account with this number."},
		{"transfer", "to", []string{"to", "a\x01b", "amount", "1"}, "There is no account with this number."},
		{"transfer", "to", []string{"to", frozen, "amount", "1"}, "That account is frozen: it takes no money."},
		{"transfer", "to", []string{"to", closed, "amount", "1"}, "That account is closed."},
		{"transfer", "to", []string{"to", yen.Account, "amount", "1"}, "That account is kept in another currency."},
		{"transfer", "amount", []string{"to", other, "amount", "200"}, "There is not enough money in the account, only 100.00 EUR."},
		{"freeze", "reason", []string{"reason", " "}, "Missing."},
	} {
		t.Run(tt.form+" "+tt.says, func(t *testing.T) {
			v := *v
			v.t = t
			v.get(path(id))
			p := v.send(tt.form, tt.fill...)
			if p.status != http.StatusUnprocessableEntity {
				t.Error("status", p.status)
			}
			field := tt.form + "-" + tt.field
			if got := p.says(field + "-error"); got != tt.says {
				t.Errorf("%q", got)
			}
			if in := p.byID(field); attr(in, "aria-invalid") != "true" || !strings.Contains(attr(in, "aria-describedby"), field+"-error") {
				t.Error("the field does not say that it is wrong")
			}
			if p.link("Look at what is marked") != "#"+field {
				t.Error("nothing leads to the field")
			}
			for n := range p.all(func(n *htmlNode) bool { return n.Data == "details" }) {
				if hasAttr(n, "open") != (attr(n, "id") == tt.form) {
					t.Error("the wrong form is folded:", attr(n, "id"))
				}
			}
			for i := 0; i < len(tt.fill); i += 2 {
				typed := strings.TrimSpace(tt.fill[i+1])
				if shown := p.value(tt.form + "-" + tt.fill[i]); shown != typed && utf8.ValidString(typed) && !strings.Contains(typed, "\x00") {
					t.Errorf("typed %q, shown %q", typed, shown)
				}
			}
		})
	}
	if v.version(id) != before {
		t.Error("something was booked")
	}
}

func TestOpeningIsRefusedWithWhatWasTyped(t *testing.T) {
	v := visit(t)
	v.get("/open")
	p := v.send("open", "owner", strings.Repeat("ü", 101), "currency", "JPY")
	if p.status != 422 || p.says("open-owner-error") != "101 characters, at most 100 are allowed." || p.value("open-owner") != strings.Repeat("ü", 101) {
		t.Error(p.status, p.text())
	}
	if !strings.Contains(p.body, "<option selected>JPY</option>") {
		t.Error("the currency was forgotten")
	}
	p = v.send("open", "owner", "Ann", "currency", "XXX")
	if p.status != 422 || p.says("open-currency-error") != "Choose one of the currencies." {
		t.Error(p.status, p.text())
	}
}

func TestFormSentTwiceCountsOnce(t *testing.T) {
	v := visit(t)
	id, other := v.OpenAccount("Ann", 10000), v.OpenAccount("Bob", 0)
	v.CatchUp()
	for _, tt := range []struct {
		form string
		fill []string
	}{
		{"deposit", []string{"amount", "5"}},
		{"withdraw", []string{"amount", "5"}},
		{"transfer", []string{"to", other, "amount", "5"}},
		{"freeze", []string{"reason", "lost"}},
		{"unfreeze", []string{"reason", "found"}},
	} {
		v.get(path(id))
		first, second := v.fill(tt.form, tt.fill...), v.fill(tt.form, tt.fill...)
		p := v.do(first)
		n := v.version(id)
		if p.status != 200 || strings.Contains(p.text(), "sent twice") {
			t.Error(tt.form, p.status, p.text())
		}
		p = v.do(second)
		if p.status != 200 || !strings.Contains(p.text(), "This was sent twice and counts once.") || v.version(id) != n {
			t.Error(tt.form, p.status, v.version(id), p.text())
		}
	}
	if v.cents(other) != 500 {
		t.Error(v.cents(other))
	}
	v.get("/open")
	first, second := v.fill("open", "owner", "Eve"), v.fill("open", "owner", "Eve")
	if a, b := v.do(first), v.do(second); a.url.Path != b.url.Path || b.status != 200 {
		t.Error(a.url, b.url, b.status)
	}
}

// Who goes back to a form that was booked, and changes it, is told; sending it again works.
func TestFormChangedAfterItWasBooked(t *testing.T) {
	v := visit(t)
	id := v.OpenAccount("Ann", 0)
	v.CatchUp()
	v.get(path(id))
	first, changed := v.fill("deposit", "amount", "5"), v.fill("deposit", "amount", "6")
	v.do(first)
	p := v.do(changed)
	if p.status != 422 || !strings.Contains(p.text(), "This form was sent before, with something else in it") || v.cents(id) != 500 {
		t.Fatal(p.status, p.text())
	}
	if p = v.send("deposit"); p.status != 200 || v.cents(id) != 1100 {
		t.Error(p.status, v.cents(id))
	}
}

func TestStaleFormShowsTheCurrentState(t *testing.T) {
	v := visit(t)
	id, other := v.OpenAccount("Ann", 10000), v.OpenAccount("Bob", 0)
	v.CatchUp()
	for _, tt := range []struct {
		form string
		fill []string
	}{
		{"withdraw", []string{"amount", "5"}},
		{"transfer", []string{"to", other, "amount", "5"}},
	} {
		v.get(path(id))
		stale := v.fill(tt.form, tt.fill...)
		if _, err := v.Ledger.Deposit(t.Context(), id, account.Deposit{Amount: banktest.EUR(700)}); err != nil {
			t.Fatal(err)
		}
		now := v.cents(id)
		p := v.do(stale)
		if p.status != http.StatusConflict || v.cents(id) != now || !strings.Contains(p.text(), "the account has changed since you saw it") {
			t.Error(tt.form, p.status, p.text())
		}
		if got, want := p.amounts("balance")[0], banktest.EUR(now).Decimal(); got != want {
			t.Error("shows", got, "not", want)
		}
		if p = v.send(tt.form); p.status != 200 || v.cents(id) != now-500 { // as it is now, with what was typed
			t.Error(tt.form, p.status, p.text())
		}
	}
	// Money that comes in does not depend on what was seen.
	v.get(path(id))
	late := v.fill("deposit", "amount", "1")
	if _, err := v.Ledger.Withdraw(t.Context(), id, account.Withdraw{Amount: banktest.EUR(1)}); err != nil {
		t.Fatal(err)
	}
	if p := v.do(late); p.status != 200 {
		t.Error(p.status, p.text())
	}
}

// Somebody is faster between our look and our append: what is shown is what they left.
func TestFormThatLosesARace(t *testing.T) {
	b := banktest.Start(t, ledger.Config{})
	id := b.OpenAccount("Ann", 10000)
	b.CatchUp()
	others := b.Ledger
	race := &racing{Streams: b.Store}
	b.Ledger = ledger.New(race, ledger.Config{})
	v := visitBank(t, b)
	v.get(path(id))
	race.before = func() {
		if _, err := others.Deposit(t.Context(), id, account.Deposit{Amount: banktest.EUR(700)}); err != nil {
			t.Error(err)
		}
	}
	p := v.send("withdraw", "amount", "5")
	if p.status != http.StatusConflict || p.says("balance") != "107.00 EUR" || p.value("withdraw-version") != "3" {
		t.Fatal(p.status, p.says("balance"), p.value("withdraw-version"))
	}
	if p = v.send("withdraw"); p.status != 200 || v.cents(id) != 10200 {
		t.Error(p.status, v.cents(id))
	}
}

// racing does something before the first append.
type racing struct {
	eventstore.Streams
	before func()
}

func (r *racing) Append(ctx context.Context, appends ...eventstore.Append) ([]eventstore.AppendResult, error) {
	if before := r.before; before != nil {
		r.before = nil
		before()
	}
	return r.Streams.Append(ctx, appends...)
}

// A form of an account that is frozen meanwhile stays, with what was typed.
func TestFormOfAnotherState(t *testing.T) {
	v := visit(t)
	id := v.OpenAccount("Ann", 10000)
	v.CatchUp()
	v.get(path(id))
	late := v.fill("deposit", "amount", "5", "reference", "Gift")
	if _, err := v.Ledger.Freeze(t.Context(), id, account.Freeze{Reason: "lost"}); err != nil {
		t.Fatal(err)
	}
	p := v.do(late)
	if p.status != 422 || !strings.Contains(p.text(), "Nothing was booked: the account is frozen.") || p.value("deposit-reference") != "Gift" || p.says("status") != "frozen" {
		t.Error(p.status, p.text())
	}
	if p.byID("form-unfreeze") == nil {
		t.Error("it can't be unfrozen")
	}
}

func TestNoticeSaysOnlyWhatHappened(t *testing.T) {
	v := visit(t)
	id := v.OpenAccount("Ann", 10000)
	v.CatchUp()
	for query, want := range map[string]string{
		"?done=2": "Deposit: 100.00 EUR.", "?done=1": "Account opened.",
		"?done=3": "", "?done=0": "", "?done=x": "", "?done=99999999999999999999": "", "": "",
	} {
		got := ""
		if n := v.get(path(id) + query).withClass("notice"); len(n) > 0 {
			got = text(n[0])
		}
		if got != want {
			t.Errorf("%s: %q", query, got)
		}
	}
}

// What is written is shown, also when the read models are slow: the page says that it is behind.
func TestReadModelsThatAreBehind(t *testing.T) {
	b := banktest.Open(t, ":memory:", ledger.Config{}) // nothing runs
	v := visitBank(t, b, func(cfg *web.Config) { cfg.Waiter, cfg.AwaitTimeout = never{}, time.Millisecond })
	v.get("/open")
	p := v.send("open", "owner", "Ann")
	if p.status != 200 || p.says("status") != "open" || !strings.Contains(p.says("statement"), "appears here in a moment") {
		t.Fatal(p.status, p.text())
	}
	p = v.send("deposit", "amount", "5")
	if p.status != 200 || p.says("balance") != "5.00 EUR" || !strings.Contains(p.says("statement"), "appears here in a moment") {
		t.Error(p.status, p.text())
	}
}

// So does an account that was shown before: what was done is in the balance, and what can be
// done next is for its current version.
func TestBalanceOfAReadModelThatStopped(t *testing.T) {
	b := banktest.Open(t, ":memory:", ledger.Config{})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Group.Run(ctx) }()
	id := b.OpenAccount("Ann", 10000)
	b.CatchUp()
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	v := visitBank(t, b)
	v.get(path(id))
	p := v.send("withdraw", "amount", "40")
	if p.status != 200 || p.says("balance") != "60.00 EUR" || !strings.Contains(p.says("statement"), "appears here in a moment") {
		t.Fatal(p.status, p.text())
	}
	if p = v.send("withdraw", "amount", "40"); p.status != 200 || p.says("balance") != "20.00 EUR" {
		t.Error(p.status, p.text())
	}
}

func TestReloadOfARefusedForm(t *testing.T) {
	v := visit(t)
	id := v.OpenAccount("Ann", 0)
	v.CatchUp()
	v.get(path(id))
	p := v.send("withdraw", "amount", "5")
	if p.status != 422 || attr(p.first(func(n *htmlNode) bool { return n.Data == "body" }), "data-page") != path(id) {
		t.Error(p.status, p.body)
	}
	if p = v.get(p.url.Path); p.status != 200 || p.url.Path != path(id) {
		t.Error(p.status, p.url)
	}
}

func TestStatementByPages(t *testing.T) {
	v := visit(t)
	id := v.OpenAccount("Ann", 0)
	for range 60 {
		if _, err := v.Ledger.Deposit(t.Context(), id, account.Deposit{Amount: banktest.EUR(100)}); err != nil {
			t.Fatal(err)
		}
	}
	v.CatchUp()
	var balances []string
	pages := 0
	for at := path(id); at != ""; at = v.page.link("Older") {
		p := v.get(at)
		if p.status != 200 {
			t.Fatal(at, p.status)
		}
		if pages > 0 && p.link("Newest") != path(id) {
			t.Error("no way back")
		}
		for i, a := range p.amounts("statement") {
			if i%2 == 1 {
				balances = append(balances, a)
			}
		}
		pages++
	}
	if pages != 3 || len(balances) != 60 || balances[0] != "60.00" || balances[59] != "1.00" {
		t.Error(pages, balances)
	}
	if p := v.get(path(id) + "?cursor=" + url.QueryEscape("<x>")); p.status != 400 || !strings.Contains(p.text(), "No such part of the list") {
		t.Error(p.status, p.text())
	}
}
