package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"testing"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/banktest"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/apps/bank/transfer"
	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/memstore"
)

func TestTransfer(t *testing.T) {
	ctx, store := t.Context(), memstore.New()
	l := ledger.New(store, ledger.Config{})
	ann, bob := open(t, l, 100), open(t, l, 0)
	move := transfer.Transfer{From: ann, To: bob, Amount: eur(30), Reference: "lunch"}
	key := ledger.IdempotencyKey("t-1")
	first, err := l.Transfer(ctx, move, key)
	if err != nil || first.Replayed || first.From.State.Balance != eur(70) || first.To.State.Balance != eur(30) || first.From.Version != 3 || first.To.Version != 2 {
		t.Fatal(first, err)
	}
	if head, err := store.Head(ctx); err != nil || first.Position != head {
		t.Error(first.Position, head, err)
	}
	again, err := l.Transfer(ctx, move, key)
	if err != nil || !again.Replayed || again.Transfer != first.Transfer || again.Position != first.Position {
		t.Error(again, err)
	}
	var got []account.Event
	for _, id := range []string{ann, bob} {
		for env, err := range l.History(ctx, id, eventstore.ReadQuery{Backward: true, Limit: 1}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, env.Event)
		}
	}
	want := []account.Event{
		account.TransferredOut{Transfer: first.Transfer, To: bob, Amount: eur(30), Reference: "lunch"},
		account.TransferredIn{Transfer: first.Transfer, From: ann, Amount: eur(30), Reference: "lunch"},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
	// Without a key, twice is two transfers.
	for range 2 {
		if _, err := l.Transfer(ctx, move); err != nil {
			t.Error(err)
		}
	}
	if a, b := balance(t, l, ann), balance(t, l, bob); a != 10 || b != 90 {
		t.Error(a, b)
	}
}

func TestTransferIsRefusedWhole(t *testing.T) {
	ctx := t.Context()
	l := ledger.New(memstore.New(), ledger.Config{})
	ann, bob, frozen := open(t, l, 100), open(t, l, 0), open(t, l, 0)
	if _, err := l.Freeze(ctx, frozen, account.Freeze{Reason: "lost"}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Transfer(ctx, transfer.Transfer{From: ann, To: bob, Amount: eur(1)}, ledger.IdempotencyKey("used")); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		move transfer.Transfer
		want error
		by   string
		opts []ledger.Option
	}{
		"too much":       {transfer.Transfer{From: ann, To: bob, Amount: eur(100)}, account.ErrInsufficientFunds, ann, nil},
		"same":           {transfer.Transfer{From: ann, To: ann, Amount: eur(1)}, transfer.ErrSameAccount, "", nil},
		"nothing":        {transfer.Transfer{From: ann, To: bob, Amount: eur(0)}, account.ErrNotPositive, "", nil},
		"negative":       {transfer.Transfer{From: ann, To: bob, Amount: eur(-1)}, account.ErrNotPositive, "", nil},
		"to frozen":      {transfer.Transfer{From: ann, To: frozen, Amount: eur(1)}, account.ErrFrozen, frozen, nil},
		"to nobody":      {transfer.Transfer{From: ann, To: "nobody", Amount: eur(1)}, account.ErrNotOpen, "nobody", nil},
		"from nobody":    {transfer.Transfer{From: "nobody", To: ann, Amount: eur(1)}, account.ErrNotOpen, "nobody", nil},
		"to none":        {transfer.Transfer{From: ann, Amount: eur(1)}, transfer.ErrIncomplete, "", nil},
		"other currency": {transfer.Transfer{From: ann, To: bob, Amount: money.Amount{Minor: 1, Currency: money.USD}}, money.ErrCurrencyMismatch, ann, nil},
		"long reference": {transfer.Transfer{From: ann, To: bob, Amount: eur(1), Reference: string(make([]byte, 200))}, account.ErrInvalidText, "", nil},
		"key of another": {transfer.Transfer{From: ann, To: frozen, Amount: eur(1)}, ledger.ErrKeyReused, "", []ledger.Option{ledger.IdempotencyKey("used")}},
	} {
		_, err := l.Transfer(ctx, c.move, c.opts...)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if rejected, ok := errors.AsType[*aggregate.RejectedError](err); ok != (c.by != "") || ok && rejected.Stream.ID != c.by {
			t.Errorf("%s: refused by %v", name, rejected)
		}
	}
	if a, b, f := balance(t, l, ann), balance(t, l, bob), balance(t, l, frozen); a != 99 || b != 1 || f != 0 {
		t.Error(a, b, f)
	}
}

func TestMoneyIsConstant(t *testing.T) {
	t.Run("memory", func(t *testing.T) { testMoneyIsConstant(t, ledger.New(memstore.New(), ledger.Config{})) })
	banktest.Each(t, func(t *testing.T, newDatabase func(testing.TB) string) {
		testMoneyIsConstant(t, banktest.Open(t, newDatabase(t), ledger.Config{}).Ledger)
	})
}

func testMoneyIsConstant(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	const accounts, transfers, each = 4, 64, 2
	ctx := t.Context()
	var ids []string
	for range accounts {
		ids = append(ids, open(t, l, 100))
	}
	var wg sync.WaitGroup
	for i := range transfers {
		for range each { // each is asked for twice, at the same time
			wg.Go(func() {
				move := transfer.Transfer{From: ids[i%accounts], To: ids[i/accounts%accounts], Amount: eur(40)}
				_, err := l.Transfer(ctx, move, ledger.IdempotencyKey(fmt.Sprint(i)))
				for _, expected := range []error{account.ErrInsufficientFunds, transfer.ErrSameAccount, eventstore.ErrConflict} {
					if errors.Is(err, expected) {
						return
					}
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	var sum int64
	seen := make(map[string]int)
	for _, id := range ids {
		b := balance(t, l, id)
		if sum += b; b < 0 {
			t.Error(id, b)
		}
		for env, err := range l.History(ctx, id, eventstore.ReadQuery{}) {
			if err != nil {
				t.Fatal(err)
			}
			if out, ok := env.Event.(account.TransferredOut); ok {
				seen[out.Transfer]++
			}
		}
	}
	if sum != accounts*100 {
		t.Errorf("there is %d", sum)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("transfer %s happened %d times", id, n)
		}
	}
}

// overtaken is a store in which somebody else executes the same request between our look and
// our append, and something else before it, so that it lands at other versions.
type overtaken struct {
	eventstore.Streams
	first func()
}

func (o *overtaken) Append(ctx context.Context, appends ...eventstore.Append) ([]eventstore.AppendResult, error) {
	if first := o.first; first != nil {
		o.first = nil
		first()
	}
	return o.Streams.Append(ctx, appends...)
}

func TestTransferThatSomebodyElseMade(t *testing.T) {
	ctx, store := t.Context(), &overtaken{Streams: memstore.New()}
	other := ledger.New(store.Streams, ledger.Config{})
	ann, bob := open(t, other, 100), open(t, other, 0)
	move := transfer.Transfer{From: ann, To: bob, Amount: eur(30)}
	var theirs ledger.TransferReceipt
	store.first = func() {
		if _, err := other.Deposit(ctx, ann, account.Deposit{Amount: eur(1)}); err != nil {
			t.Error(err)
		}
		var err error
		if theirs, err = other.Transfer(ctx, move, ledger.IdempotencyKey("k")); err != nil {
			t.Error(err)
		}
	}
	ours, err := ledger.New(store, ledger.Config{}).Transfer(ctx, move, ledger.IdempotencyKey("k"))
	if err != nil || !ours.Replayed || ours.Position != theirs.Position || ours.From.Version != 4 || ours.From.State.Balance != eur(71) {
		t.Errorf("%+v, %v; theirs %+v", ours, err, theirs)
	}
}

// late is a store in which an earlier try of the same request, that nobody waits for any more,
// happens between the look at its key and the look at the account.
type late struct {
	eventstore.Streams
	first func()
}

func (l *late) Read(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
	if first := l.first; first != nil {
		l.first = nil
		first()
	}
	return l.Streams.Read(ctx, stream, q)
}

// What happened is not refused because it happened.
func TestEarlierTryHappensLate(t *testing.T) {
	store := memstore.New()
	l := ledger.New(store, ledger.Config{})
	ann, bob := open(t, l, 100), open(t, l, 0)
	for name, try := range map[string]func(*ledger.Ledger) (replayed bool, err error){
		"open": func(l *ledger.Ledger) (bool, error) {
			res, err := l.Open(t.Context(), account.Open{Owner: "Cid", Currency: money.EUR}, ledger.IdempotencyKey("open"))
			return res.Replayed, err
		},
		"withdraw": func(l *ledger.Ledger) (bool, error) {
			res, err := l.Withdraw(t.Context(), ann, account.Withdraw{Amount: eur(60)}, ledger.IdempotencyKey("withdraw"))
			return res.Replayed, err
		},
		"transfer": func(l *ledger.Ledger) (bool, error) {
			res, err := l.Transfer(t.Context(), transfer.Transfer{From: bob, To: ann, Amount: eur(7)}, ledger.IdempotencyKey("transfer"))
			return res.Replayed, err
		},
	} {
		if name == "transfer" {
			if _, err := l.Deposit(t.Context(), bob, account.Deposit{Amount: eur(10)}); err != nil {
				t.Fatal(err)
			}
		}
		overtakes := &late{Streams: store, first: func() {
			if replayed, err := try(l); replayed || err != nil {
				t.Errorf("%s: %t, %v", name, replayed, err)
			}
		}}
		if replayed, err := try(ledger.New(overtakes, ledger.Config{})); !replayed || err != nil {
			t.Errorf("%s was told %v, and that it was there before: %t", name, err, replayed)
		}
	}
	if _, err := l.Withdraw(t.Context(), bob, account.Withdraw{Amount: eur(1000)}, ledger.IdempotencyKey("too-much")); !errors.Is(err, account.ErrInsufficientFunds) {
		t.Error(err)
	}
}
