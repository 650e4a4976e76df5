package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/e2e/tape"
)

// write plays the tape, and ends, or ends earlier when it is asked to. It says what the store
// acknowledged right after it did. A refusal is said, and is the end of its writer, except
// conflicts, which are part of the tape: then the writer reads again.
func write(ctx context.Context, j *job) error {
	var wg sync.WaitGroup
	var acks atomic.Int64
	errs := make(chan error, j.tape.Writers)
	for writer := range j.tape.Writers {
		wg.Go(func() {
			for tx := range j.tape.Of(writer) {
				if ctx.Err() != nil {
					return
				}
				if err := play(j, tx); err != nil {
					errs <- err
					return
				}
				acks.Add(1)
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		return err
	}
	return say(tape.Line{End: &tape.End{Acks: int(acks.Load())}})
}

// play appends one transaction. What was begun is finished, so no context ends it.
func play(j *job, tx tape.Transaction) error {
	ctx := context.Background()
	ack := tape.Ack{Writer: tx.Writer, Index: tx.Index}
	for ; ; ack.Conflicts++ {
		results, err := attempt(ctx, j.store, tx)
		if errors.Is(err, eventstore.ErrConflict) && hasExact(tx) {
			continue
		}
		if err != nil {
			refused := &tape.Refused{Writer: tx.Writer, Index: tx.Index, Kind: tape.Kind(err), Text: err.Error()}
			return errors.Join(fmt.Errorf("writer %d, transaction %d: %w", tx.Writer, tx.Index, err), say(tape.Line{Refused: refused}))
		}
		for _, r := range results {
			ack.Versions = append(ack.Versions, r.Version)
			ack.Position, ack.Replayed = r.Position, r.Replayed
		}
		return say(tape.Line{Ack: &ack})
	}
}

func attempt(ctx context.Context, store eventstore.Streams, tx tape.Transaction) ([]eventstore.AppendResult, error) {
	var appends []eventstore.Append
	for _, p := range tx.Parts {
		expect := eventstore.NoStream
		switch p.Mode {
		case tape.Blind:
			expect = eventstore.Any
		case tape.Exact:
			v, err := version(ctx, store, p.Stream)
			if err != nil {
				return nil, err
			}
			expect = eventstore.Exactly(v)
		}
		appends = append(appends, eventstore.Append{Stream: p.Stream, Expect: expect, Events: p.Events})
	}
	return store.Append(ctx, appends...)
}

func hasExact(tx tape.Transaction) bool {
	for _, p := range tx.Parts {
		if p.Mode == tape.Exact {
			return true
		}
	}
	return false
}

// version returns the version that the stream is at.
func version(ctx context.Context, store eventstore.Streams, stream event.StreamID) (event.Version, error) {
	for rec, err := range store.Read(ctx, stream, eventstore.ReadQuery{Backward: true, Limit: 1}) {
		return rec.Version, err
	}
	return 0, nil
}
