package feedload_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/e2e/supervisor"
	"github.com/eventsource-go/eventsource/stores/postgres"
)

// patience is how long anything may take that has to come.
const patience = 2 * time.Minute

// bait makes the loss of the rivals certain, where the load makes it likely: an event of whom
// they have seen a later position, and even one of an earlier transaction, before it is committed.
type bait struct {
	store  *postgres.Store
	book   *book
	ledger *ledger
	tally  *tally
	laid   int
	open   []time.Duration // how long the late transactions were
}

// held is a transaction that has appended one event, and waits.
type held struct {
	pid     int
	release chan struct{}
	ended   chan error
	over    bool
}

// lay has an append begin, and wait for another one's stream; then a later transaction take a
// position and stay open; then the append go on, take a later position and commit. When that
// position is passed, the transaction commits too.
func (b *bait) lay(ctx context.Context, phase int, passed func(position int64) bool) (err error) {
	b.laid++
	first, called := b.book.len(), b.ledger.now()
	drafts := b.book.drafts(5)
	stream := func(name string) event.StreamID {
		return event.StreamID{Category: "bait", ID: fmt.Sprintf("%d-%s", b.laid, name)}
	}
	to := func(name string, expect eventstore.Expectation, i int) eventstore.Append {
		return eventstore.Append{Stream: stream(name), Expect: expect, Events: drafts[i : i+1]}
	}
	if _, err := b.store.Append(ctx, to("b", eventstore.NoStream, 0)); err != nil {
		return err
	}
	b.book.commit(first, 1, phase, called, b.ledger.now())

	blocker, err := b.hold(ctx, to("b", eventstore.Any, 1), errRolledBack)
	if err != nil {
		return err
	}
	defer blocker.end()
	var results []eventstore.AppendResult
	early := make(chan error, 1)
	go func() { // it locks the first stream, by which it has its transaction id, and waits for the second
		var err error
		results, err = b.store.Append(ctx, to("a", eventstore.NoStream, 2), to("b", eventstore.Exactly(1), 3))
		early <- err
	}()
	err = supervisor.Poll(ctx, patience, func(ctx context.Context) error { return b.waitsFor(ctx, blocker.pid) })
	if err != nil {
		return err
	}
	late, err := b.hold(ctx, to("c", eventstore.NoStream, 4), nil)
	if err != nil {
		return err
	}
	defer late.end()
	begun := time.Now()
	if err := blocker.end(); !errors.Is(err, errRolledBack) {
		return fmt.Errorf("bait: %w", err)
	}
	if err := <-early; err != nil {
		return err
	}
	b.book.commit(first+2, 2, phase, called, b.ledger.now())
	err = supervisor.Poll(ctx, patience, func(context.Context) error {
		if position := numberOf(results[1].Position); !passed(position) {
			return fmt.Errorf("the rivals have not come to position %d", position)
		}
		return nil
	})
	b.open = append(b.open, time.Since(begun))
	if err = errors.Join(err, late.end()); err != nil {
		return fmt.Errorf("bait: %w", err)
	}
	b.book.commit(first+4, 1, phase, called, b.ledger.now())
	b.tally.events.Add(4)
	return nil
}

// hold begins a transaction that appends, and returns as outcome says when it is told to end.
func (b *bait) hold(ctx context.Context, a eventstore.Append, outcome error) (*held, error) {
	h := &held{release: make(chan struct{}), ended: make(chan error, 1)}
	appended := make(chan struct{})
	go func() {
		h.ended <- b.store.InTx(ctx, func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error {
			if err := tx.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&h.pid); err != nil {
				return err
			}
			if _, err := streams.Append(ctx, a); err != nil {
				return err
			}
			close(appended)
			select {
			case <-h.release:
			case <-ctx.Done():
				return ctx.Err()
			}
			return outcome
		})
	}()
	select {
	case <-appended:
		return h, nil
	case err := <-h.ended:
		return nil, fmt.Errorf("bait: %w", errors.Join(err, errors.New("it ended before it was to")))
	}
}

// end has the transaction end, and returns how it did; it may be called again.
func (h *held) end() error {
	if h.over {
		return nil
	}
	h.over = true
	close(h.release)
	return <-h.ended
}

func (b *bait) waitsFor(ctx context.Context, pid int) error {
	var n int
	if err := b.store.DB().NewRaw("SELECT count(*) FROM pg_stat_activity WHERE ? = ANY (pg_blocking_pids(pid))", pid).Scan(ctx, &n); err != nil {
		return err
	}
	if n == 0 {
		return errors.New("nobody waits for the stream of the bait")
	}
	return nil
}
