package bank_test

import (
	"context"
	"testing"

	"github.com/eventsource-go/eventsource/e2e/evidence"
	"github.com/eventsource-go/eventsource/e2e/supervisor"
)

// Two banks on one file are one bank: whoever pays at one sees it at the other, and although one of
// them is killed again and again nobody loses anything.
func TestTwoBanksOnOneFile(t *testing.T) {
	const kills, clients = 5, 8
	seed := evidence.Seed(t)
	program, database := supervisor.Build(t, bankdPackage), newDatabase(t)
	steady, victim := startBank(t, program, database), startBank(t, program, database)
	l := newLoad(t, steady, seed, 8)
	other := &load{seed: seed + 1, client: newClient(victim), accounts: l.accounts, prefix: "other-"}

	stop, ended := make(chan struct{}), make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	go func() { ended <- l.run(ctx, clients, stop) }()
	other.interrupted(t, victim, clients, kills, victim.Kill)
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
	for name, c := range map[string]*client{"steady": l.client, "victim": other.client} {
		if err := book.compare(t.Context(), c, last.token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, b := range []*bankd{steady, victim} {
		if exit := b.Stop(); exit != (supervisor.Exit{}) {
			t.Errorf("the bank closed with %v", exit)
		}
	}
	evidence.Report(t, "two-banks", report{
		Seed: seed, Clients: 2 * clients, Ends: kills, Payments: len(book.payments), Acknowledged: len(book.payments) - book.refused,
		Refused: book.refused, Doubtful: book.doubtful, Attempts: book.attempts, Verified: steady.verify(t),
	})
}

// A page that one program serves shows what happens in another.
func TestPagesShowWhatAnotherProgramDid(t *testing.T) {
	b, br := openPages(t)
	v := newVisitor(t, br, b, "watching")
	ann := v.open("Ann Example", "EUR")
	v.AwaitText("#live-state", "Live")
	other := newClient(startBank(t, b.program, b.database))
	p := &payment{key: "elsewhere", kind: deposit, to: ann, cents: 12_34}
	if err := p.pay(t.Context(), other, nil); err != nil || p.refused != "" {
		t.Fatal(p.refused, err)
	}
	v.wantBalance("12.34")
	v.wantLines("elsewhere")
}
