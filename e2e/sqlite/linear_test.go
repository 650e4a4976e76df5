package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/e2e/evidence"
	"github.com/eventsource-go/eventsource/e2e/supervisor"
	"github.com/eventsource-go/eventsource/e2e/tape"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// server is an appender that takes operations from clients.
type server struct {
	*supervisor.Process
	url atomic.Pointer[string]
}

var serverLine = regexp.MustCompile(`^http://\S+$`)

func startServer(t *testing.T, db string, process int) *server {
	t.Helper()
	s := new(server)
	spec := appender(t, "serve", db, tape.Tape{Process: process})
	spec.Ready = func(_ context.Context, p *supervisor.Process) error {
		line := p.Stdout().Find(serverLine)
		if line == nil {
			return errors.New("it has not said where it listens")
		}
		s.url.Store(&line[0])
		return nil
	}
	s.Process = supervisor.Start(t, spec)
	return s
}

// Clients of three processes on one file see every stream as if there were one process that never
// failed, although the processes are killed and frozen.
func TestProcessesAreLinearizable(t *testing.T) {
	const (
		clients, operations = 12, 120
		streams             = 6
		faults              = 12
	)
	seed := evidence.Seed(t)
	db := newDatabase(t)
	store := migrated(t, db, sqlite.Config{})
	var servers []*server
	for n := range 3 {
		servers = append(servers, startServer(t, db, n+1))
	}
	h := &history{began: time.Now()}
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() {
			choice := evidence.Rand(seed, uint64(client))
			known := make(map[string]event.Version)
			for n := 0; n < operations && t.Context().Err() == nil; {
				q := choose(choice, known, streams)
				a, asked := h.ask(t.Context(), client, *servers[choice.IntN(len(servers))].url.Load(), q)
				if !asked { // that one is away; the next may be another one
					time.Sleep(time.Millisecond)
					continue
				}
				n++
				if !a.unknown && a.Kind != "busy" {
					known[q.stream] = a.Version
				}
			}
		})
	}
	report := struct {
		Seed                                     uint64
		Operations, Unknown, Conflicts, Happened int
		Kills, Freezes                           int
	}{Seed: seed}
	choice := evidence.Rand(seed, 1<<32)
	for n := range faults {
		waitForOperations(t, h, (n+1)*clients*operations/(faults+2))
		s := servers[choice.IntN(len(servers))]
		if choice.IntN(3) == 0 {
			s.Pause()
			time.Sleep(time.Duration(choice.IntN(300)) * time.Millisecond) // the others go on, or wait
			s.Resume()
			report.Freezes++
			continue
		}
		s.Kill()
		s.Restart()
		report.Kills++
	}
	wg.Wait()

	finally := make(map[string][]event.ID)
	for stream, records := range readLog(t, store).Streams {
		for _, rec := range records {
			finally[stream.ID] = append(finally[stream.ID], rec.ID)
		}
	}
	for n := range streams { // who reads at the end sees all of it, in whatever process
		q := question{stream: fmt.Sprintf("stream-%d", n)}
		if a, asked := h.ask(t.Context(), clients, *servers[n%len(servers)].url.Load(), q); !asked || a.unknown {
			t.Error("nobody answers at the end")
		}
	}
	ops, err := h.settled(finally)
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range h.ops {
		if op.Output.(answer).unknown {
			report.Unknown++
		}
		if op.Output.(answer).Kind == "conflict" {
			report.Conflicts++
		}
	}
	for _, op := range ops {
		if op.Output.(answer).unknown {
			report.Happened++
		}
	}
	report.Operations = len(h.ops)
	wantLinearizable(t, ops)
	if report.Conflicts == 0 || report.Unknown == 0 {
		t.Errorf("nothing to learn from: %+v", report)
	}
	evidence.Report(t, "linearizable", report)
}

// choose makes an operation up, from what its client knows.
func choose(choice *rand.Rand, known map[string]event.Version, streams int) question {
	q := question{stream: fmt.Sprintf("stream-%d", choice.IntN(streams))}
	switch n := choice.IntN(4); {
	case n == 0:
		return q
	case n == 1:
		q.exact, q.expect = true, known[q.stream]
	}
	q.append = uuid.New()
	return q
}

func waitForOperations(t *testing.T, h *history, n int) {
	t.Helper()
	err := supervisor.Poll(t.Context(), patience, func(context.Context) error {
		if have := h.len(); have < n {
			return fmt.Errorf("%d of %d operations", have, n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The model refuses what no store may do; otherwise the test above would prove nothing.
func TestModelRefuses(t *testing.T) {
	a, b := uuid.New(), uuid.New()
	op := func(call, ret int64, q question, ans answer) porcupine.Operation {
		q.stream = "s"
		return porcupine.Operation{Input: q, Output: ans, Call: call, Return: ret}
	}
	acked := func(v event.Version) answer { return answer{Answer: tape.Answer{Version: v}} }
	read := func(ids ...event.ID) answer {
		return answer{Answer: tape.Answer{Version: event.Version(len(ids)), IDs: ids}}
	}
	conflict := func(v event.Version) answer {
		return answer{Answer: tape.Answer{Kind: "conflict", Version: v}}
	}
	for name, c := range map[string]struct {
		ok  bool
		ops []porcupine.Operation
	}{
		"in order": {true, []porcupine.Operation{
			op(0, 1, question{append: a}, acked(1)), op(2, 3, question{append: b, exact: true, expect: 1}, acked(2)), op(4, 5, question{}, read(a, b)),
		}},
		"at once, in either order": {true, []porcupine.Operation{
			op(0, 9, question{append: a}, acked(2)), op(0, 9, question{append: b}, acked(1)), op(10, 11, question{}, read(b, a)),
		}},
		"nobody knows, and later it is there": {true, []porcupine.Operation{
			op(0, 99, question{append: a}, answer{unknown: true}), op(1, 2, question{}, read()), op(3, 4, question{}, read(a)),
		}},
		"a conflict": {true, []porcupine.Operation{
			op(0, 1, question{append: a}, acked(1)), op(2, 3, question{append: b, exact: true}, conflict(1)),
		}},
		"lost": {false, []porcupine.Operation{
			op(0, 1, question{append: a}, acked(1)), op(2, 3, question{}, read()),
		}},
		"stale read": {false, []porcupine.Operation{
			op(0, 1, question{append: a}, acked(1)), op(2, 3, question{append: b}, acked(2)), op(4, 5, question{}, read(a)),
		}},
		"two winners": {false, []porcupine.Operation{
			op(0, 9, question{append: a, exact: true}, acked(1)), op(0, 9, question{append: b, exact: true}, acked(1)),
		}},
		"conflict with nothing": {false, []porcupine.Operation{
			op(0, 1, question{append: a, exact: true}, conflict(0)),
		}},
		"conflict with a version that never was": {false, []porcupine.Operation{
			op(0, 1, question{append: a}, acked(1)), op(2, 3, question{append: b, exact: true}, conflict(2)),
		}},
		"order turned round": {false, []porcupine.Operation{
			op(0, 1, question{append: a}, acked(1)), op(2, 3, question{append: b}, acked(2)), op(4, 5, question{}, read(b, a)),
		}},
		"it was there and is gone": {false, []porcupine.Operation{
			op(0, 99, question{append: a}, answer{unknown: true}), op(1, 2, question{}, read(a)), op(3, 4, question{}, read()),
		}},
	} {
		if ok := porcupine.CheckOperations(model, c.ops); ok != c.ok {
			t.Errorf("%s: %v", name, ok)
		}
	}
}
