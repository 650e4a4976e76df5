package main

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/e2e/tape"
)

// hold takes the write lock, appends the first transaction of its tape, says so, and keeps the
// lock until it is asked to end: then it commits, and says that too.
func hold(ctx context.Context, j *job) error {
	var ack tape.Ack
	err := j.store.InTx(context.WithoutCancel(ctx), func(txCtx context.Context, _ bun.Tx, streams eventstore.Streams) error {
		for tx := range j.tape.Of(0) {
			results, err := attempt(txCtx, streams, tx)
			if err != nil {
				return err
			}
			for _, r := range results {
				ack.Versions = append(ack.Versions, r.Version)
				ack.Position = r.Position
			}
			break
		}
		if err := say(tape.Line{Holding: true}); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	})
	if err != nil {
		return err
	}
	return say(tape.Line{Ack: &ack})
}
