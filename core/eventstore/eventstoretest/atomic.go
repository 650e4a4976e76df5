package eventstoretest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var atomicCases = []scenario{
	{name: "Atomic/ReadsItsOwnWrites", run: atomicReads},
	{name: "Atomic/StoresWhatItShowed", run: atomicShows},
	{name: "Atomic/ErrorStoresNothing", run: atomicFails},
	{name: "Atomic/RunsAgainOnConflict", run: atomicRetries},
	{name: "Atomic/RefusesInside", run: atomicRefuses},
	{name: "Atomic/Transfers", run: atomicTransfers},
}

func (t *trial) atomic(s eventstore.Streams, fn func(ctx context.Context, tx eventstore.Streams) error) event.Position {
	t.Helper()
	pos, err := eventstore.Atomic(t.Context(), s, fn)
	if err != nil {
		t.Fatalf("atomic: %v", err)
	}
	return pos
}

func atomicReads(t *trial) {
	s := t.open()
	t.append(s, to(one, eventstore.NoStream, "1", "2"))
	pos := t.atomic(s, func(_ context.Context, tx eventstore.Streams) error {
		if got := fmt.Sprint(t.readTypes(tx, one, eventstore.ReadQuery{})); got != "[1 2]" {
			t.Errorf("before its appends: %s", got)
		}
		res := t.append(tx, to(one, eventstore.Exactly(2), "3", "4"), to(two, eventstore.NoStream, "a"))
		if res[0].Version != 4 || res[1].Version != 1 || !res[0].Position.IsZero() {
			t.Errorf("results %+v", res)
		}
		a := to(one, eventstore.StreamExists, "5")
		t.append(tx, a)
		for _, c := range []struct {
			q    eventstore.ReadQuery
			want string
		}{
			{eventstore.ReadQuery{}, "[1 2 3 4 5]"},
			{eventstore.ReadQuery{Backward: true}, "[5 4 3 2 1]"},
			{eventstore.ReadQuery{Backward: true, Limit: 4}, "[5 4 3 2]"},
			{eventstore.ReadQuery{After: 1, UpTo: 3}, "[2 3]"},
			{eventstore.ReadQuery{After: 3}, "[4 5]"},
			{eventstore.ReadQuery{UpTo: 1}, "[1]"},
			{eventstore.ReadQuery{Limit: 3}, "[1 2 3]"},
		} {
			if got := fmt.Sprint(t.readTypes(tx, one, c.q)); got != c.want {
				t.Errorf("%+v: %s, want %s", c.q, got, c.want)
			}
		}
		stored := t.read(s, one, eventstore.ReadQuery{})
		found, err := tx.Lookup(t.Context(), a.Events[0].ID, stored[0].ID, event.NewID())
		if err != nil || len(found) != 2 || found[0].Version != 5 || found[1].ID != stored[0].ID {
			t.Errorf("look-up: %s, %v", brief(found), err)
		}
		if len(stored) != 2 {
			t.Errorf("seen from outside: %s", brief(stored))
		}
		return nil
	})
	if head, err := s.Head(t.Context()); err != nil || head != pos {
		t.Errorf("it ended at %v, the head is %v, %v", pos, head, err)
	}
	if got := fmt.Sprint(t.readTypes(s, one, eventstore.ReadQuery{})); got != "[1 2 3 4 5]" {
		t.Errorf("it stored %s", got)
	}
}

// atomicShows compares what a stream was inside with what it is outside.
func atomicShows(t *trial) {
	s := t.open()
	ctx := event.WithTenant(t.Context(), "a")
	t.appendIn(ctx, s, many(one, eventstore.NoStream, 3))
	var inside, ahead []event.Record
	_, err := eventstore.Atomic(ctx, s, func(ctx context.Context, tx eventstore.Streams) error {
		for _, stream := range []event.StreamID{one, two} {
			a := many(stream, eventstore.Any, 2)
			for i := range a.Events {
				a.Events[i].Occurred = noon
				a.Events[i].Metadata = event.Metadata{Actor: "me", Extra: map[string]string{"k": "v"}}
			}
			t.appendIn(ctx, tx, a)
			inside = append(inside, t.collect(tx.Read(ctx, stream, eventstore.ReadQuery{}))...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, stream := range []event.StreamID{one, two} {
		ahead = append(ahead, t.collect(s.Read(ctx, stream, eventstore.ReadQuery{}))...)
	}
	for i := range min(len(inside), len(ahead)) {
		if inside[i].Position.IsZero() { // not known then
			inside[i].Position, inside[i].Recorded = ahead[i].Position, ahead[i].Recorded
		}
	}
	t.requireSame("what was inside", ahead, inside)
}

func atomicFails(t *trial) {
	s := t.open()
	t.append(s, to(one, eventstore.NoStream, "a"))
	boom := errors.New("boom")
	t.requireUnchanged(s, "a failed unit of work", func() {
		pos, err := eventstore.Atomic(t.Context(), s, func(_ context.Context, tx eventstore.Streams) error {
			t.append(tx, to(one, eventstore.Any, "b"), closing(to(two, eventstore.Any, "b")))
			return boom
		})
		if err != boom || !pos.IsZero() {
			t.Errorf("%v, %v", pos, err)
		}
		if pos, err := eventstore.Atomic(t.Context(), s, func(context.Context, eventstore.Streams) error { return nil }); err != nil || !pos.IsZero() {
			t.Errorf("without appends: %v, %v", pos, err)
		}
	})
}

func atomicRetries(t *trial) {
	s := t.open()
	t.append(s, to(one, eventstore.NoStream, "1"))
	runs := 0
	pos := t.atomic(s, func(_ context.Context, tx eventstore.Streams) error {
		runs++
		n := len(t.readTypes(tx, one, eventstore.ReadQuery{}))
		t.append(tx, to(one, eventstore.Exactly(event.Version(n)), fmt.Sprint("run", runs)), to(two, eventstore.Any, "a"))
		if runs <= 2 {
			t.append(s, to([]event.StreamID{one, two}[runs-1], eventstore.Any, "x")) // somebody else
		}
		return nil
	})
	if head, err := s.Head(t.Context()); runs != 3 || err != nil || head != pos {
		t.Errorf("%d runs, want 3, up to %v of %v, %v", runs, pos, head, err)
	}
	if got := fmt.Sprint(t.readTypes(s, one, eventstore.ReadQuery{}), t.readTypes(s, two, eventstore.ReadQuery{})); got != "[1 x run3] [x a]" {
		t.Errorf("it stored %s", got)
	}
}

func atomicRefuses(t *trial) {
	s := t.open()
	t.append(s, to(one, eventstore.NoStream, "a"))
	var kept eventstore.Streams
	t.atomic(s, func(ctx context.Context, tx eventstore.Streams) error {
		kept = tx
		if _, err := tx.Append(ctx, to(one, eventstore.NoStream, "b"), to(two, eventstore.StreamExists, "b")); err != nil && !errors.Is(err, eventstore.ErrConflict) {
			t.Errorf("append expecting what is not so: %v", err)
		}
		t.append(tx, closing(to(two, eventstore.Any, "b")))
		for _, c := range []struct {
			ctx  context.Context
			a    eventstore.Append
			want error
		}{
			{ctx, to(two, eventstore.Any, "c"), eventstore.ErrStreamClosed},
			{ctx, to(numbered(3), eventstore.StreamExists, "c"), eventstore.ErrConflict},
			{ctx, to(numbered(3), eventstore.Any), eventstore.ErrInvalidAppend},
			{event.WithTenant(ctx, "other"), to(numbered(3), eventstore.Any, "c"), eventstore.ErrTenant},
		} {
			if _, err := tx.Append(c.ctx, c.a); !errors.Is(err, c.want) {
				t.Errorf("append of %d events to %s expecting %v: %v, want %v", len(c.a.Events), c.a.Stream, c.a.Expect, err, c.want)
			}
		}
		return nil
	})
	if _, err := kept.Append(t.Context(), to(one, eventstore.Any, "b")); err == nil {
		t.Error("it takes appends after its end")
	}
	requireClosed(t, s, two, 1)
	if got := fmt.Sprint(t.readTypes(s, one, eventstore.ReadQuery{})); got != "[a]" {
		t.Errorf("one has %s", got)
	}
}

// atomicTransfers moves money between three accounts from all sides; the sum stays what it was.
func atomicTransfers(t *trial) {
	s := t.open()
	const workers, each = 6, 8
	accounts := []event.StreamID{numbered(0), numbered(1), numbered(2)}
	balance := func(tx eventstore.Streams, account event.StreamID) (sum int, err error) {
		for rec, err := range tx.Read(t.Context(), account, eventstore.ReadQuery{}) {
			if err != nil {
				return 0, err
			}
			var amount int
			if _, err := fmt.Sscan(string(rec.Data), &amount); err != nil {
				return 0, err
			}
			sum += amount
		}
		return sum, nil
	}
	move := func(account event.StreamID, amount int) eventstore.Append {
		a := to(account, eventstore.Any, "moved")
		a.Events[0].Data = fmt.Append(nil, amount)
		return a
	}
	for _, account := range accounts {
		t.append(s, move(account, 100))
	}
	var moved atomic.Int64
	together(workers, func(w int) {
		for i := range each {
			from, dest := accounts[(w+i)%3], accounts[(w+i+1+w%2)%3]
			_, err := eventstore.Atomic(t.Context(), s, func(ctx context.Context, tx eventstore.Streams) error {
				left, err := balance(tx, from)
				if err != nil || left < 30 {
					return err
				}
				_, err = tx.Append(ctx, move(from, -30), move(dest, 30))
				return err
			})
			switch {
			case err == nil:
				moved.Add(1)
			case !errors.Is(err, eventstore.ErrConflict): // too much of a crowd
				t.Error(err)
			}
		}
	})
	sum := 0
	for _, account := range accounts {
		left, err := balance(s, account)
		if err != nil || left < 0 {
			t.Errorf("%s has %d, %v", account, left, err)
		}
		sum += left
	}
	if sum != 300 || moved.Load() == 0 {
		t.Errorf("there is %d in the end, there was 300; %d transfers", sum, moved.Load())
	}
}
