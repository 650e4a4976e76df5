package bank_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/eventsource-go/eventsource/e2e/browser"
	"github.com/eventsource-go/eventsource/e2e/evidence"
	"github.com/eventsource-go/eventsource/e2e/supervisor"
)

// Two banks on one file are one bank: whoever pays at one sees it at the other, and although they
// are killed again and again, in turn, nobody loses anything.
func TestTwoBanksOnOneFile(t *testing.T) { testTwoBanks(t, newDatabase(t), 5) }

func testTwoBanks(t *testing.T, database string, kills int) {
	t.Helper()
	const clients = 8
	seed := evidence.Seed(t)
	program := supervisor.Build(t, bankdPackage)
	banks := []*bankd{startBank(t, program, database), startBank(t, program, database)}
	l := newLoad(t, banks[0], seed, 8)
	other := &load{seed: seed + 1, client: newClient(banks[1]), accounts: l.accounts, prefix: "other-"}

	stop, ended := make(chan struct{}), make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	go func() { ended <- l.run(ctx, clients, stop) }()
	turns := 0
	other.interrupted(t, clients, kills, func() {
		victim := banks[turns%2]
		turns++
		victim.Kill()
		victim.Restart()
	})
	close(stop)
	if err := <-ended; err != nil {
		t.Error(err)
	}

	last := &payment{key: "last", kind: deposit, to: l.accounts[0], cents: 1}
	if err := last.pay(t.Context(), l.client, evidence.Rand(seed, 1<<34)); err != nil || last.refused != "" {
		t.Fatal(last.refused, err)
	}
	l.record(last)
	book := newBook(append(l.payments, other.payments...))
	for name, c := range map[string]*client{"first": l.client, "second": other.client} {
		if err := book.compare(t.Context(), c, last.token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, b := range banks {
		if exit := b.Stop(); exit != (supervisor.Exit{}) {
			t.Errorf("the bank closed with %v", exit)
		}
	}
	evidence.Report(t, t.Name(), newReport(seed, 2*clients, kills, book, book.verified(t, banks[0])))
}

// The pages of two programs show, live, what happens in either.
func TestPagesShowWhatAnotherProgramDid(t *testing.T) { testPagesOfTwo(t, newDatabase(t)) }

func testPagesOfTwo(t *testing.T, database string) {
	t.Helper()
	b, br := startBank(t, supervisor.Build(t, bankdPackage), database), browser.Start(t)
	v := newVisitor(t, br, b, "watching")
	ann := v.open("Ann Example", "EUR")
	v.AwaitText("#live-state", "Live")
	second := startBank(t, b.program, b.database)
	w := newVisitor(t, br, second, "watching-too")
	w.see("/accounts/" + ann)
	w.AwaitText("#live-state", "Live")
	for i, bank := range []*bankd{second, b} {
		p := &payment{key: fmt.Sprintf("elsewhere-%d", i), kind: deposit, to: ann, cents: 12_34}
		if err := p.pay(t.Context(), newClient(bank), nil); err != nil || p.refused != "" {
			t.Fatal(p.refused, err)
		}
		for _, window := range []*visitor{v, w} {
			window.wantBalance(decimal(int64(i+1) * 12_34))
		}
	}
	v.wantLines("elsewhere-1", "elsewhere-0")
	w.wantLines("elsewhere-1", "elsewhere-0")
}
