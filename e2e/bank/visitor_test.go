package bank_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/e2e/browser"
)

// visitor is somebody who looks at the bank's pages.
type visitor struct {
	*browser.Tab
	tb   testing.TB
	bank *bankd
}

func newVisitor(tb testing.TB, br *browser.Browser, b *bankd, name string) *visitor {
	tb.Helper()
	return &visitor{Tab: br.Open(name), tb: tb, bank: b}
}

// see opens a page of the bank.
func (v *visitor) see(path string) {
	v.tb.Helper()
	v.Go(v.bank.URL() + path)
}

// open opens an account, and returns its number. Afterwards its page is there.
func (v *visitor) open(owner, currency string) string {
	v.tb.Helper()
	v.see("/open")
	v.Type("#open-owner", owner)
	v.Set("#open-currency", currency)
	v.Follow("#form-open button[type=submit]")
	v.AwaitText("h1", owner)
	return v.Text("#number")
}

// fill fills a form of an account's page in, and sends it.
func (v *visitor) fill(form string, fields ...string) {
	v.tb.Helper()
	if !browser.Eval[bool](v.Tab, fmt.Sprintf(`document.getElementById(%q).open`, form)) {
		v.Click("#" + form + " > summary")
	}
	for i := 0; i < len(fields); i += 2 {
		v.Type("#"+form+"-"+fields[i], fields[i+1])
	}
	v.Follow("#form-" + form + " button[type=submit]")
}

// wantBalance waits until the page shows a balance.
func (v *visitor) wantBalance(decimal string) {
	v.tb.Helper()
	v.Await("the balance is "+decimal, fmt.Sprintf(`document.querySelector("#balance data")?.value === %q`, decimal))
}

// wantLines waits until the statement has these lines, newest first, each a part of what is said.
func (v *visitor) wantLines(wants ...string) {
	v.tb.Helper()
	v.Await(fmt.Sprintf("the statement has %d lines", len(wants)), fmt.Sprintf(`document.querySelectorAll("#statement tbody tr").length === %d`, len(wants)))
	for i, said := range v.Texts("#statement tbody tr") {
		if !strings.Contains(strings.Join(strings.Fields(said), " "), wants[i]) {
			v.tb.Errorf("line %d of the statement is %q, not %q", i, said, wants[i])
		}
	}
}
