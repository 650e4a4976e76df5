package sqlite_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/e2e/evidence"
	"github.com/eventsource-go/eventsource/e2e/tape"
)

// question is one operation on one stream.
type question struct {
	stream string
	append event.ID      // zero: it reads
	exact  bool          // the append expects a version
	expect event.Version // that one
}

// answer is what an operation came to, as far as its client was told.
type answer struct {
	tape.Answer
	unknown bool // nothing was said: it may have happened or not, at any time since
}

// history is what clients asked and were told, and when.
type history struct {
	began time.Time

	mu  sync.Mutex
	ops []porcupine.Operation
}

// ask does one operation, and records it. It is false if nobody was there to ask.
func (h *history) ask(ctx context.Context, client int, server string, q question) (answer, bool) {
	call := time.Since(h.began).Nanoseconds()
	a, err := do(ctx, server, q)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return a, false
	}
	a.unknown = err != nil
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, porcupine.Operation{ClientId: client, Input: q, Output: a, Call: call, Return: time.Since(h.began).Nanoseconds()})
	return a, true
}

func (h *history) len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.ops)
}

func do(ctx context.Context, server string, q question) (a answer, err error) {
	method, url := http.MethodGet, server+"/streams/"+q.stream
	if q.append != uuid.Nil {
		method, url = http.MethodPost, url+"/"+q.append.String()
		if q.exact {
			url += fmt.Sprintf("?expect=%d", q.expect)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return a, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return a, err
	}
	defer res.Body.Close()
	return a, json.NewDecoder(res.Body).Decode(&a.Answer)
}

// settled returns the operations that can be judged. finally has the events of each stream at the
// end: they decide of every append of which nobody was told what became of it.
func (h *history) settled(finally map[string][]event.ID) (ops []porcupine.Operation, err error) {
	end := time.Since(h.began).Nanoseconds()
	for _, op := range h.ops {
		q, a := op.Input.(question), op.Output.(answer)
		there := slices.Contains(finally[q.stream], q.append)
		switch {
		case a.unknown && q.append != uuid.Nil && there:
			op.Return = end
			ops = append(ops, op)
		case a.unknown:
		case a.Kind == "busy":
			if there {
				return nil, fmt.Errorf("%+v was refused as busy, and is there", q)
			}
		case a.Kind == "" || a.Kind == "conflict":
			ops = append(ops, op)
		default:
			return nil, fmt.Errorf("%+v: %s", q, a.Kind)
		}
	}
	return ops, nil
}

// streamState is a stream in the model: how many events it has, and which, in order.
type streamState struct {
	version event.Version
	events  uint64
}

func (s streamState) with(id event.ID) streamState {
	h := fnv.New64a()
	fmt.Fprint(h, s.events, id)
	return streamState{s.version + 1, h.Sum64()}
}

// model is what one stream has to look like to everybody: as if one operation came after the
// other, each at some moment between its question and its answer.
var model = porcupine.Model{
	Partition: func(ops []porcupine.Operation) [][]porcupine.Operation {
		streams := make(map[string][]porcupine.Operation)
		for _, op := range ops {
			name := op.Input.(question).stream
			streams[name] = append(streams[name], op)
		}
		var parts [][]porcupine.Operation
		for _, part := range streams {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() any { return streamState{} },
	Step: func(state, input, output any) (bool, any) {
		s, q, a := state.(streamState), input.(question), output.(answer)
		fits := !q.exact || q.expect == s.version
		switch {
		case q.append == uuid.Nil:
			var read streamState
			for _, id := range a.IDs {
				read = read.with(id)
			}
			return read == s && a.Version == s.version, s
		case a.Kind == "conflict":
			return !fits && a.Version == s.version, s
		case a.unknown:
			return fits, s.with(q.append)
		}
		return fits && a.Version == s.version+1, s.with(q.append)
	},
	DescribeOperation: func(input, output any) string {
		q, a := input.(question), output.(answer)
		switch {
		case q.append == uuid.Nil:
			return fmt.Sprintf("read: %d", a.Version)
		case a.unknown:
			return "append: nobody knows"
		}
		return fmt.Sprintf("append exact=%v at %d: %d %s", q.exact, q.expect, a.Version, a.Kind)
	},
}

// wantLinearizable checks the history, and keeps a page that shows it if it can't have been.
func wantLinearizable(t *testing.T, ops []porcupine.Operation) {
	t.Helper()
	result, info := porcupine.CheckOperationsVerbose(model, ops, time.Minute)
	if result == porcupine.Ok {
		return
	}
	page := filepath.Join(evidence.Dir(t), "history.html")
	t.Errorf("%d operations: %s; see %s", len(ops), result, page)
	if err := porcupine.VisualizePath(model, info, page); err != nil {
		t.Error(err)
	}
}
