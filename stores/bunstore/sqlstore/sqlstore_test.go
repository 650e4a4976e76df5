package sqlstore_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/bunstore/sqlstore"
)

func TestLifetime(t *testing.T) {
	var life sqlstore.Lifetime
	if err := life.Enter(false); err != nil {
		t.Fatal(err)
	}
	ended := make(chan bool)
	go func() { ended <- life.End() }()
	for life.Enter(false) == nil { // until the end has begun
		life.Leave()
	}
	if err := life.Enter(true); err != nil {
		t.Errorf("inside a transaction that is under way: %v", err)
	}
	life.Leave()
	select {
	case <-ended:
		t.Fatal("did not wait")
	default:
	}
	life.Leave()
	if !<-ended || life.End() {
		t.Error("only the first end is true")
	}
	if err := life.Enter(true); !errors.Is(err, eventstore.ErrStoreClosed) {
		t.Errorf("after the end: %v", err)
	}
}

// A database sends whatever it is asked for, so little more than a page takes may be asked for,
// once it is known that events are large, and a lot again once they are small.
func TestPagesAskForWhatTheyTake(t *testing.T) {
	const large, small = 7, 40_000
	sizes := func(v int) int {
		if v <= 3*large {
			return eventstore.MaxPageBytes/large + 1
		}
		return 10
	}
	var asked []int
	at, n := 0, 0
	for rec, err := range sqlstore.Read(t.Context(), eventstore.Policy{}, event.StreamID{Category: "note", ID: "1"}, eventstore.ReadQuery{},
		func(r *sqlstore.Reading) ([]event.Record, bool, error) {
			after, _ := r.Bounds()
			limit := r.Limit()
			asked = append(asked, limit)
			end := min(int(after)+limit, 3*large+small)
			at = int(after)
			return r.Take(func() (rec event.Record, ok bool, err error) {
				if at == end {
					return rec, false, nil
				}
				at++
				rec.Version, rec.Data = event.Version(at), make([]byte, sizes(at))
				return rec, true, nil
			})
		}) {
		if n++; err != nil || rec.Version != event.Version(n) {
			t.Fatalf("%d: %v", rec.Version, err)
		}
	}
	if n != 3*large+small {
		t.Errorf("%d records", n)
	}
	if text := fmt.Sprint(asked[:5]); text != "[64 7 7 7 28]" || asked[len(asked)-1] != eventstore.DefaultPageEvents {
		t.Errorf("asked for %v", asked)
	}
}

func TestFoundAreInOrderAndApart(t *testing.T) {
	ids := []event.ID{event.NewID(), event.NewID(), event.NewID()}
	found := make(map[event.ID]event.Record)
	for i, tenant := range []string{"a", "a", "b"} {
		var rec event.Record
		rec.ID, rec.Metadata.Tenant, rec.Data = ids[i], tenant, []byte("{}")
		found[ids[i]] = rec
	}
	recs := sqlstore.Found([]event.ID{ids[1], ids[2], event.NewID(), ids[0], ids[1]}, "a", found)
	if len(recs) != 3 || recs[0].ID != ids[1] || recs[1].ID != ids[0] || recs[2].ID != ids[1] {
		t.Fatalf("found %v", recs)
	}
	recs[0].Data[0] = 'x'
	if string(recs[2].Data) != "{}" {
		t.Error("two records share a payload")
	}
	if err := sqlstore.CheckLookup(make([]event.ID, eventstore.MaxLookup+1)); !errors.Is(err, eventstore.ErrInvalidQuery) {
		t.Error(err)
	}
}
