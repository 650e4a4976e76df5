package bank_test

import (
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/e2e/evidence"
	"github.com/eventsource-go/eventsource/e2e/supervisor"
)

// A book that differs from the bank in any way is found to: otherwise the tests that end the bank
// would prove nothing.
func TestBookThatDiffers(t *testing.T) {
	b := startBank(t, supervisor.Build(t, bankdPackage), newDatabase(t))
	l := newLoad(t, b, 1, 2)
	choice := evidence.Rand(1, 0)
	pay := func(p *payment) *payment {
		t.Helper()
		if err := p.pay(t.Context(), l.client, choice); err != nil || p.refused != "" {
			t.Fatal(p.refused, err)
		}
		l.record(p)
		return p
	}
	pay(&payment{key: "in", kind: deposit, to: l.accounts[0], cents: 12_34})
	pay(&payment{key: "out", kind: withdrawal, from: l.accounts[0], cents: 5})
	last := pay(&payment{key: "over", kind: transfer, from: l.accounts[0], to: l.accounts[1], cents: 7_00})
	if err := newBook(l.payments).compare(t.Context(), l.client, last.token); err != nil {
		t.Fatal(err)
	}

	without := func(key string) func([]*payment) []*payment {
		return func(payments []*payment) []*payment {
			var kept []*payment
			for _, p := range payments {
				if p.key != key {
					kept = append(kept, p)
				}
			}
			return kept
		}
	}
	changed := func(key string, change func(*payment)) func([]*payment) []*payment {
		return func(payments []*payment) []*payment {
			kept := without(key)(payments)
			for _, p := range payments {
				if p.key == key {
					p := *p
					change(&p)
					kept = append(kept, &p)
				}
			}
			return kept
		}
	}
	for name, c := range map[string]struct {
		book func([]*payment) []*payment
		want string
	}{
		"applied and refused": {without("in"), "is not in the book"},
		"lost": {func(ps []*payment) []*payment {
			return append(ps, &payment{key: "gone", kind: deposit, to: l.accounts[1], account: l.accounts[1], version: 9, cents: 1})
		}, "is lost"},
		"other amount":    {changed("out", func(p *payment) { p.cents++ }), "in the book -6"},
		"other version":   {changed("in", func(p *payment) { p.version++ }), "event 3"},
		"other kind":      {changed("in", func(p *payment) { p.kind, p.from = withdrawal, p.to }), "account.withdrawn"},
		"account unknown": {without("first-1"), "account.opened of first-1, is not in the book"},
	} {
		err := newBook(c.book(l.payments)).compare(t.Context(), l.client, last.token)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
