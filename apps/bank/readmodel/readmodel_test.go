package readmodel_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/banktest"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/apps/bank/transfer"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/subscription"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m.Run)) }

var eur = banktest.EUR

// life lets everything happen to two accounts that can happen, a minute apart each.
func life(t *testing.T, b *banktest.Bank) (ann, bob string) {
	t.Helper()
	ctx := event.WithActor(event.WithCorrelation(t.Context(), "c-1"), "teller")
	ann, bob = b.OpenAccount("Ann", 0), b.OpenAccount("Bob", 0)
	step := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	step(b.Ledger.Deposit(ctx, ann, account.Deposit{Amount: eur(10000), Reference: "salary"}))
	step(b.Ledger.Withdraw(ctx, ann, account.Withdraw{Amount: eur(2500), Reference: "cash"}))
	step(b.Ledger.Transfer(ctx, transfer.Transfer{From: ann, To: bob, Amount: eur(1000), Reference: "lunch"}))
	step(b.Ledger.Freeze(ctx, ann, account.Freeze{Reason: "lost"}))
	step(b.Ledger.Unfreeze(ctx, ann, account.Unfreeze{Reason: "found"}))
	step(b.Ledger.Transfer(ctx, transfer.Transfer{From: bob, To: ann, Amount: eur(1000)}))
	step(b.Ledger.Close(ctx, bob, account.Close{Reason: "moved"}))
	b.CatchUp()
	return ann, bob
}

// clock starts at the turn of the year and ticks with every look at it.
func clock() func() time.Time {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return func() time.Time {
		now = now.Add(time.Minute)
		return now
	}
}

func TestReadModels(t *testing.T) { banktest.Each(t, testReadModels) }

func testReadModels(t *testing.T, newDatabase func(testing.TB) string) {
	ctx := t.Context()
	b := banktest.StartAt(t, newDatabase(t), ledger.Config{Now: clock()})
	ann, bob := life(t, b)

	a, err := b.Reader.Account(ctx, ann)
	if err != nil || a.Owner != "Ann" || a.Status != account.StatusOpen || a.Balance != eur(7500) || a.Version != 7 || !a.Changed.After(a.Opened) || a.Opened.Year() != 2026 {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := b.Reader.Account(ctx, bob); err != nil || a.Status != account.StatusClosed || a.Balance != eur(0) || a.Version != 4 {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := b.Reader.Account(ctx, "nobody"); !errors.Is(err, readmodel.ErrNotFound) {
		t.Error(err)
	}

	page, err := b.Reader.Statement(ctx, ann, readmodel.PageQuery{})
	if err != nil || page.Next != "" {
		t.Fatal(page, err)
	}
	var lines []string
	for _, e := range page.Items {
		lines = append(lines, fmt.Sprintf("%d %s %s %s %t %t %s", e.Version, e.Kind, e.Amount, e.Balance, e.Other == bob, e.Transfer != "", e.Reference))
	}
	want := []string{
		"7 transfer_in 10.00 EUR 75.00 EUR true true ",
		"4 transfer_out -10.00 EUR 65.00 EUR true true lunch",
		"3 withdrawal -25.00 EUR 75.00 EUR false false cash",
		"2 deposit 100.00 EUR 100.00 EUR false false salary",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("statement is\n%q, want\n%q", lines, want)
	}
	if _, err := b.Reader.Statement(ctx, "nobody", readmodel.PageQuery{}); !errors.Is(err, readmodel.ErrNotFound) {
		t.Error(err)
	}

	audit, err := b.Reader.Audit(ctx, readmodel.AuditQuery{})
	if err != nil || len(audit.Items) != 11 {
		t.Fatal(audit, err)
	}
	for i, line := range audit.Items {
		if line.Number != int64(11-i) || line.Recorded.IsZero() || line.Event == "" {
			t.Errorf("%+v", line)
		}
		if opened := line.Type == "account.opened"; !opened && (line.Actor != "teller" || line.Correlation != "c-1") {
			t.Errorf("%+v", line)
		}
	}
	if last := audit.Items[0]; last.Type != "account.closed" || last.Account != bob || last.Version != 4 {
		t.Errorf("%+v", last)
	}
	if only, err := b.Reader.Audit(ctx, readmodel.AuditQuery{Account: bob}); err != nil || len(only.Items) != 4 {
		t.Error(only, err)
	}
	totals, err := b.Reader.Totals(ctx)
	if err != nil || len(totals) != 1 || totals[0] != (readmodel.Total{Balance: eur(7500), Accounts: 2}) {
		t.Error(totals, err)
	}
}

func TestPages(t *testing.T) { banktest.Each(t, testPages) }

func testPages(t *testing.T, newDatabase func(testing.TB) string) {
	ctx := t.Context()
	b := banktest.StartAt(t, newDatabase(t), ledger.Config{})
	const n = 23
	for i := range n {
		id := b.OpenAccount([]string{"Ann", "Änn", "ann", "Ann 'o", "安"}[i%5], 0)
		if i > 0 {
			continue
		}
		for j := range n {
			if _, err := b.Ledger.Deposit(ctx, id, account.Deposit{Amount: eur(int64(j + 1))}); err != nil {
				t.Fatal(err)
			}
		}
	}
	b.CatchUp()
	all, err := b.Reader.Accounts(ctx, readmodel.AccountsQuery{PageQuery: readmodel.PageQuery{Limit: 1000}})
	if err != nil || len(all.Items) != n || all.Next != "" {
		t.Fatal(len(all.Items), err)
	}
	ordered := func(a, b readmodel.Account) int { return compare(a.Owner, b.Owner, a.ID, b.ID) }
	if !slices.IsSortedFunc(all.Items, ordered) {
		t.Error("not by owner")
	}
	whose := slices.IndexFunc(all.Items, func(a readmodel.Account) bool { return a.Version > 1 })
	for _, limit := range []int{1, 2, 7, n - 1, n, n + 1} {
		got := collect(t, limit, func(q readmodel.PageQuery) (readmodel.Page[readmodel.Account], error) {
			return b.Reader.Accounts(ctx, readmodel.AccountsQuery{PageQuery: q})
		})
		if !slices.Equal(got, all.Items) {
			t.Errorf("pages of %d accounts differ from all", limit)
		}
		entries := collect(t, limit, func(q readmodel.PageQuery) (readmodel.Page[readmodel.Entry], error) {
			return b.Reader.Statement(ctx, all.Items[whose].ID, q)
		})
		if len(entries) != n || entries[0].Version != n+1 || entries[n-1].Version != 2 || entries[0].Balance != eur(n*(n+1)/2) {
			t.Errorf("pages of %d entries: %d", limit, len(entries))
		}
		lines := collect(t, limit, func(q readmodel.PageQuery) (readmodel.Page[readmodel.Trace], error) {
			return b.Reader.Audit(ctx, readmodel.AuditQuery{PageQuery: q})
		})
		if len(lines) != 2*n || lines[0].Number != 2*n || lines[2*n-1].Number != 1 {
			t.Errorf("pages of %d audit lines: %d", limit, len(lines))
		}
	}
}

func compare(pairs ...string) int {
	for i := 0; i < len(pairs); i += 2 {
		switch {
		case pairs[i] < pairs[i+1]:
			return -1
		case pairs[i] > pairs[i+1]:
			return 1
		}
	}
	return 0
}

func collect[T any](t *testing.T, limit int, read func(readmodel.PageQuery) (readmodel.Page[T], error)) (all []T) {
	t.Helper()
	for q := (readmodel.PageQuery{Limit: limit}); ; {
		page, err := read(q)
		if err != nil || len(page.Items) > limit || len(page.Items) == 0 {
			t.Fatal(len(page.Items), err)
		}
		all = append(all, page.Items...)
		if q.Cursor = page.Next; q.Cursor == "" {
			return all
		}
	}
}

func TestBadQueries(t *testing.T) { banktest.Each(t, testBadQueries) }

func testBadQueries(t *testing.T, newDatabase func(testing.TB) string) {
	ctx := t.Context()
	b := banktest.StartAt(t, newDatabase(t), ledger.Config{})
	for range 3 {
		b.OpenAccount("Ann", 1)
	}
	b.CatchUp()
	first, err := b.Reader.Audit(ctx, readmodel.AuditQuery{PageQuery: readmodel.PageQuery{Limit: 1}})
	if err != nil || first.Next == "" {
		t.Fatal(first, err)
	}
	forged := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	if _, err := b.Reader.Accounts(ctx, readmodel.AccountsQuery{PageQuery: readmodel.PageQuery{Cursor: forged(`{"l":"accounts","t":"AX","n":1}`)}}); err != nil {
		t.Error("a place between accounts is a place:", err)
	}
	for _, cursor := range []string{
		forged(`{"l":"accounts","t":"\u0000","n":1}`), forged(`{"l":"accounts","t":"AX", "n":1}`), forged(`{"l":"accounts","t":"AX","n":1,"x":1}`),
		forged(`{"l":"accounts","t":"Ä","n":1}`), forged(`{"l":"accounts","t":"AX","n":1.0}`), "!", "e30", first.Next, first.Next + "A", "bnVsbA"} {
		if _, err := b.Reader.Accounts(ctx, readmodel.AccountsQuery{PageQuery: readmodel.PageQuery{Cursor: cursor}}); !errors.Is(err, readmodel.ErrInvalidCursor) {
			t.Errorf("%q: %v", cursor, err)
		}
	}
	for _, id := range []string{"", "a\x00b", "a\xffb", strings.Repeat("x", 300), "'; DROP TABLE bank_accounts; --", "?0"} {
		if _, err := b.Reader.Account(ctx, id); !errors.Is(err, readmodel.ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
		if page, err := b.Reader.Audit(ctx, readmodel.AuditQuery{Account: id}); id != "" && (err != nil || len(page.Items) != 0) {
			t.Errorf("%q: %v, %v", id, page, err)
		}
	}
	if _, err := b.Reader.Accounts(ctx, readmodel.AccountsQuery{PageQuery: readmodel.PageQuery{Limit: -1}}); !errors.Is(err, readmodel.ErrInvalidLimit) {
		t.Error(err)
	}
}

// The tables and the checkpoint commit together, so stopping at any moment and starting again
// counts nothing twice; a checkpoint that is reset without the tables is found out.
func TestEffectivelyOnce(t *testing.T) { banktest.Each(t, testEffectivelyOnce) }

func testEffectivelyOnce(t *testing.T, newDatabase func(testing.TB) string) {
	b := banktest.Open(t, newDatabase(t), ledger.Config{})
	id := b.OpenAccount("Ann", 1)
	for range 5 {
		// A group that is stopped somewhere in the middle of 30 events.
		for range 30 {
			if _, err := b.Ledger.Deposit(t.Context(), id, account.Deposit{Amount: eur(1)}); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		group, err := subscription.NewGroup(b.Store, subscription.Config{PageEvents: 7}, readmodel.NewSubscription(b.Store))
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() { done <- group.Run(ctx) }()
		var at event.Position
		for env, err := range b.Ledger.History(ctx, id, eventstore.ReadQuery{Backward: true, Limit: 15}) {
			if err != nil {
				t.Fatal(err)
			}
			at = env.Position
		}
		if err := group.WaitFor(ctx, readmodel.Name, at); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- b.Group.Run(ctx) }()
	b.CatchUp()
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	a, err := b.Reader.Account(t.Context(), id)
	if err != nil || a.Balance != eur(151) || a.Version != 152 {
		t.Errorf("%+v, %v", a, err)
	}
}

// Somebody changed the tables: the read model stops and says so, instead of being wrong.
func TestChangedTablesAreFoundOut(t *testing.T) { banktest.Each(t, testChangedTablesAreFoundOut) }

func testChangedTablesAreFoundOut(t *testing.T, newDatabase func(testing.TB) string) {
	for _, change := range []string{"DELETE FROM bank_accounts", "UPDATE bank_accounts SET version = 3"} {
		ctx := t.Context()
		b := banktest.StartAt(t, newDatabase(t), ledger.Config{})
		id := b.OpenAccount("Ann", 1)
		b.CatchUp()
		err := b.Store.InTx(ctx, func(ctx context.Context, tx bun.Tx, _ eventstore.Streams) error {
			_, err := tx.ExecContext(ctx, change)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		res, err := b.Ledger.Deposit(ctx, id, account.Deposit{Amount: eur(1)})
		if err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(10 * time.Second); ; { // until it has failed for the first time
			short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
			err := b.Waiter.Await(short, res.Position)
			cancel()
			if errors.Is(err, readmodel.ErrLost) {
				break
			}
			if err == nil || time.Now().After(deadline) {
				t.Fatalf("%s: %v", change, err)
			}
		}
	}
}

func TestAwait(t *testing.T) { banktest.Each(t, testAwait) }

func testAwait(t *testing.T, newDatabase func(testing.TB) string) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	b, other := banktest.StartAt(t, newDatabase(t), ledger.Config{}), banktest.StartAt(t, newDatabase(t), ledger.Config{})
	other.OpenAccount("Bob", 1)
	head, err := other.Store.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	// An empty bank has no position that another one's could be compared with.
	if err := b.Waiter.Await(ctx, head); !errors.Is(err, readmodel.ErrAhead) {
		t.Error(err)
	}
	b.OpenAccount("Ann", 1)
	if err := b.Waiter.Await(ctx, head); !errors.Is(err, event.ErrForeignPosition) {
		t.Error(err)
	}
	own, err := b.Store.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	store, _, _ := strings.Cut(own.String(), ".")
	future, err := event.ParsePosition(store + ".1000")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Waiter.Await(ctx, future); !errors.Is(err, readmodel.ErrAhead) {
		t.Error(err)
	}
	for _, pos := range []event.Position{own, {}} {
		if err := b.Waiter.Await(ctx, pos); err != nil {
			t.Error(err)
		}
	}
}
