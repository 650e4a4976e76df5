package supervisor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/e2e/evidence"
)

var readyLine = regexp.MustCompile(`^ready`)

func says(pattern *regexp.Regexp) func(context.Context, *Process) error {
	return func(_ context.Context, p *Process) error {
		if p.Stdout().Find(pattern) == nil {
			return errors.New("it has not said so")
		}
		return nil
	}
}

func startReady(tb testing.TB, role string, env ...string) *Process {
	tb.Helper()
	spec := specOf(role, env...)
	spec.Ready = says(readyLine)
	return Start(tb, spec)
}

// childOf returns the process that p says it has started.
func childOf(t *testing.T, p *Process) int {
	t.Helper()
	pattern := regexp.MustCompile(`^child (\d+)$`)
	var match []string
	err := Poll(t.Context(), time.Minute, func(context.Context) error {
		if match = p.Stdout().Find(pattern); match == nil {
			return errors.New("no child yet")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	pid, _ := strconv.Atoi(match[1])
	return pid
}

func wantGone(t *testing.T, pid int) {
	t.Helper()
	err := Poll(t.Context(), time.Minute, func(context.Context) error {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err == nil && !bytes.Contains(stat, []byte(") Z ")) { // a zombie waits for whoever adopted it
			return fmt.Errorf("process %d is there: %s", pid, stat)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestStartWaitsUntilReadyAndStopAsks(t *testing.T) {
	p := startReady(t, "polite", "NAME=first")
	if p.Stdout().Find(regexp.MustCompile(`^ready as first$`)) == nil {
		t.Error("not ready, or not in its environment")
	}
	if exit := p.Stop(); exit != (Exit{}) {
		t.Errorf("exit %v", exit)
	}
	if p.Stdout().Find(regexp.MustCompile(`^bye$`)) == nil {
		t.Error("was not asked")
	}
	if err := p.Signal(syscall.SIGTERM); !errors.Is(err, ErrEnded) {
		t.Errorf("signal to nobody: %v", err)
	}
}

func TestExitCodeAndSignal(t *testing.T) {
	if exit := Start(t, specOf("quick")).Wait(); exit != (Exit{Code: 7}) {
		t.Errorf("exit %v", exit)
	}
	p := startReady(t, "stubborn")
	p.Kill()
	if exit := p.Wait(); exit != (Exit{Code: -1, Signal: syscall.SIGKILL}) || !p.Ended() {
		t.Errorf("exit %v", exit)
	}
}

func TestRestartTellsOfTheNewLifeOnly(t *testing.T) {
	p := startReady(t, "polite", "NAME=a")
	first := p.PID()
	p.Kill()
	p.Restart()
	lines, next, err := p.Stdout().Lines(0)
	if err != nil || len(lines) != 1 || p.PID() == first {
		t.Errorf("%q %v, process %d after %d", lines, err, p.PID(), first)
	}
	p.Stop()
	if lines, _, err = p.Stdout().Lines(next); err != nil || len(lines) != 1 || lines[0] != "bye" {
		t.Errorf("afterwards %q %v", lines, err)
	}
}

func TestKillTakesTheGroup(t *testing.T) {
	p := Start(t, specOf("parent"))
	child := childOf(t, p)
	p.Kill()
	wantGone(t, child)
}

func TestNothingOutlivesItsParent(t *testing.T) {
	p := Start(t, specOf("parent"))
	child := childOf(t, p)
	if err := p.Signal(syscall.SIGKILL); err != nil { // to it alone
		t.Fatal(err)
	}
	p.Wait()
	wantGone(t, child)
}

func TestNothingOutlivesItsTest(t *testing.T) {
	var pid int
	said, failed := record(t, func(tb testing.TB) { pid = startReady(tb, "stubborn").PID() })
	if failed {
		t.Errorf("failed: %s", said)
	}
	wantGone(t, pid)
}

func TestNothingOutlivesTestsThatPanic(t *testing.T) {
	p := Start(t, specOf("panicking", evidence.ReportsVariable+"="+t.TempDir()))
	child := childOf(t, p)
	if exit := p.Wait(); exit.Code != 2 {
		t.Errorf("did not panic: %v", exit)
	}
	wantGone(t, child)
}

func TestPauseAndResume(t *testing.T) {
	p := Start(t, specOf("counting"))
	count := func(skip int64) (n int, next int64) {
		lines, next, err := p.Stdout().Lines(skip)
		if err != nil {
			t.Fatal(err)
		}
		return len(lines), next
	}
	waitForMore := func(skip int64) {
		err := Poll(t.Context(), time.Minute, func(context.Context) error {
			if n, _ := count(skip); n == 0 {
				return errors.New("it says nothing")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	waitForMore(0)
	p.Pause()
	_, frozenAt := count(0)
	for range 100 {
		if n, _ := count(frozenAt); n > 0 {
			t.Fatal("a frozen program went on")
		}
		time.Sleep(time.Millisecond)
	}
	p.Resume()
	waitForMore(frozenAt)
}

func TestProgramThatIsNeverReady(t *testing.T) {
	spec := specOf("silent")
	spec.Ready, spec.ReadyWithin = says(readyLine), 300*time.Millisecond
	said, failed := record(t, func(tb testing.TB) { Start(tb, spec) })
	if !failed || !strings.Contains(said, "silent is not ready") || !strings.Contains(said, "what I complain about") {
		t.Errorf("failed: %v\n%s", failed, said)
	}
}

func TestProgramThatEndsBeforeItIsReady(t *testing.T) {
	spec := specOf("quick")
	spec.Ready, spec.ReadyWithin = says(readyLine), time.Hour
	said, failed := record(t, func(tb testing.TB) { Start(tb, spec) })
	if !failed || !strings.Contains(said, "exit code 7") || !strings.Contains(said, "done") {
		t.Errorf("failed: %v\n%s", failed, said)
	}
}

func TestProgramThatDoesNotStop(t *testing.T) {
	spec := specOf("stubborn")
	spec.Ready, spec.StopWithin = says(readyLine), 100*time.Millisecond
	var p *Process
	said, failed := record(t, func(tb testing.TB) { p = Start(tb, spec); p.Stop() })
	if !failed || !strings.Contains(said, "stubborn did not end within 100ms") {
		t.Errorf("failed: %v\n%s", failed, said)
	}
	wantGone(t, p.PID())
}

func TestRaceFailsTheTest(t *testing.T) {
	said, failed := record(t, func(tb testing.TB) { Start(tb, specOf("racy")).Wait() })
	if !failed || !strings.Contains(said, "racy: the race detector found a race") {
		t.Errorf("failed: %v\n%s", failed, said)
	}
}

func TestProgramThatIsNotThere(t *testing.T) {
	said, failed := record(t, func(tb testing.TB) { Start(tb, Spec{Path: "/no/such/program"}) })
	if !failed || !strings.Contains(said, "start program") {
		t.Errorf("failed: %v\n%s", failed, said)
	}
}

func TestPackageThatDoesNotBuild(t *testing.T) {
	said, failed := record(t, func(tb testing.TB) { Build(tb, "e2e/no/such/package") })
	if !failed || !strings.Contains(said, "build e2e/no/such/package") {
		t.Errorf("failed: %v\n%s", failed, said)
	}
}

func TestPoll(t *testing.T) {
	asked := 0
	err := Poll(t.Context(), time.Hour, func(context.Context) error {
		if asked++; asked < 4 {
			return errors.New("not yet")
		}
		return nil
	})
	if err != nil || asked != 4 {
		t.Errorf("%v after %d", err, asked)
	}
	reason := errors.New("the reason")
	err = Poll(t.Context(), 20*time.Millisecond, func(context.Context) error { return reason })
	if !errors.Is(err, reason) || !strings.Contains(err.Error(), "20ms") {
		t.Errorf("out of time: %v", err)
	}
	asked = 0
	if err = Poll(t.Context(), time.Hour, func(context.Context) error { asked++; return Final(reason) }); err != reason || asked != 1 {
		t.Errorf("%v after %d", err, asked)
	}
}
