package testrun

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/eventsource-go/eventsource/tools/workspace"
)

// Run is one run over the workspace. It writes progress as it goes, so that nobody thinks it hangs.
type Run struct {
	Workspace *workspace.Workspace
	Out       io.Writer
	Quiet     time.Duration // longest silence before the packages still running are named; default 30 s, -1 never

	rows   []row
	checks Result
	step   int
	steps  int
}

type row struct {
	name string
	Result
}

// Check runs a step that passes or fails as a whole, and counts it as one.
func (r *Run) Check(name string, fn func() error) {
	r.step++
	started := time.Now()
	err := fn()
	elapsed := time.Since(started)
	r.checks.Elapsed += elapsed
	if err != nil {
		r.checks.Failed++
		r.checks.Failures = append(r.checks.Failures, Failure{Name: name, Output: err.Error() + "\n"})
		r.say("FAIL  %s (%s)", name, seconds(elapsed))
		return
	}
	r.checks.Passed++
	r.say("ok    %s (%s)", name, seconds(elapsed))
}

// Tests runs all tests of a module with the race detector in random order.
func (r *Run) Tests(ctx context.Context, mode workspace.Mode, dir string) {
	r.step++
	started := time.Now()
	r.say("      test %s", dir)
	var mu sync.Mutex // guards the collector and the time of the last line
	last := started
	c := newCollector(func(pkg string, p Result) {
		last = time.Now()
		mark := "ok  "
		if p.Failed > 0 || p.Skipped > 0 {
			mark = "FAIL"
		}
		r.say("%s  %s: %s (%s)", mark, r.short(pkg), counts(p), seconds(p.Elapsed))
	})
	stop := r.heartbeat(&mu, &last, c)
	err := r.stream(ctx, mode, dir, &mu, c)
	stop()

	result := c.end()
	result.Elapsed = time.Since(started)
	if err != nil && result.Failed == 0 {
		result.Failed++
		result.Failures = append(result.Failures, Failure{Name: dir, Output: err.Error() + "\n"})
	}
	r.rows = append(r.rows, row{dir, result})
}

// uninstrumented leaves SQLite itself, which is C that was translated to Go, out of the race detector's sight: its memory is
// its own, it locks it by means that the detector does not know, and it would take most of the time that the tests take.
var uninstrumented = []string{"-gcflags=modernc.org/sqlite/lib=-race=false", "-gcflags=modernc.org/libc=-race=false"}

// stream feeds the collector. Its error holds what the go command wrote to stderr.
func (r *Run) stream(ctx context.Context, mode workspace.Mode, dir string, mu *sync.Mutex, c *collector) error {
	args := append([]string{"test", "-race", "-shuffle=on", "-json"}, uninstrumented...)
	cmd := r.Workspace.Go(ctx, mode, dir, append(args, "./...")...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadBytes('\n')
		mu.Lock()
		c.line(line)
		mu.Unlock()
		if err != nil {
			break
		}
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("go test: %w\n%s", errors.Join(err, ctx.Err()), stderr.String())
	}
	return nil
}

// heartbeat names the packages still running whenever nothing was said for a while.
func (r *Run) heartbeat(mu *sync.Mutex, last *time.Time, c *collector) (stop func()) {
	quiet := r.Quiet
	if quiet == 0 {
		quiet = 30 * time.Second
	}
	if quiet < 0 {
		return func() {}
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(quiet)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			mu.Lock()
			if time.Since(*last) >= quiet {
				var names []string
				for _, pkg := range c.running() {
					names = append(names, r.short(pkg))
				}
				if len(names) == 0 {
					names = []string{"compiling"}
				}
				r.say("      … %s", strings.Join(names, ", "))
			}
			mu.Unlock()
		}
	})
	return func() { close(done); wg.Wait() }
}

func (r *Run) short(pkg string) string { return strings.TrimPrefix(pkg, r.Workspace.Path+"/") }

func (r *Run) say(format string, args ...any) {
	fmt.Fprintf(r.Out, "[%2d/%d] %s\n", r.step, r.steps, fmt.Sprintf(format, args...))
}

func counts(r Result) string {
	s := fmt.Sprintf("%d passed", r.Passed)
	if r.Failed > 0 {
		s += fmt.Sprintf(", %d FAILED", r.Failed)
	}
	if r.Skipped > 0 {
		s += fmt.Sprintf(", %d SKIPPED", r.Skipped)
	}
	return s
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
