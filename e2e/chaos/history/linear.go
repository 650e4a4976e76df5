package history

import (
	"fmt"
	"math"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// question is an operation on one stream.
type question struct {
	key    key
	append []event.ID // none: it reads
	expect eventstore.Expectation
}

// answer is what it came to. Of an append that nobody was told of, the log knows.
type answer struct {
	version  event.Version
	last     event.ID
	conflict bool
}

// state is a stream in the model.
type state struct {
	version event.Version
	last    event.ID
}

// model is what one stream has to look like to everybody: as if one operation came after the other,
// each at some moment between its call and its answer.
var model = porcupine.Model{
	Partition: func(ops []porcupine.Operation) [][]porcupine.Operation {
		streams := make(map[key][]porcupine.Operation)
		for _, op := range ops {
			k := op.Input.(question).key
			streams[k] = append(streams[k], op)
		}
		var parts [][]porcupine.Operation
		for _, part := range streams {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() any { return state{} },
	Step: func(in, input, output any) (bool, any) {
		s, q, a := in.(state), input.(question), output.(answer)
		fits := q.expect.Check(q.key.stream, s.version) == nil
		switch {
		case len(q.append) == 0:
			return a.version == s.version && a.last == s.last, s
		case a.conflict:
			return !fits && a.version == s.version, s
		}
		next := state{s.version + event.Version(len(q.append)), q.append[len(q.append)-1]}
		return fits && a.version == next.version, next
	},
	DescribeOperation: func(input, output any) string {
		q, a := input.(question), output.(answer)
		switch {
		case len(q.append) == 0:
			return fmt.Sprintf("read: %d", a.version)
		case a.conflict:
			return fmt.Sprintf("append, expecting %v: conflict with %d", q.expect, a.version)
		}
		return fmt.Sprintf("append, expecting %v: %d", q.expect, a.version)
	},
}

// operations returns what can be judged. Of an append whose outcome was unknown the log says where
// it is; when it got there nobody knows, so it may have been at any time since. Calls of one op are
// in the order in which they began.
func operations(calls []Call, reads []Read, log *Log) []porcupine.Operation {
	told, untold := make(map[[2]int]bool), make(map[[2]int]bool) // of an op only one call stored it
	for _, c := range calls {
		if c.Outcome == Acknowledged && !c.replayed() {
			told[[2]int{c.Writer, c.Index}] = true
		}
	}
	var ops []porcupine.Operation
	for _, c := range calls {
		id := [2]int{c.Writer, c.Index}
		unknown := c.Outcome == Unknown && !told[id] && !untold[id]
		for i, a := range c.Appends {
			q := question{key{c.Tenant, a.Stream}, idsOf(a), a.Expect}
			op := porcupine.Operation{ClientId: c.Writer, Input: q, Call: int64(c.Began), Return: int64(c.Ended)}
			switch rec, there := log.Find(q.append[len(q.append)-1]); {
			case c.Conflict != nil && c.Conflict.Stream == a.Stream:
				op.Output = answer{version: c.Conflict.Actual, conflict: true}
			case c.Outcome == Acknowledged && !c.Results[i].Replayed:
				op.Output = answer{version: c.Results[i].Version}
			case unknown && there:
				op.Return = math.MaxInt64
				op.Output = answer{version: rec.Version}
			default:
				continue // it was refused for other reasons, stored by another call, or not at all
			}
			ops = append(ops, op)
		}
		untold[id] = untold[id] || unknown
	}
	for _, r := range reads {
		ops = append(ops, porcupine.Operation{
			ClientId: r.Client, Input: question{key: key{r.Tenant, r.Stream}}, Output: answer{version: r.Version, last: r.Last},
			Call: int64(r.Began), Return: int64(r.Ended),
		})
	}
	return ops
}

func idsOf(a eventstore.Append) []event.ID {
	ids := make([]event.ID, len(a.Events))
	for i, d := range a.Events {
		ids[i] = d.ID
	}
	return ids
}

// CheckLinear says whether what was asked and answered about some stream can't have been, if streams
// were things that do one operation after the other. If so, and page is not empty, a file of that
// name shows it in a browser. It returns how many operations it judged.
func CheckLinear(calls []Call, reads []Read, log *Log, page string) (judged int, err error) {
	var wrong problems
	for _, r := range reads {
		if r.Torn != "" {
			wrong.addf("%v, read by %d: %s", r.Stream, r.Client, r.Torn)
		}
	}
	ops := operations(calls, reads, log)
	for _, part := range model.Partition(ops) {
		single := model
		single.Partition = nil
		result, info := porcupine.CheckOperationsVerbose(single, part, time.Minute)
		if result == porcupine.Ok {
			continue
		}
		wrong.addf("%v: %d operations: %s", part[0].Input.(question).key.stream, len(part), result)
		if page != "" {
			if err := porcupine.VisualizePath(single, info, page); err != nil {
				wrong.addf("picture: %w", err)
			}
		}
	}
	return len(ops), wrong.err()
}
