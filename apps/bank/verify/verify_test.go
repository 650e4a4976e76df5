package verify_test

import (
	"context"
	"errors"
	"iter"
	"os"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/banktest"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/apps/bank/transfer"
	"github.com/eventsource-go/eventsource/apps/bank/verify"
	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m.Run)) }

// busy is a bank in which something happened: A1 (Ann) holds 60.00, A2 (Bob) 10.00, A3 (Cid)
// is closed.
func busy(t *testing.T, newDatabase func(testing.TB) string) *banktest.Bank {
	t.Helper()
	ids := []string{"A1", "A2", "A3"}
	b := banktest.StartAt(t, newDatabase(t), ledger.Config{NewID: func() string {
		id := ids[0]
		ids = append(ids[1:], "T"+id)
		return id
	}})
	ann, bob, cid := b.OpenAccount("Ann", 10000), b.OpenAccount("Bob", 0), b.OpenAccount("Cid", 0)
	for _, step := range []func() error{
		func() error {
			_, err := b.Ledger.Withdraw(t.Context(), ann, account.Withdraw{Amount: banktest.EUR(3000)})
			return err
		},
		func() error {
			_, err := b.Ledger.Transfer(t.Context(), transfer.Transfer{From: ann, To: bob, Amount: banktest.EUR(1000)})
			return err
		},
		func() error { _, err := b.Ledger.Close(t.Context(), cid, account.Close{}); return err },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	b.CatchUp()
	return b
}

func run(t *testing.T, b *banktest.Bank, store eventstore.Store) *verify.Report {
	t.Helper()
	report, err := verify.Run(t.Context(), verify.Bank{Store: store, Reader: b.Reader, Checkpoints: b.Store.Checkpoints()}, verify.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestOK(t *testing.T) { banktest.Each(t, testOK) }

func testOK(t *testing.T, newDatabase func(testing.TB) string) {
	b := busy(t, newDatabase)
	r := run(t, b, b.Store)
	if !r.OK() || r.Events != 8 || r.Accounts != 3 || r.Transfers != 1 || r.Behind != 0 {
		t.Errorf("%+v", r)
	}
	if want := (verify.Total{Currency: money.EUR, Deposited: "100.00", Withdrawn: "30.00", Held: "70.00"}); len(r.Totals) != 1 || r.Totals[0] != want {
		t.Error(r.Totals)
	}
}

func TestEmptyBank(t *testing.T) { banktest.Each(t, testEmptyBank) }

func testEmptyBank(t *testing.T, newDatabase func(testing.TB) string) {
	b := banktest.Open(t, newDatabase(t), ledger.Config{})
	if r := run(t, b, b.Store); !r.OK() || r.Events != 0 {
		t.Errorf("%+v", r)
	}
}

// Read models that are behind are compared with what they have seen.
func TestBehind(t *testing.T) { banktest.Each(t, testBehind) }

func testBehind(t *testing.T, newDatabase func(testing.TB) string) {
	b := banktest.Open(t, newDatabase(t), ledger.Config{})
	b.OpenAccount("Ann", 100)
	if r := run(t, b, b.Store); !r.OK() || r.Behind != 2 || r.Events != 2 {
		t.Errorf("%+v", r)
	}
}

// TestReadModels changes a row behind the bank's back. Each change is found and named.
func TestReadModels(t *testing.T) { banktest.Each(t, testReadModels) }

func testReadModels(t *testing.T, newDatabase func(testing.TB) string) {
	for sql, want := range map[string]string{
		"UPDATE bank_accounts SET balance = balance + 1 WHERE id = 'A1'":                       "account A1 version 4: the read model has open 60.01 EUR",
		"UPDATE bank_accounts SET version = 9 WHERE id = 'A1'":                                 "account A1 version 4: the read model has open 60.00 EUR, version 9",
		"UPDATE bank_accounts SET status = 'open' WHERE id = 'A3'":                             "account A3 version 2: the read model has open",
		"UPDATE bank_accounts SET owner = 'Eve' WHERE id = 'A2'":                               "account A2 version 2: the read model",
		"DELETE FROM bank_accounts WHERE id = 'A2'":                                            "account A2 version 2: the read model does not know it",
		"INSERT INTO bank_accounts VALUES ('A9', 'Eve', 'EUR', 0, 'open', 1, 0, 0)":            "read models have {Accounts:4",
		"INSERT INTO bank_accounts VALUES ('A9', 'Eve', 'USD', 5, 'open', 1, 0, 0)":            "read model holds 0.05 USD, of which no event tells",
		"UPDATE bank_entries SET amount = 9999 WHERE account = 'A1' AND version = 2":           "account A1 version 2: the statement has version 2: 99.99 EUR",
		"UPDATE bank_entries SET balance = 9999 WHERE account = 'A1' AND version = 2":          "account A1 version 2: the statement has version 2: 100.00 EUR, balance 99.99 EUR",
		"DELETE FROM bank_entries WHERE account = 'A1' AND version = 4":                        "account A1 version 4: the statement has no entry",
		"INSERT INTO bank_entries VALUES ('A1', 9, 'deposit', 'EUR', 1, 1, '', '', '', 0)":     "account A1: an entry of the statement of which no event tells",
		"INSERT INTO bank_entries VALUES ('A9', 9, 'deposit', 'EUR', 1, 1, '', '', '', 0)":     "Entries:5",
		"UPDATE bank_audit SET actor = 'eve' WHERE account = 'A1' AND version = 1":             "account A1 version 1: the audit trail has",
		"DELETE FROM bank_audit WHERE account = 'A2' AND version = 2":                          "account A2 version 2: the audit trail has no line",
		"INSERT INTO bank_audit VALUES (99, 'x', 'A1', 9, 't', '', 0, '', '', '', 0, 0)":       "account A1: a line of the audit trail of which no event tells",
		"UPDATE bank_audit SET number = 100 WHERE account = 'A1' AND version = 1":              "account A1 version 1: the audit trail has version 2",
		"UPDATE bank_entries SET occurred_at = 0 WHERE account = 'A2' AND version = 2":         "account A2 version 2: the statement",
		"UPDATE bank_audit SET amount = 0, currency = '' WHERE account = 'A1' AND version = 2": "account A1 version 2: the audit trail has version 2: account.deposited of 0",
	} {
		t.Run(sql, func(t *testing.T) {
			t.Parallel()
			b := busy(t, newDatabase)
			err := b.Store.InTx(t.Context(), func(ctx context.Context, tx bun.Tx, _ eventstore.Streams) error {
				_, err := tx.ExecContext(ctx, sql)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			requireDifference(t, run(t, b, b.Store), want)
		})
	}
}

func requireDifference(t *testing.T, r *verify.Report, want string) {
	t.Helper()
	if r.OK() || r.Count < len(r.Differences) {
		t.Errorf("%+v", r)
	}
	var all []string
	for _, d := range r.Differences {
		all = append(all, d.String())
	}
	if !strings.Contains(strings.Join(all, "\n"), want) {
		t.Errorf("differences are %q, want %q", all, want)
	}
}

// tampered is a store that lost or changed something.
type tampered struct {
	eventstore.Store
	page func([]event.Record) []event.Record
	read func(event.Record) (event.Record, bool)
	list func([]eventstore.StreamInfo) []eventstore.StreamInfo
}

func (s tampered) Page(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
	p, err := s.Store.Page(ctx, q)
	if s.page != nil {
		p.Records = s.page(p.Records)
	}
	return p, err
}

func (s tampered) Read(ctx context.Context, id event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
	if s.read == nil {
		return s.Store.Read(ctx, id, q)
	}
	return func(yield func(event.Record, error) bool) {
		for rec, err := range s.Store.Read(ctx, id, q) {
			if rec, ok := s.read(rec); ok && !yield(rec, err) {
				return
			}
		}
	}
}

func (s tampered) List(ctx context.Context, q eventstore.ListQuery) (eventstore.Listing, error) {
	l, err := s.Store.List(ctx, q)
	if s.list != nil {
		l.Streams = s.list(l.Streams)
	}
	return l, err
}

func without(i int) func([]event.Record) []event.Record {
	return func(recs []event.Record) []event.Record { return append(recs[:i:i], recs[i+1:]...) }
}

func is(rec event.Record, id string, v event.Version) bool {
	return rec.Stream.ID == id && rec.Version == v
}

// TestEvents tampers with the store. The feed is A1 opened, A1 deposited, A2 opened, A3 opened,
// A1 withdrawn, A1 transferred out, A2 transferred in, A3 closed.
func TestEvents(t *testing.T) { banktest.Each(t, testEvents) }

func testEvents(t *testing.T, newDatabase func(testing.TB) string) {
	for name, c := range map[string]struct {
		store tampered
		want  string
	}{
		"the feed skips one":        {tampered{page: without(1)}, "account A1 version 3: follows version 1 in the feed"},
		"the feed skips the last":   {tampered{page: without(7)}, "account A3 version 2: is the last event of the stream, 1 is of the feed"},
		"the feed tears a transfer": {tampered{page: without(6)}, "account A1 version 4: transfer TA1 of -10.00 EUR has one side only"},
		"the feed is out of order": {tampered{page: func(recs []event.Record) []event.Record {
			recs[0], recs[1] = recs[1], recs[0]
			return recs
		}}, "account A1 version 1: at "},
		"a deposit is forged in the feed": {tampered{page: func(recs []event.Record) []event.Record {
			recs[1].Data = []byte(`{"amount":{"minor":99999,"currency":"EUR"}}`)
			return recs
		}}, "accounts hold 70.00 EUR, deposits without withdrawals are 969.99 EUR"},
		"a side is forged": {tampered{page: func(recs []event.Record) []event.Record {
			recs[6].Data = []byte(`{"transfer":"TA1","from":"A1","amount":{"minor":999,"currency":"EUR"}}`)
			return recs
		}}, "account A2 version 2: transfer TA1 is 9.99 EUR to A1 here, and -10.00 EUR to A2 there"},
		"a stream skips one":    {tampered{read: func(rec event.Record) (event.Record, bool) { return rec, !is(rec, "A1", 2) }}, "account A1 version 3: follows version 1 in the stream"},
		"a stream lost its end": {tampered{read: func(rec event.Record) (event.Record, bool) { return rec, !is(rec, "A2", 2) }}, "account A2 version 1: is the last event of the stream, 2 is of the feed"},
		"a stream was changed": {tampered{read: func(rec event.Record) (event.Record, bool) {
			if is(rec, "A1", 2) {
				rec.Data = []byte(`{"amount":{"minor":10001,"currency":"EUR"}}`)
			}
			return rec, true
		}}, "account A1 version 2: the statement has version 2: 100.00 EUR, balance 100.00 EUR; the events have 100.01 EUR"},
		"a balance is negative": {tampered{read: func(rec event.Record) (event.Record, bool) {
			if is(rec, "A1", 2) {
				rec.Data = []byte(`{"amount":{"minor":1,"currency":"EUR"}}`)
			}
			return rec, true
		}}, "account A1 version 3: the balance is -29.99 EUR"},
		"another currency": {tampered{read: func(rec event.Record) (event.Record, bool) {
			if is(rec, "A1", 2) {
				rec.Data = []byte(`{"amount":{"minor":1,"currency":"USD"}}`)
			}
			return rec, true
		}}, "account A1 version 2: account.deposited moves USD of an account in EUR"},
		"an event can't be read": {tampered{read: func(rec event.Record) (event.Record, bool) {
			if is(rec, "A2", 2) {
				rec.Data = []byte(`x`)
			}
			return rec, true
		}}, "account A2 version 2: decode account.transferred_in"},
		"an unknown event": {tampered{page: func(recs []event.Record) []event.Record {
			recs[2].Type = "account.blessed"
			return recs
		}}, "account A2 version 1: unknown event type"},
		"opened twice": {tampered{read: func(rec event.Record) (event.Record, bool) {
			if is(rec, "A3", 2) {
				rec.Type, rec.Data = "account.opened", []byte(`{"owner":"Eve","currency":"EUR"}`)
			}
			return rec, true
		}}, `account A3 version 2: account.opened happens to an account that is "open"`},
		"the directory lost one": {tampered{list: func(l []eventstore.StreamInfo) []eventstore.StreamInfo { return l[:2] }}, "account A3: the feed knows it, the directory does not"},
		"a stream was opened again": {tampered{list: func(l []eventstore.StreamInfo) []eventstore.StreamInfo {
			l[2].Closed = false
			return l
		}}, "account A3 version 2: closed: true, and the stream: false"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := busy(t, newDatabase)
			c.store.Store = b.Store
			requireDifference(t, run(t, b, c.store), c.want)
		})
	}
}

// moving is checkpoints that are somewhere else every time.
type moving struct {
	checkpoint.Store
	n *int
}

func (m moving) Load(ctx context.Context, name string) (event.Cursor, error) {
	cur, err := m.Store.Load(ctx, name)
	if *m.n++; *m.n > 1 {
		cur.Event = event.NewID()
	}
	return cur, err
}

func TestInUse(t *testing.T) { banktest.Each(t, testInUse) }

func testInUse(t *testing.T, newDatabase func(testing.TB) string) {
	b := busy(t, newDatabase)
	_, err := verify.Run(t.Context(), verify.Bank{Store: b.Store, Reader: b.Reader, Checkpoints: moving{b.Store.Checkpoints(), new(int)}}, verify.Config{})
	if !errors.Is(err, verify.ErrInUse) {
		t.Error(err)
	}
}

func TestListed(t *testing.T) { banktest.Each(t, testListed) }

func testListed(t *testing.T, newDatabase func(testing.TB) string) {
	b := busy(t, newDatabase)
	progressed := 0
	report, err := verify.Run(t.Context(), verify.Bank{
		Store: tampered{Store: b.Store, page: func([]event.Record) []event.Record { return nil }}, Reader: b.Reader, Checkpoints: b.Store.Checkpoints(),
	}, verify.Config{Listed: 2, Progress: func(_, accounts int) { progressed = max(progressed, accounts) }})
	if err != nil || len(report.Differences) != 2 || report.Count < 4 || progressed != 3 {
		t.Error(report, err, progressed)
	}
}
