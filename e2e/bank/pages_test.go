package bank_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/eventsource-go/eventsource/e2e/browser"
	"github.com/eventsource-go/eventsource/e2e/supervisor"
)

// openPages opens a bank and a browser.
func openPages(t *testing.T) (*bankd, *browser.Browser) {
	t.Helper()
	return startBank(t, supervisor.Build(t, bankdPackage), newDatabase(t)), browser.Start(t)
}

// What a visitor does in the first minute, seen live in a second window, and there still after
// the bank was closed and opened again.
func TestPagesShowWhatHappens(t *testing.T) {
	b, br := openPages(t)
	v := newVisitor(t, br, b, "first")
	v.see("/")
	v.AwaitText("#accounts", "There is no account yet")
	bob := v.open("Bob Example", "EUR")
	ann := v.open("Ann Example", "EUR")
	v.wantBalance("0.00")

	other := newVisitor(t, br, b, "second")
	other.see("/accounts/" + ann)
	other.wantBalance("0.00")
	list := newVisitor(t, br, b, "list")
	list.see("/")
	listed := func(owner, decimal string) {
		t.Helper()
		list.Await(owner+" has "+decimal, fmt.Sprintf(
			`[...document.querySelectorAll("#accounts tbody tr")].some(tr => tr.innerText.includes(%q) && tr.querySelector(".money data").value === %q)`, owner, decimal))
	}
	listed("Ann Example", "0.00")
	// What somebody types in the second window stays, whatever happens in the first.
	other.Type("#deposit-amount", "77")
	browser.Eval[bool](other.Tab, `window.notReloaded = true`)
	browser.Eval[bool](list.Tab, `window.notReloaded = true`)

	v.fill("deposit", "amount", "100.00", "reference", "wages")
	v.AwaitText(".notice", "Deposit: 100.00")
	v.wantBalance("100.00")
	other.wantBalance("100.00")
	listed("Ann Example", "100.00")
	v.fill("withdraw", "amount", "20.50", "reference", "cash")
	other.wantBalance("79.50")
	v.fill("transfer", "to", bob, "amount", "30", "reference", "rent")
	v.wantBalance("49.50")
	other.wantBalance("49.50")
	listed("Ann Example", "49.50")
	listed("Bob Example", "30.00")
	wants := []string{"Transfer to " + bob, "Withdrawal", "Deposit"}
	v.wantLines(wants...)
	other.wantLines(wants...)
	for _, window := range []*visitor{other, list} {
		if !browser.Eval[bool](window.Tab, `window.notReloaded === true`) {
			t.Error("a window had to reload")
		}
	}
	if typed := browser.Eval[string](other.Tab, `document.querySelector("#deposit-amount").value + document.activeElement.id`); typed != "77deposit-amount" {
		t.Errorf("what was typed, and the focus, are now %q", typed)
	}

	for _, window := range []*visitor{v, other, list} {
		window.Go("about:blank") // nobody is left who would complain that the bank is away
	}
	stop(t, b)
	b.verify(t)
	b.Restart()
	v.see("/accounts/" + ann)
	v.wantBalance("49.50")
	v.wantLines(wants...)
	v.see("/accounts/" + bob)
	v.wantBalance("30.00")
	v.wantLines("Transfer from " + ann)
}

// A window that is open while the bank is closed goes on by itself when it is open again at the
// same address.
func TestPagesReconnect(t *testing.T) {
	b := startBankAt(t, supervisor.Build(t, bankdPackage), newDatabase(t), supervisor.Address(t))
	br := browser.Start(t)
	v := newVisitor(t, br, b, "waiting")
	v.open("Ann Example", "EUR")
	v.AwaitText("#live-state", "Live")
	v.fill("deposit", "amount", "1")
	v.AwaitText("#live-state", "Live")

	v.Expect("ERR_")
	b.Kill()
	b.Restart()
	v.AwaitText("#live-state", "Live")
	c := newClient(b)
	p := &payment{key: "meanwhile", kind: deposit, to: v.Text("#number"), cents: 50}
	if err := p.pay(t.Context(), c, nil); err != nil || p.refused != "" {
		t.Fatal(p.refused, err)
	}
	v.wantBalance("1.50")
}

func TestPagesTravelInTime(t *testing.T) {
	b, br := openPages(t)
	v := newVisitor(t, br, b, "traveller")
	ann := v.open("Ann Example", "EUR")
	v.fill("deposit", "amount", "100", "reference", "first")
	v.fill("deposit", "amount", "50", "reference", "second")
	v.fill("withdraw", "amount", "30", "reference", "third")
	v.wantBalance("120.00")

	v.see("/accounts/" + ann + "/history")
	then := func(decimal string, version int) {
		t.Helper()
		v.Await("then it had "+decimal, fmt.Sprintf(
			`document.querySelector("#then-balance data")?.value === %q && document.querySelector("#then strong").innerText === "%d"`, decimal, version))
	}
	then("120.00", 4)
	if events := v.Texts("#events li"); len(events) != 4 {
		t.Errorf("%d events: %q", len(events), events)
	}
	v.Follow(`#events a[aria-label$="version 2"]`)
	then("100.00", 2)
	v.wantLines("Deposit")
	v.Follow(`#steps a[rel=next]`)
	then("150.00", 3)
	v.Follow(`#steps a[rel=prev]`)
	then("100.00", 2)
	v.Follow(`#steps a[rel=prev]`)
	then("0.00", 1)

	// The moments of the events are on the page, in microseconds; the form takes whole seconds.
	v.Set("#as-of", "2001-02-03T04:05:06")
	v.Follow(".travel button[type=submit]")
	v.AwaitText("#travel-title", "Not open yet")
	v.Set("#as-of", "2901-02-03T04:05:06")
	v.Follow(".travel button[type=submit]")
	then("120.00", 4)
	moment := browser.Eval[string](v.Tab, `document.querySelector('#events li[value="3"] time').dateTime`)
	v.see("/accounts/" + ann + "/history?asOf=" + moment)
	then("150.00", 3)
	v.wantLines("second", "first")
}

// Everything works with the keyboard alone, and whoever uses it sees where they are.
func TestPagesByKeyboard(t *testing.T) {
	b, br := openPages(t)
	v := newVisitor(t, br, b, "keyboard")
	bob := v.open("Bob Example", "EUR")

	v.see("/")
	v.TabTo(".skip")
	v.Press("\r")
	v.Await("the content has the focus", `document.activeElement.id === "main"`)
	v.see("/")
	v.TabTo(`a[href="/open"]`)
	v.Enter("\r")
	v.TabTo("#open-owner")
	v.Press("Ann Example")
	v.TabTo("#open-currency")
	v.TabTo("#form-open button")
	v.Enter("\r")
	v.AwaitText("h1", "Ann Example")
	v.TabTo("#deposit-amount")
	v.Press("100")
	v.Enter("\r") // in a field, which sends the form
	v.wantBalance("100.00")

	v.TabTo("#transfer > summary")
	v.Press(" ")
	v.TabTo("#transfer-to")
	v.Press(bob)
	v.TabTo("#transfer-amount")
	v.Press("1,5x")
	v.Expect("422")
	v.TabTo("#form-transfer button")
	v.Enter(" ")
	// Where something is wrong, the visitor is, and what was typed is there still.
	v.Await("the wrong field has the focus", `document.activeElement.id === "transfer-amount" && document.activeElement.value === "1,5x"`)
	v.wantBalance("100.00")
	v.Press(kb.End + "\b\b\b\b40.25")
	v.Enter("\r")
	v.wantBalance("59.75")
	v.TabTo(`a[href$="/history"]`)
	v.Enter("\r")
	v.TabTo("#steps a[rel=prev]")
	v.Enter("\r")
	v.Await("then it had 100.00", `document.querySelector("#then-balance data")?.value === "100.00"`)
}

// On a phone nothing is wider than the screen, and without scripts everything can be done.
func TestPagesOnAPhoneWithoutScript(t *testing.T) {
	b, br := openPages(t)
	v := newVisitor(t, br, b, "phone")
	v.Phone(360, 740)
	fits := func(where string) {
		t.Helper()
		v.Await(where+" fits", `document.documentElement.scrollWidth <= 360 && innerWidth === 360`)
	}
	v.Expect("404") // of an account that is not there
	v.see("/")
	fits("the empty list")
	bob := v.open("Bob Example of a Family with a Remarkably Long Name, the Second of that Name, in Town", "EUR")
	ann := v.open("Ann Example", "EUR")
	v.fill("deposit", "amount", "123456789.99", "reference", "a-reference-without-any-space-in-it-which-is-as-long-as-references-may-be-0123456789-0123456789-0123456789-0123456789-0123456789-0123456")
	v.fill("transfer", "to", bob, "amount", "123456789.98")
	for _, path := range []string{"/", "/open", "/accounts/" + ann, "/accounts/" + bob, "/accounts/" + ann + "/history", "/accounts/" + bob + "/history?asOf=1", "/audit", "/accounts/none"} {
		v.see(path)
		fits(path)
	}

	plain := newVisitor(t, br, b, "without-script")
	plain.Phone(360, 740)
	plain.WithoutScript()
	plain.see("/accounts/" + ann)
	plain.fill("deposit", "amount", "5")
	plain.wantBalance("5.01")
	plain.Expect("422")
	plain.fill("withdraw", "amount", "5000")
	plain.AwaitText("#withdraw .error", "There is not enough money")
	plain.wantBalance("5.01")
}
