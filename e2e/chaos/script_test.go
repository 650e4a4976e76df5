package chaos_test

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/e2e/chaos/history"
	"github.com/eventsource-go/eventsource/e2e/evidence"
)

const (
	writers = 16

	// A stream is used by many writers for some time, and by none afterwards: histories of streams
	// stay short enough to be judged.
	hotStreams, sharedStreams = 3, 4
	stepsOfStreams            = 150
)

var tenants = []string{"north", "south"}

// step is what a writer does next. All of it is decided by the seed, but what an append expects
// that names a version.
type step struct {
	op       history.Op // with nothing to append, it only looks
	looks    event.StreamID
	exact    int // which append expects the version that the writer saw last; -1 is none
	inTx     bool
	rollBack bool
	again    bool          // sends it once more, whatever the answer
	pause    time.Duration // before it
	hold     time.Duration // in the transaction, after it appended
	leave    time.Duration // when the caller leaves; 0 is never
}

// script returns what a writer does, without end.
func script(seed uint64, writer int) iter.Seq[step] {
	return func(yield func(step) bool) {
		choice := evidence.Rand(seed, uint64(writer))
		for index := 0; ; index++ {
			if !yield(nextStep(choice, seed, writer, index)) {
				return
			}
		}
	}
}

func nextStep(choice *rand.Rand, seed uint64, writer, index int) step {
	s := step{op: history.Op{Writer: writer, Index: index, Tenant: tenants[writer%len(tenants)]}, exact: -1}
	s.pause = time.Duration(choice.IntN(16)) * time.Millisecond
	s.again = choice.IntN(10) == 0
	if choice.IntN(5) == 0 {
		s.leave = time.Duration(1+choice.IntN(400)) * time.Millisecond
	}
	epoch := index / stepsOfStreams
	hot := fmt.Sprintf("hot-%d-%d", choice.IntN(hotStreams), epoch)
	shared := fmt.Sprintf("shared-%d-%d", choice.IntN(sharedStreams), epoch)
	fresh := fmt.Sprintf("fresh-%d-%d", writer, index)
	add := func(id string, expect eventstore.Expectation, n int) {
		a := eventstore.Append{Stream: stream(id), Expect: expect}
		for range n {
			a.Events = append(a.Events, draft(choice, seed, writer, index, len(s.op.Appends), len(a.Events)))
		}
		s.op.Appends = append(s.op.Appends, a)
	}
	switch n := choice.IntN(100); {
	case n < 22:
		add(hot, eventstore.Any, 3)
	case n < 40:
		add(fresh, eventstore.NoStream, 3)
	case n < 60:
		add(shared, eventstore.NoStream, 3)
		s.exact = 0
	case n < 70:
		s.looks = stream([]string{hot, shared}[choice.IntN(2)])
	case n < 80:
		add(fresh, eventstore.NoStream, 1)
		add(hot, eventstore.Any, 1)
		add(shared, eventstore.NoStream, 1)
		s.exact = 2
	case n < 93:
		s.inTx = true
		s.hold = time.Duration(choice.IntN(6)) * time.Millisecond
		add(hot, eventstore.Any, 2)
		add(fresh, eventstore.Any, 1)
	default:
		s.inTx, s.rollBack = true, true
		s.hold = time.Duration(choice.IntN(6)) * time.Millisecond
		add([]string{hot, fresh}[choice.IntN(2)], eventstore.Any, 3)
	}
	return s
}

func stream(id string) event.StreamID { return event.StreamID{Category: "chaos", ID: id} }

var types = []string{"chaos.a", "chaos.b", "chaos.c"}

func draft(choice *rand.Rand, seed uint64, place ...int) event.Draft {
	name := fmt.Sprint(seed, place)
	return event.Draft{
		ID: uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)), Type: types[choice.IntN(len(types))], Schema: 1,
		Data: fmt.Appendf(nil, `{"name":%q,"filler":%q}`, name, strings.Repeat("x", choice.IntN(40))),
	}
}
