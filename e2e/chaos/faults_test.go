package chaos_test

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eventsource-go/eventsource/e2e/chaos/history"
	"github.com/eventsource-go/eventsource/e2e/chaos/wire"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// kind is something that can be done to the server, or to a line.
type kind string

const (
	killHard    kind = "kill"    // SIGKILL to every process of the server, and a restart
	killAtOnce  kind = "crash"   // SIGQUIT: the server ends at once, as after a failure of power
	outage      kind = "outage"  // SIGKILL, and a restart only after nobody waits for answers any more
	killBackend kind = "backend" // SIGKILL to one process: the server recovers by itself
	freeze      kind = "freeze"  // SIGSTOP, and SIGCONT
	poison      kind = "poison"  // one of toxiproxy's toxics, on one line
	swallowing  kind = "swallow" // from now on the reply to every so-manieth commit
)

func (k kind) isKill() bool { return k == killHard || k == killAtOnce || k == outage }

// fault is one thing that is done, all of it decided by the seed.
type fault struct {
	kind   kind
	round  int
	after  int64 // acknowledged calls since the fault before
	lasts  time.Duration
	line   int
	toxic  wire.Toxic
	breaks bool  // the toxic has nothing arrive
	every  int64 // commit whose reply is swallowed
}

func (f fault) String() string {
	switch f.kind {
	case poison:
		return fmt.Sprintf("line %d: %v for %v", f.line, f.toxic, f.lasts)
	case swallowing:
		return fmt.Sprintf("line %d: each %d. commit is not answered", f.line, f.every)
	case killHard, killAtOnce, killBackend:
		return string(f.kind)
	}
	return fmt.Sprintf("%s for %v", f.kind, f.lasts)
}

// plan returns faults, without end: rounds of one kill, in turn of each kind, and of others around it.
func plan(choice *rand.Rand) iter.Seq[fault] {
	kills := []kind{killHard, outage, killAtOnce, killHard}
	toxics := choice.Perm(len(toxicForms))
	return func(yield func(fault) bool) {
		for round := 0; ; round++ {
			faults := []fault{{kind: kills[round%len(kills)]}, {kind: freeze}, {kind: swallowing, line: round % lines}}
			if round%2 == 1 {
				faults = append(faults, fault{kind: killBackend})
			}
			for n := range 2 {
				faults = append(faults, toxicForms[toxics[(2*round+n)%len(toxics)]](choice))
			}
			choice.Shuffle(len(faults), func(i, j int) { faults[i], faults[j] = faults[j], faults[i] })
			for _, f := range faults {
				f.round = round
				f.after = int64(20 + choice.IntN(130))
				f.every = int64(10 + choice.IntN(60))
				switch {
				case f.kind == outage:
					f.lasts = resolveTimeout + time.Second
				case f.kind == freeze && round%4 == 3: // longer than those wait who want to leave
					f.lasts = 5 * time.Second
				case f.kind != killHard && f.kind != killAtOnce:
					f.lasts = time.Duration(300+choice.IntN(900)) * time.Millisecond
				}
				if !yield(f) {
					return
				}
			}
		}
	}
}

// toxicForms are the ways in which a line can be bad.
var toxicForms = []func(*rand.Rand) fault{
	func(choice *rand.Rand) fault { return broken(choice, "reset_peer", "downstream") },
	func(choice *rand.Rand) fault { return broken(choice, "timeout", "upstream") },
	func(choice *rand.Rand) fault { return broken(choice, "timeout", "downstream") },
	func(choice *rand.Rand) fault { return broken(choice, "reset_peer", "upstream") },
	func(choice *rand.Rand) fault {
		return slow(choice, wire.Toxic{Type: "latency", Stream: anyStream(choice), Attributes: map[string]int64{"latency": 5 + choice.Int64N(60), "jitter": 5}})
	},
	func(choice *rand.Rand) fault {
		return slow(choice, wire.Toxic{Type: "slicer", Stream: anyStream(choice), Attributes: map[string]int64{"average_size": 200, "size_variation": 50, "delay": 50}})
	},
}

func anyStream(choice *rand.Rand) string { return []string{"upstream", "downstream"}[choice.IntN(2)] }

func slow(choice *rand.Rand, toxic wire.Toxic) fault {
	return fault{kind: poison, line: choice.IntN(lines), toxic: toxic}
}

func broken(choice *rand.Rand, what, stream string) fault {
	return fault{kind: poison, line: choice.IntN(lines), toxic: wire.Toxic{Type: what, Stream: stream, Attributes: map[string]int64{}}, breaks: true}
}

// target is what faults are done to.
type target struct {
	server *postgrestest.Server // nil if it is not ours to harm
	lines  []*wire.Line
}

// recovery is how long it may take until a server that is in reach again is in reach of everybody.
const recovery = time.Second

// nowhere is the line of an outage that is none.
const nowhere = -2

// do does a fault, until its end. What is out of reach is said by the outage.
func (x target) do(ctx context.Context, f fault, clock func() time.Duration) (history.Outage, error) {
	out := history.Outage{Line: -1, Began: clock()}
	var err error
	switch f.kind {
	case killHard:
		err = x.restart(ctx, x.server.KillHard, 0)
	case killAtOnce:
		err = x.restart(ctx, x.server.Kill, 0)
	case outage:
		err = x.restart(ctx, x.server.KillHard, f.lasts)
	case killBackend:
		err = killProcess(ctx, x.server)
	case freeze:
		if err = x.server.Freeze(); err == nil {
			rest(ctx, f.lasts)
			err = x.server.Thaw()
		}
	case swallowing:
		x.lines[f.line].Swallow(f.every)
		out.Line = nowhere
	case poison:
		if out.Line = nowhere; f.breaks {
			out.Line = f.line
		}
		if err = x.lines[f.line].Poison(f.toxic); err == nil {
			rest(ctx, f.lasts)
			err = x.lines[f.line].Heal()
		}
	}
	out.Ended = clock() + recovery
	return out, err
}

func (x target) restart(ctx context.Context, kill func() error, pause time.Duration) error {
	if err := kill(); err != nil {
		return err
	}
	rest(ctx, pause)
	return x.server.Restart(ctx)
}

// killProcess kills the process behind a connection of its own, and waits until the server has
// recovered from that.
func killProcess(ctx context.Context, server *postgrestest.Server) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	victim, err := pgx.Connect(ctx, server.URL)
	if err != nil {
		return err
	}
	defer victim.Close(ctx)
	witness, err := pgx.Connect(ctx, server.URL)
	if err != nil {
		return err
	}
	defer witness.Close(ctx)
	if err := server.KillBackend(victim.PgConn()); err != nil {
		return err
	}
	for witness.Ping(ctx) == nil { // is ended by the server, when it has noticed
		rest(ctx, time.Millisecond)
	}
	for {
		conn, err := pgx.Connect(ctx, server.URL)
		if err == nil {
			return conn.Close(ctx)
		}
		if !rest(ctx, 5*time.Millisecond) {
			return fmt.Errorf("the server does not recover: %w", err)
		}
	}
}
