package bank_test

import (
	"testing"

	"github.com/eventsource-go/eventsource/e2e/evidence"
	"github.com/eventsource-go/eventsource/e2e/supervisor"
)

// interruption is a bank that is ended again and again while clients pay.
type interruption struct {
	build    func(testing.TB, string) string
	clients  int
	accounts int
	times    int
	end      func(testing.TB, *bankd)
	answers  bool // what it has done it still says, so that nobody is in doubt
}

func kill(_ testing.TB, b *bankd) { b.Kill() }

func stop(tb testing.TB, b *bankd) {
	if exit := b.Stop(); exit != (supervisor.Exit{}) {
		tb.Errorf("the bank closed with %v", exit)
	}
}

// What the bank acknowledged to a client is there after any kill, once, and everything derived
// from it agrees: balances, statements, the sum of all money.
func TestKilledUnderLoad(t *testing.T) {
	interruption{build: supervisor.Build, clients: 32, accounts: 24, times: 20, end: kill}.test(t)
}

// The same with the race detector watching.
func TestKilledUnderLoadWithRaceDetector(t *testing.T) {
	interruption{build: supervisor.BuildRace, clients: 8, accounts: 6, times: 3, end: kill}.test(t)
}

// A bank that is asked to close finishes what it has begun, and says that it did.
func TestClosedUnderLoad(t *testing.T) {
	interruption{build: supervisor.Build, clients: 16, accounts: 12, times: 6, end: stop, answers: true}.test(t)
}

func (in interruption) test(t *testing.T) {
	seed := evidence.Seed(t)
	b := startBank(t, in.build(t, bankdPackage), newDatabase(t))
	l := newLoad(t, b, seed, in.accounts)
	l.interrupted(t, b, in.clients, in.times, func() { in.end(t, b) })

	// One more payment, whose token stands for all that were before it.
	last := &payment{key: "last", kind: deposit, to: l.accounts[0], cents: 1}
	if err := last.pay(t.Context(), l.client, evidence.Rand(seed, 1<<34)); err != nil || last.refused != "" {
		t.Fatal(last.refused, err)
	}
	l.record(last)
	book := newBook(l.payments)
	if err := book.compare(t.Context(), l.client, last.token); err != nil {
		t.Error(err)
	}
	if in.answers && book.doubtful > 0 {
		t.Errorf("%d payments happened, and the bank closed without saying so", book.doubtful)
	}
	stop(t, b)
	v := b.verify(t)
	events := 0
	for _, entries := range book.entries {
		events += len(entries)
	}
	if len(v.Totals) != 1 || v.Events != events || v.Accounts != len(book.entries) || v.Transfers != book.transfers ||
		v.Totals[0].Deposited != decimal(book.deposited) || v.Totals[0].Withdrawn != decimal(book.drawn) ||
		v.Totals[0].Held != decimal(book.deposited-book.drawn) {
		t.Errorf("verify found %+v; in the book are %d accounts, %d events, %d transfers, %d in, %d out",
			v, len(book.entries), events, book.transfers, book.deposited, book.drawn)
	}
	evidence.Report(t, t.Name(), report{
		Seed: seed, Clients: in.clients, Ends: in.times, Payments: len(l.payments), Acknowledged: len(l.payments) - book.refused,
		Refused: book.refused, Doubtful: book.doubtful, Attempts: book.attempts, Verified: v,
	})
}

// report is what a run was.
type report struct {
	Seed         uint64
	Clients      int
	Ends         int // how often the bank was ended
	Payments     int
	Acknowledged int
	Refused      int // for a reason that the client was told
	Doubtful     int // acknowledged when they were sent again, because the first answer got lost
	Attempts     int
	Verified     verified
}
