// Package logcheck says what is wrong with a log of events, after whatever was done to it.
package logcheck

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/e2e/tape"
)

// Log is all that a store holds.
type Log struct {
	Feed    []event.Record
	Streams map[event.StreamID][]event.Record
	byID    map[event.ID]event.Record
}

// problems collects what is wrong, but not more of it than anybody reads.
type problems struct {
	errs []error
	more int
}

func (p *problems) addf(format string, args ...any) {
	if len(p.errs) < 20 {
		p.errs = append(p.errs, fmt.Errorf(format, args...))
	} else {
		p.more++
	}
}

func (p *problems) err() error {
	if p.more > 0 {
		return errors.Join(append(p.errs, fmt.Errorf("and %d more", p.more))...)
	}
	return errors.Join(p.errs...)
}

// Read reads everything in every way there is: the feed, each stream, the directory of category.
// The error says all in which they are wrong or disagree:
//   - the feed is in the order of positions, each once, and in the order of each stream;
//   - versions are 1..n in each stream;
//   - the streams, the feed and the directory have the same events;
//   - no id is there twice.
func Read(ctx context.Context, store eventstore.Store, category string) (*Log, error) {
	log := &Log{Streams: make(map[event.StreamID][]event.Record), byID: make(map[event.ID]event.Record)}
	var wrong problems
	if err := log.readFeed(ctx, store, &wrong); err != nil {
		return nil, err
	}
	if err := log.readStreams(ctx, store, category, &wrong); err != nil {
		return nil, err
	}
	return log, wrong.err()
}

func (log *Log) readFeed(ctx context.Context, store eventstore.Store, wrong *problems) error {
	for q := (eventstore.FeedQuery{Limit: 997}); ; {
		page, err := store.Page(ctx, q)
		if err != nil {
			return fmt.Errorf("feed after %v: %w", q.After.Position, err)
		}
		for _, rec := range page.Records {
			if n := len(log.Feed); n > 0 {
				if order, err := rec.Position.Compare(log.Feed[n-1].Position); err != nil || order <= 0 {
					wrong.addf("feed: %v comes after %v", rec.Position, log.Feed[n-1].Position)
				}
			}
			if other, ok := log.byID[rec.ID]; ok {
				wrong.addf("event %v is there twice, at %v and at %v", rec.ID, other.Position, rec.Position)
			}
			known := log.Streams[rec.Stream]
			if want := event.Version(len(known) + 1); rec.Version != want {
				wrong.addf("feed: stream %v has version %d where %d is next", rec.Stream, rec.Version, want)
			}
			log.Feed = append(log.Feed, rec)
			log.Streams[rec.Stream] = append(known, rec)
			log.byID[rec.ID] = rec
		}
		if page.Stall != nil {
			wrong.addf("feed is stalled: %s", page.Stall.Cause)
		}
		if page.AtHead {
			return nil
		}
		q.After = page.Next
	}
}

func (log *Log) readStreams(ctx context.Context, store eventstore.Store, category string, wrong *problems) error {
	listed := make(map[event.StreamID]event.Version)
	for q := (eventstore.ListQuery{Category: category, Limit: 997}); ; {
		listing, err := store.List(ctx, q)
		if err != nil {
			return fmt.Errorf("list after %q: %w", q.After, err)
		}
		for _, s := range listing.Streams {
			listed[s.Stream] = s.Version
			q.After = s.Stream.ID
		}
		if listing.AtEnd {
			break
		}
	}
	for stream, want := range log.Streams {
		if got := listed[stream]; got != event.Version(len(want)) {
			wrong.addf("directory: stream %v is at version %d, the feed has %d events of it", stream, got, len(want))
		}
		delete(listed, stream)
		got, err := eventstore.Collect(store.Read(ctx, stream, eventstore.ReadQuery{}))
		if err != nil {
			return fmt.Errorf("stream %v: %w", stream, err)
		}
		if !slices.EqualFunc(got, want, same) {
			wrong.addf("stream %v: it and the feed disagree", stream)
		}
	}
	for stream, version := range listed {
		wrong.addf("directory: stream %v is at version %d, the feed has nothing of it", stream, version)
	}
	return nil
}

func same(a, b event.Record) bool {
	return a.ID == b.ID && a.Position == b.Position && a.Version == b.Version && a.Type == b.Type && string(a.Data) == string(b.Data)
}

// Holds says what is wrong with the log as the home of a tape: a transaction of which only a part
// is there, an event that is not as it was sent, an acknowledged transaction that is missing or
// elsewhere than it was said to be. It returns how many transactions are there.
func (log *Log) Holds(t tape.Tape, acks []tape.Ack) (stored int, err error) {
	var wrong problems
	said := make(map[[2]int]tape.Ack, len(acks))
	for _, ack := range acks {
		said[[2]int{ack.Writer, ack.Index}] = ack
	}
	for tx := range t.All() {
		there, whole := log.transaction(tx, &wrong)
		ack, acked := said[[2]int{tx.Writer, tx.Index}]
		switch {
		case there > 0 && !whole:
			wrong.addf("writer %d, transaction %d: only a part is there", tx.Writer, tx.Index)
		case there == 0 && acked:
			wrong.addf("writer %d, transaction %d: acknowledged and lost", tx.Writer, tx.Index)
		case acked:
			log.landed(tx, ack, &wrong)
		}
		if whole {
			stored++
		}
	}
	return stored, wrong.err()
}

// transaction returns how many events of tx are there, and whether all are, each right after the
// one before it.
func (log *Log) transaction(tx tape.Transaction, wrong *problems) (there int, whole bool) {
	whole = true
	for _, part := range tx.Parts {
		var last event.Record
		for i, d := range part.Events {
			rec, ok := log.byID[d.ID]
			if !ok {
				whole = false
				continue
			}
			there++
			if rec.Stream != part.Stream || rec.Type != d.Type || rec.Schema != d.Schema || string(rec.Data) != string(d.Data) {
				wrong.addf("event %v is not as it was sent", d.ID)
			}
			if i > 0 && rec.Version != last.Version+1 {
				wrong.addf("event %v is at version %d, the one before it at %d", d.ID, rec.Version, last.Version)
			}
			last = rec
		}
	}
	return there, whole
}

// landed compares where a transaction is with where it was said to be.
func (log *Log) landed(tx tape.Transaction, ack tape.Ack, wrong *problems) {
	for i, part := range tx.Parts {
		last := log.byID[part.Events[len(part.Events)-1].ID]
		if last.Version != ack.Versions[i] {
			wrong.addf("writer %d, transaction %d: %v is at version %d, acknowledged as %d", tx.Writer, tx.Index, part.Stream, last.Version, ack.Versions[i])
		}
		if i == len(tx.Parts)-1 && last.Position != ack.Position {
			wrong.addf("writer %d, transaction %d: at position %v, acknowledged as %v", tx.Writer, tx.Index, last.Position, ack.Position)
		}
	}
}

// IsPrefixOf says where log is not a beginning of whole.
func (log *Log) IsPrefixOf(whole *Log) error {
	if len(log.Feed) > len(whole.Feed) {
		return fmt.Errorf("%d events, of %d", len(log.Feed), len(whole.Feed))
	}
	for i, rec := range log.Feed {
		if !same(rec, whole.Feed[i]) {
			return fmt.Errorf("event %d of the feed is another one", i)
		}
	}
	return nil
}
