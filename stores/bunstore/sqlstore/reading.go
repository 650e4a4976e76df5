package sqlstore

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"math"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// Reading is how far a read of one stream got. Each page is one statement, which sees appends
// whole, over what [Reading.Bounds] and [Reading.Limit] say.
type Reading struct {
	Tenant string
	Stream event.StreamID
	Query  eventstore.ReadQuery // its bounds move with each page

	left    int // of the query's limit; 0 if there is none
	pages   int // that were read
	portion Portion
}

// firstPageEvents is how many records the first page of a read has: most streams have no more,
// and who wants only the last few should not wait for hundreds.
const firstPageEvents = 64

// Read implements [eventstore.Streams] with a function that reads one page: it returns what
// [Reading.Take] returned, or an error of the store.
func Read(ctx context.Context, policy eventstore.Policy, stream event.StreamID, q eventstore.ReadQuery, page func(*Reading) (recs []event.Record, more bool, err error)) iter.Seq2[event.Record, error] {
	return func(yield func(event.Record, error) bool) {
		tenant, err := policy.Tenant(ctx)
		if err == nil {
			err = stream.Validate()
		}
		if err == nil {
			err = q.Validate()
		}
		if err != nil {
			yield(event.Record{}, err)
			return
		}
		r := Reading{Tenant: tenant, Stream: stream, Query: q, left: q.Limit}
		for more := true; more; {
			var recs []event.Record
			if recs, more, err = page(&r); err != nil {
				yield(event.Record{}, err)
				return
			}
			for i := range recs {
				if err := ctx.Err(); err != nil {
					yield(event.Record{}, err)
					return
				}
				if !yield(recs[i], nil) {
					return
				}
			}
		}
	}
}

// Bounds returns after which version the next page begins and up to which it goes, as an SQL
// database can hold them.
func (r *Reading) Bounds() (after, upTo int64) {
	upTo = math.MaxInt64
	if r.Query.UpTo > 0 {
		upTo = int64(min(r.Query.UpTo, math.MaxInt64))
	}
	return int64(min(r.Query.After, math.MaxInt64)), upTo
}

// Limit returns how many records the next page has at most.
func (r *Reading) Limit() int {
	limit := eventstore.DefaultPageEvents
	if r.pages == 0 {
		limit = firstPageEvents
	}
	if r.left > 0 {
		limit = min(limit, r.left)
	}
	return r.portion.Of(limit)
}

// Take reads the page that [Reading.Limit] allows from next, which returns false at the end of
// the rows, and stops where [eventstore.MaxPageBytes] are reached. It returns the records, and
// whether there may be more of them.
func (r *Reading) Take(next func() (rec event.Record, ok bool, err error)) (recs []event.Record, more bool, err error) {
	limit, size := r.Limit(), 0
	r.pages++
	for size < eventstore.MaxPageBytes {
		rec, ok, err := next()
		if err != nil {
			return nil, false, err
		}
		if !ok {
			break
		}
		recs = append(recs, rec)
		size += rec.Size()
	}
	if len(recs) == 0 {
		return nil, false, nil
	}
	r.portion.Took(len(recs), size)
	if last := recs[len(recs)-1].Version; r.Query.Backward {
		r.Query.UpTo = last - 1
		more = last > 1
	} else {
		r.Query.After = last
		more = true
	}
	more = more && (len(recs) == limit || size >= eventstore.MaxPageBytes)
	if r.left > 0 {
		r.left -= len(recs)
		more = more && r.left > 0
	}
	return recs, more, nil
}

// CheckLookup returns an error if that many ids can't be looked up at once.
func CheckLookup(ids []event.ID) error {
	if len(ids) > eventstore.MaxLookup {
		return fmt.Errorf("%w: %d ids", eventstore.ErrInvalidQuery, len(ids))
	}
	return nil
}

// Found returns those records of a tenant that were asked for, in the order of their ids. An id
// that was asked for twice is there twice, with a payload and metadata of its own.
func Found(ids []event.ID, tenant string, found map[event.ID]event.Record) []event.Record {
	var recs []event.Record
	for _, id := range ids {
		if rec, ok := found[id]; ok && rec.Metadata.Tenant == tenant {
			rec.Data, rec.Metadata.Extra = append([]byte(nil), rec.Data...), maps.Clone(rec.Metadata.Extra)
			recs = append(recs, rec)
		}
	}
	return recs
}
