// Package tape is what writers append, all of it decided before they start: by a seed, the
// number of the process and the number of the writer. Whoever has these numbers knows which
// events there should be, with their ids and payloads, and can send any of them again.
package tape

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"

	"github.com/google/uuid"

	"github.com/eventsource-go/eventsource/core/event"
)

// Tape is the transactions of one process.
type Tape struct {
	Seed         uint64
	Process      int
	Writers      int
	Transactions int // of each writer
}

// Mode says what an append expects of its stream.
type Mode int

const (
	Fresh Mode = iota // that it is new
	Blind             // nothing
	Exact             // the version that was read just before
)

// Part is what one transaction appends to one stream.
type Part struct {
	Stream event.StreamID
	Mode   Mode
	Events []event.Draft
}

// Transaction is one call of Append.
type Transaction struct {
	Writer, Index int
	Parts         []Part
}

// The streams that many writers append to.
const (
	hotStreams    = 2
	sharedStreams = 6
)

// Category is that of all streams of a tape.
const Category = "tape"

// Of returns the transactions of one writer, in order. They are the same each time.
func (t Tape) Of(writer int) iter.Seq[Transaction] {
	return func(yield func(Transaction) bool) {
		choice := rand.New(rand.NewPCG(t.Seed, uint64(t.Process)<<32|uint64(writer)))
		for index := range t.Transactions {
			if !yield(t.transaction(choice, writer, index)) {
				return
			}
		}
	}
}

// All returns the transactions of all writers.
func (t Tape) All() iter.Seq[Transaction] {
	return func(yield func(Transaction) bool) {
		for writer := range t.Writers {
			for tx := range t.Of(writer) {
				if !yield(tx) {
					return
				}
			}
		}
	}
}

func (t Tape) transaction(choice *rand.Rand, writer, index int) Transaction {
	tx := Transaction{Writer: writer, Index: index}
	add := func(id string, mode Mode, n int) {
		p := Part{Stream: event.StreamID{Category: Category, ID: id}, Mode: mode}
		for range n {
			p.Events = append(p.Events, t.draft(choice, writer, index, len(tx.Parts), len(p.Events)))
		}
		tx.Parts = append(tx.Parts, p)
	}
	fresh := fmt.Sprintf("fresh-%d-%d-%d", t.Process, writer, index)
	hot := fmt.Sprintf("hot-%d", choice.IntN(hotStreams))
	shared := choice.Perm(sharedStreams)
	name := func(i int) string { return fmt.Sprintf("shared-%d", shared[i]) }
	switch n := choice.IntN(100); {
	case n < 30:
		add(fresh, Fresh, 1+choice.IntN(5))
	case n < 60:
		add(hot, Blind, 1+choice.IntN(3))
	case n < 80:
		add(name(0), Exact, 1+choice.IntN(3))
	default:
		add(name(0), Exact, 1+choice.IntN(2))
		add(hot, Blind, 1)
		add(fresh, Fresh, 1+choice.IntN(2))
	}
	return tx
}

func (t Tape) draft(choice *rand.Rand, place ...int) event.Draft {
	name := fmt.Sprint(t.Seed, t.Process, place)
	return event.Draft{
		ID: uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)), Type: fmt.Sprintf("tape.event%d", choice.IntN(3)), Schema: 1,
		Data: []byte(`{"name":"` + name + `","filler":"` + strings.Repeat("x", choice.IntN(400)) + `"}`),
	}
}
