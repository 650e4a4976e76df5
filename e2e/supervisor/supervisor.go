// Package supervisor runs real programs for tests: it starts them, waits until they are ready,
// stops, kills and freezes them, and ends what is left of them when the test ends. It signals
// nothing that it did not start. It is for Linux.
package supervisor

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/e2e/evidence"
)

// Spec says what to run.
type Spec struct {
	// Name is what logs and messages call it. Defaults to the base of Path.
	Name string

	// Path is the program; see [Build].
	Path string
	Args []string

	// Env is added to the environment of the test, and wins.
	Env []string

	// Ready is asked again and again until it returns nil: then Start returns. It gives up when
	// ctx is done. Defaults to: it was started.
	Ready func(ctx context.Context, p *Process) error

	// ReadyWithin is how long that may take. Defaults to 60 s.
	ReadyWithin time.Duration

	// StopWithin is how long the program may take to end when it is asked to. Defaults to 30 s.
	StopWithin time.Duration
}

// Process is a program that runs, or did. It can be started again. It is safe for concurrent
// use, except that only the goroutine of the test may call what needs the program to obey:
// Start, Restart, Stop, Kill, Pause and Resume fail the test if it does not.
type Process struct {
	tb   testing.TB
	spec Spec
	out  Log
	err  Log

	mu   sync.Mutex
	life *life // the latest
}

// Start runs a program until the test ends, and returns when it is ready. What it prints goes to
// files, whose ends are logged if the test fails. Fails the test if the program does not become
// ready.
func Start(tb testing.TB, spec Spec) *Process {
	tb.Helper()
	if spec.Name == "" {
		spec.Name = filepath.Base(spec.Path)
	}
	if spec.ReadyWithin == 0 {
		spec.ReadyWithin = time.Minute
	}
	if spec.StopWithin == 0 {
		spec.StopWithin = 30 * time.Second
	}
	dir, err := os.MkdirTemp(evidence.Dir(tb), spec.Name+"-")
	if err != nil {
		tb.Fatal(err)
	}
	p := &Process{tb: tb, spec: spec, out: Log{path: filepath.Join(dir, "stdout")}, err: Log{path: filepath.Join(dir, "stderr")}}
	tb.Cleanup(p.end)
	p.start()
	return p
}

// start begins a new life, and waits until it is ready.
func (p *Process) start() {
	p.tb.Helper()
	if err := p.begin(); err != nil {
		p.tb.Fatalf("start %s: %v", p.spec.Name, err)
	}
	if p.spec.Ready == nil {
		return
	}
	l := p.current()
	err := Poll(p.tb.Context(), p.spec.ReadyWithin, func(ctx context.Context) error {
		if l.ended() {
			return Final(fmt.Errorf("it ended: %v", l.exit()))
		}
		return p.spec.Ready(ctx, p)
	})
	if err != nil {
		p.tb.Fatalf("%s is not ready: %v", p.spec.Name, err)
	}
}

func (p *Process) begin() error {
	stdout, err := p.out.open()
	if err != nil {
		return err
	}
	defer stdout.Close()
	stderr, err := p.err.open()
	if err != nil {
		return err
	}
	defer stderr.Close()
	cmd := exec.Command(p.spec.Path, p.spec.Args...)
	cmd.Env = append(os.Environ(), p.spec.Env...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	l, err := startLife(cmd)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.life = l
	return nil
}

func (p *Process) current() *life {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.life
}

// PID returns the id of the process.
func (p *Process) PID() int { return p.current().pid }

// Ended reports whether the program has ended.
func (p *Process) Ended() bool { return p.current().ended() }

// Stdout returns what the program printed since it was started last.
func (p *Process) Stdout() *Log { return &p.out }

// Stderr returns what the program complained about since it was started last.
func (p *Process) Stderr() *Log { return &p.err }

// Stop asks the program to end, by SIGTERM, waits until it does, and returns how. Fails the test
// if it does not end in time.
func (p *Process) Stop() Exit {
	p.tb.Helper()
	if err := p.Signal(syscall.SIGTERM); err != nil {
		p.tb.Fatalf("stop %s: %v", p.spec.Name, err)
	}
	return p.Wait()
}

// Wait waits until the program has ended by itself, for at most Spec.StopWithin, and returns how.
// Fails the test if it does not.
func (p *Process) Wait() Exit {
	p.tb.Helper()
	return p.WaitWithin(p.spec.StopWithin)
}

// WaitWithin is Wait for programs that have something to do first.
func (p *Process) WaitWithin(within time.Duration) Exit {
	p.tb.Helper()
	l := p.current()
	select {
	case <-l.done:
	case <-time.After(within):
		p.tb.Fatalf("%s did not end within %v", p.spec.Name, within)
	}
	return l.exit()
}

// Kill ends the program and what it started, at once, by SIGKILL, and waits until it is gone.
func (p *Process) Kill() {
	p.tb.Helper()
	if err := p.current().signalGroup(syscall.SIGKILL); err != nil {
		p.tb.Fatalf("kill %s: %v", p.spec.Name, err)
	}
	p.Wait()
}

// Pause freezes the program, by SIGSTOP, and returns when it is frozen.
func (p *Process) Pause() {
	p.tb.Helper()
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		p.tb.Fatalf("pause %s: %v", p.spec.Name, err)
	}
	err := Poll(p.tb.Context(), p.spec.StopWithin, func(context.Context) error { return frozen(p.PID()) })
	if err != nil {
		p.tb.Fatalf("pause %s: %v", p.spec.Name, err)
	}
}

// Resume lets a frozen program go on, by SIGCONT.
func (p *Process) Resume() {
	p.tb.Helper()
	if err := p.Signal(syscall.SIGCONT); err != nil {
		p.tb.Fatalf("resume %s: %v", p.spec.Name, err)
	}
}

// Signal sends a signal to the program. The error is [ErrEnded] if there is none any more.
func (p *Process) Signal(sig syscall.Signal) error { return p.current().signal(sig) }

// Restart starts the program again, after it has ended, and returns when it is ready.
func (p *Process) Restart() {
	p.tb.Helper()
	if !p.Ended() {
		p.tb.Fatalf("restart %s: it still runs", p.spec.Name)
	}
	p.start()
}

// end ends what is left when the test ends, and shows the logs of a failed one.
func (p *Process) end() {
	if l := p.current(); l != nil && !l.ended() {
		_ = l.signalGroup(syscall.SIGKILL) // the error is that it ended just now
		<-l.done
	}
	if p.err.contains("WARNING: DATA RACE") {
		p.tb.Errorf("%s: the race detector found a race", p.spec.Name)
	}
	if p.tb.Failed() {
		p.tb.Logf("%s printed, at last:\n%s", p.spec.Name, p.out.tail())
		p.tb.Logf("%s complained, at last:\n%s", p.spec.Name, p.err.tail())
	}
}
