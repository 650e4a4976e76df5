package eventstoretest_test

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

func readAs(change func(q *eventstore.ReadQuery)) func(under *sound) replaced {
	return func(under *sound) replaced { return replaced{read: asking(under, change)} }
}

var brokenReads = []broken{
	{name: "an absent stream is an error", by: []string{"Read/AbsentStreamIsEmpty", "Append/ExpectationsOfAbsentStream"}, make: func(under *sound) replaced {
		return replaced{read: func(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
			if headOf(ctx, under, stream) == 0 {
				return func(yield func(event.Record, error) bool) { yield(event.Record{}, errors.New("no such stream")) }
			}
			return under.Read(ctx, stream, q)
		}}
	}},
	{name: "reading makes streams", by: []string{"Read/AbsentStreamIsEmpty", "Atomic/ErrorStoresNothing"}, make: readingMakesStreams},
	{name: "reads anything", by: []string{"Refusal/BadRead"}, make: func(under *sound) replaced {
		return replaced{read: func(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
			q.Limit = max(q.Limit, 0)
			if stream.Validate() != nil {
				return func(func(event.Record, error) bool) {}
			}
			return under.Read(ctx, stream, q)
		}}
	}},
	{name: "After includes", by: []string{"Read/VersionBounds", "Read/EveryCombination"}, make: readAs(func(q *eventstore.ReadQuery) { q.After = max(q.After, 1) - 1 })},
	{name: "UpTo excludes", by: []string{"Read/VersionBounds", "Read/EveryCombination"}, make: readAs(func(q *eventstore.ReadQuery) { q.UpTo = max(q.UpTo, 2) - 1 })},
	{name: "reads forward alone", by: []string{"Read/VersionBounds", "Read/EveryCombination", "Read/LongerThanPages", "Atomic/ReadsItsOwnWrites"}, make: readAs(func(q *eventstore.ReadQuery) { q.Backward = false })},
	{name: "Since excludes", by: []string{"Read/SinceAndUntilAreInclusive", "Read/EveryCombination"}, make: readAs(func(q *eventstore.ReadQuery) {
		if !q.Since.IsZero() {
			q.Since = event.Instant(q.Since).Add(1000)
		}
	})},
	{name: "Until excludes", by: []string{"Read/SinceAndUntilAreInclusive", "Read/EveryCombination"}, make: readAs(func(q *eventstore.ReadQuery) {
		if !q.Until.IsZero() {
			q.Until = event.Instant(q.Until).Add(-1000)
		}
	})},
	{name: "times cut off before they are compared", by: []string{"Read/SinceAndUntilAreInclusive"}, make: readAs(func(q *eventstore.ReadQuery) {
		if !q.Since.IsZero() {
			q.Since = event.Instant(q.Since)
		}
	})},
	{name: "stream filter after limit", by: []string{"Read/LimitCountsWhatIsSelected", "Read/EveryCombination"}, make: func(under *sound) replaced {
		return replaced{read: func(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
			limited := under.Read(ctx, stream, eventstore.ReadQuery{After: q.After, UpTo: q.UpTo, Backward: q.Backward, Limit: q.Limit})
			return func(yield func(event.Record, error) bool) {
				for rec, err := range limited {
					if (err != nil || q.Selects(rec.Header)) && !yield(rec, err) {
						return
					}
				}
			}
		}}
	}},
	{name: "ends with the first page", by: []string{"Read/LongerThanPages", "OpenRead/AppendInside", "OpenRead/HoldsNothingMeanwhile"}, make: readAs(func(q *eventstore.ReadQuery) {
		if q.Limit == 0 || q.Limit > eventstore.DefaultPageEvents {
			q.Limit = eventstore.DefaultPageEvents
		}
	})},
	{name: "skips an event between pages", by: []string{"Read/LongerThanPages", "OpenRead/AppendInside"}, make: func(under *sound) replaced {
		return replaced{read: func(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
			return func(yield func(event.Record, error) bool) {
				n := 0
				for rec, err := range under.Read(ctx, stream, q) {
					if n++; n != eventstore.DefaultPageEvents+1 && !yield(rec, err) {
						return
					}
				}
			}
		}}
	}},
	{name: "can be ranged over once", by: []string{"Read/RangedTwice"}, make: func(under *sound) replaced {
		return replaced{read: func(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
			next, stop := iter.Pull2(under.Read(ctx, stream, q))
			return func(yield func(event.Record, error) bool) {
				defer stop()
				for rec, err, ok := next(); ok && yield(rec, err); rec, err, ok = next() {
					continue
				}
			}
		}}
	}},
	{name: "leaked rows", by: []string{"OpenRead/AbandonedEarly"}, make: func(under *sound) replaced {
		connections := make(chan struct{}, 64)
		return replaced{read: holding(under, connections, func(ended bool) {
			if ended { // and if it is abandoned, not
				<-connections
			}
		})}
	}},
	{name: "a connection for each open read", by: []string{"OpenRead/HoldsNothingMeanwhile", "OpenRead/ReadInside"}, make: func(under *sound) replaced {
		connections := make(chan struct{}, 4)
		return replaced{read: holding(under, connections, func(bool) { <-connections })}
	}},
	{name: "locked while it is read", by: []string{"OpenRead/AppendInside", "OpenRead/HoldsNothingMeanwhile"}, make: func(under *sound) replaced {
		connections := make(chan struct{}, 1000)
		return replaced{
			read: holding(under, connections, func(bool) { <-connections }),
			append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
				if len(connections) > 0 {
					return nil, eventstore.ErrBusy
				}
				return under.Append(ctx, appends...)
			},
		}
	}},
	{name: "reads all before it shows the first", by: []string{"OpenRead/MemoryIsBounded"}, make: func(under *sound) replaced {
		return replaced{read: func(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
			return func(yield func(event.Record, error) bool) {
				all, err := eventstore.Collect(under.Read(ctx, stream, q))
				for i := range all {
					if !yield(all[i], nil) {
						return
					}
				}
				if err != nil {
					yield(event.Record{}, err)
				}
			}
		}}
	}},
}

// holding returns a Read that takes a connection, or fails if there is none left.
func holding(under *sound, connections chan struct{}, release func(ended bool)) readFunc {
	return func(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
		return func(yield func(event.Record, error) bool) {
			select {
			case connections <- struct{}{}:
			default:
				yield(event.Record{}, eventstore.ErrBusy)
				return
			}
			var ended atomic.Bool
			defer func() { release(ended.Load()) }()
			for rec, err := range under.Read(ctx, stream, q) {
				if !yield(rec, err) {
					return
				}
			}
			ended.Store(true)
		}
	}
}

func readingMakesStreams(under *sound) replaced {
	var mu sync.Mutex
	made := make(map[event.StreamID]bool)
	return replaced{
		read: func(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
			if headOf(ctx, under, stream) == 0 {
				mu.Lock()
				defer mu.Unlock()
				made[stream] = true
			}
			return under.Read(ctx, stream, q)
		},
		list: func(ctx context.Context, q eventstore.ListQuery) (eventstore.Listing, error) {
			listing, err := under.List(ctx, q)
			mu.Lock()
			defer mu.Unlock()
			for stream := range made {
				if stream.Category == q.Category && q.After == "" {
					listing.Streams = append(listing.Streams, eventstore.StreamInfo{Stream: stream})
				}
			}
			return listing, err
		},
	}
}
