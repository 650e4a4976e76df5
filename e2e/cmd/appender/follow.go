package main

import (
	"context"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/e2e/tape"
)

// follow says each event of the feed. At the head it waits to be told that there is more, and
// never looks by itself: whatever it sees after the first head, another process's commit has
// woken it for. Asked to end, it reads up to the head first.
func follow(ctx context.Context, j *job) error {
	var end tape.End
	for q := (eventstore.FeedQuery{}); ; {
		appended := j.store.Appended()
		asked := ctx.Err() != nil
		page, err := j.store.Page(context.WithoutCancel(ctx), q)
		if err != nil {
			return err
		}
		for _, rec := range page.Records {
			if err := say(tape.Line{Seen: new(tape.See(rec))}); err != nil {
				return err
			}
		}
		end.Seen += len(page.Records)
		q.After = page.Next
		if !page.AtHead {
			continue
		}
		if asked {
			return say(tape.Line{End: &end})
		}
		select {
		case <-appended:
			end.Wakeups++
		case <-ctx.Done():
		}
	}
}
