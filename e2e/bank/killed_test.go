package bank_test

import (
	"testing"

	"github.com/eventsource-go/eventsource/e2e/evidence"
	"github.com/eventsource-go/eventsource/e2e/supervisor"
)

// interruption is a bank that is ended again and again while clients pay.
type interruption struct {
	build    func(testing.TB, string) string
	database func(testing.TB) string // makes an empty one
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
	interruption{build: supervisor.Build, database: newDatabase, clients: 32, accounts: 24, times: 20, end: kill}.test(t)
}

// The same with the race detector watching.
func TestKilledUnderLoadWithRaceDetector(t *testing.T) {
	interruption{build: supervisor.BuildRace, database: newDatabase, clients: 8, accounts: 6, times: 3, end: kill}.test(t)
}

// A bank that is asked to close finishes what it has begun, and says that it did.
func TestClosedUnderLoad(t *testing.T) {
	interruption{build: supervisor.Build, database: newDatabase, clients: 16, accounts: 12, times: 6, end: stop, answers: true}.test(t)
}

func (in interruption) test(t *testing.T) {
	seed := evidence.Seed(t)
	b := startBank(t, in.build(t, bankdPackage), in.database(t))
	l := newLoad(t, b, seed, in.accounts)
	l.interrupted(t, in.clients, in.times, func() { in.end(t, b); b.Restart() })

	book := l.close(t)
	if in.answers && book.doubtful > 0 {
		t.Errorf("%d payments happened, and the bank closed without saying so", book.doubtful)
	}
	stop(t, b)
	evidence.Report(t, t.Name(), newReport(seed, in.clients, in.times, book, book.verified(t, b)))
}

// close makes one more payment, whose token stands for all that were before it, and compares the
// bank with the book.
func (l *load) close(tb testing.TB) *book {
	tb.Helper()
	last := &payment{key: "last", kind: deposit, to: l.accounts[0], cents: 1}
	if err := last.pay(tb.Context(), l.client, evidence.Rand(l.seed, 1<<34)); err != nil || last.refused != "" {
		tb.Fatal(last.refused, err)
	}
	l.record(last)
	book := newBook(l.payments)
	if err := book.compare(tb.Context(), l.client, last.token); err != nil {
		tb.Error(err)
	}
	return book
}

// verified runs "bankd verify", and holds what it counts against the book.
func (b *book) verified(tb testing.TB, bank *bankd) verified {
	tb.Helper()
	v := bank.verify(tb)
	events := 0
	for _, entries := range b.entries {
		events += len(entries)
	}
	if len(v.Totals) != 1 || v.Events != events || v.Accounts != len(b.entries) || v.Transfers != b.transfers ||
		v.Totals[0].Deposited != decimal(b.deposited) || v.Totals[0].Withdrawn != decimal(b.drawn) ||
		v.Totals[0].Held != decimal(b.deposited-b.drawn) {
		tb.Errorf("verify found %+v; in the book are %d accounts, %d events, %d transfers, %d in, %d out",
			v, len(b.entries), events, b.transfers, b.deposited, b.drawn)
	}
	return v
}

// report is what a run was.
type report struct {
	Seed         uint64
	Clients      int
	Ends         int // how often the bank, or its server, was ended
	Payments     int
	Acknowledged int
	Refused      int // for a reason that the client was told
	Doubtful     int // acknowledged when they were sent again, because the first answer got lost
	Attempts     int
	Verified     verified
}

func newReport(seed uint64, clients, ends int, b *book, v verified) report {
	return report{
		Seed: seed, Clients: clients, Ends: ends, Payments: len(b.payments), Acknowledged: len(b.payments) - b.refused,
		Refused: b.refused, Doubtful: b.doubtful, Attempts: b.attempts, Verified: v,
	}
}
