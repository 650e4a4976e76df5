package web_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/money"
)

func TestEmptyBank(t *testing.T) {
	v := visit(t)
	if p := v.get("/"); p.status != 200 || p.says("accounts") != "There is no account yet. Open the first one" || p.says("totals") != "" {
		t.Error(p.status, p.text())
	}
	if p := v.get("/audit"); p.status != 200 || p.says("audit") != "Nothing has happened yet." {
		t.Error(p.status, p.text())
	}
}

func TestListOfAccounts(t *testing.T) {
	v := visit(t)
	for i := range 30 {
		v.OpenAccount(fmt.Sprintf("Owner %02d", i), 100)
	}
	if _, err := v.Ledger.Open(t.Context(), account.Open{Owner: "Zoe", Currency: money.KWD}); err != nil {
		t.Fatal(err)
	}
	v.CatchUp()
	p := v.get("/")
	if got := p.says("totals"); got != "Total in EUR 30.00 30 accounts Total in KWD 0.000 1 account" {
		t.Error(got)
	}
	owners := func() (names []string) {
		for n := range v.page.all(func(n *htmlNode) bool { return n.Data == "td" && attr(n, "class") == "owner" }) {
			names = append(names, text(n))
		}
		return names
	}
	all := owners()
	if len(all) != 25 || p.link("Beginning") != "" {
		t.Error(len(all))
	}
	p = v.get(p.link("More accounts"))
	all = append(all, owners()...)
	if len(all) != 31 || !slices.IsSorted(all) || len(slices.Compact(all)) != 31 {
		t.Error(all)
	}
	if p.link("More accounts") != "" || p.link("Beginning") != "/" {
		t.Error("links of the last page")
	}
	if p := v.get("/?cursor=x"); p.status != 400 {
		t.Error(p.status)
	}
}

func TestFindAccount(t *testing.T) {
	v := visit(t)
	id := v.OpenAccount("Ann", 0)
	v.CatchUp()
	for _, typed := range []string{id, strings.ToLower(id), "+" + id[:4] + "+" + id[4:8] + "+" + id[8:], id[:4] + "-" + id[4:8] + "-" + id[8:], id[:6] + "%E2%80%91" + id[6:]} {
		if p := v.get("/find?number=" + typed); p.url.Path != path(id) || p.status != 200 {
			t.Error(typed, p.url, p.status)
		}
	}
	p := v.get("/find?number=nobody")
	if p.status != 404 || p.says("find-number-error") != "There is no account with this number, and no owner whose name begins like this." || p.value("find-number") != "nobody" {
		t.Error(p.status, p.text())
	}
	if p := v.get("/find?number=a%01b"); p.status != 404 || p.says("find-number-error") == "" {
		t.Error(p.status, p.text())
	}
	if p := v.get("/find"); p.status != 400 || p.says("find-number-error") == "" {
		t.Error(p.status, p.text())
	}
}

// Who knows no number finds accounts by how the owner's name begins.
func TestFindOwner(t *testing.T) {
	v := visit(t)
	for i := range 30 {
		v.OpenAccount(fmt.Sprintf("Ann %02d", i), 0)
	}
	bob := v.OpenAccount("Robert Miller", 0) // as many letters as a number has
	v.CatchUp()
	owners := func() (names []string) {
		for n := range v.page.all(func(n *htmlNode) bool { return n.Data == "td" && attr(n, "class") == "owner" }) {
			names = append(names, text(n))
		}
		return names
	}
	p := v.get("/find?number=+aNN+")
	all := owners()
	if p.status != 200 || len(all) != 25 || p.says("totals") != "" || p.link("Beginning") != "" || p.link("All accounts") != "/" || p.value("find-number") != " aNN " || !strings.Contains(p.text(), "Accounts of aNN…") {
		t.Error(p.status, all, p.text())
	}
	p = v.get(p.link("More accounts"))
	all = append(all, owners()...)
	if len(all) != 30 || !slices.IsSorted(all) || len(slices.Compact(all)) != 30 || p.link("More accounts") != "" {
		t.Error(all)
	}
	if p = v.get(p.link("Beginning")); p.status != 200 || len(owners()) != 25 || owners()[0] != "Ann 00" {
		t.Error(p.status, owners())
	}
	if p := v.get("/find?number=robert+mille"); p.status != 200 || !slices.Equal(owners(), []string{"Robert Miller"}) || p.link("Robert Miller") != path(bob) {
		t.Error(p.status, p.text())
	}
	if p := v.get("/find?number=nobody&cursor=x"); p.status != 400 {
		t.Error(p.status)
	}
	if p := v.get("/find?cursor=x"); p.status != 400 || p.says("find-number-error") == "" {
		t.Error(p.status, p.text())
	}
}

func TestAuditTrail(t *testing.T) {
	v := visit(t)
	id := v.OpenAccount("Ann", 12345)
	for range 60 {
		v.OpenAccount("Bob", 0)
	}
	v.CatchUp()
	v.get(path(id))
	v.send("withdraw", "amount", "3")
	p := v.get("/audit")
	rows := slices.Collect(p.all(func(n *htmlNode) bool { return n.Data == "tr" && hasAttr(n, "data-key") }))
	if len(rows) != 50 || attr(rows[0], "data-key") != "63" || !strings.Contains(text(rows[0]), "Withdrawal "+id+" version 3 \u22123.00 EUR web") {
		t.Fatal(len(rows), text(rows[0]))
	}
	p = v.get(p.link("Older"))
	if n := len(slices.Collect(p.all(func(n *htmlNode) bool { return n.Data == "tr" && hasAttr(n, "data-key") }))); n != 13 || p.link("Older") != "" || p.link("Newest") != "/audit" {
		t.Error(n, p.link("Newest"))
	}
	p = v.get("/audit?account=" + strings.ToLower(id))
	if got := p.says("audit"); strings.Count(got, id) != 3 || !strings.Contains(got, "Account opened") {
		t.Error(got)
	}
	if p := v.get("/audit?cursor=x"); p.status != 400 {
		t.Error(p.status)
	}
}
