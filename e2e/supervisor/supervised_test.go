package supervisor

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/e2e/evidence"
)

// roleVariable makes this test binary the program that is supervised.
const roleVariable = "SUPERVISED_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		roles[role]()
		return
	}
	os.Exit(m.Run())
}

var roles = map[string]func(){
	"quick": func() { fmt.Println("done"); os.Exit(7) },
	"polite": func() {
		asked := make(chan os.Signal, 1)
		signal.Notify(asked, syscall.SIGTERM)
		fmt.Println("ready as", os.Getenv("NAME"))
		<-asked
		fmt.Println("bye")
	},
	"stubborn": func() { signal.Ignore(syscall.SIGTERM); fmt.Println("ready"); forever() },
	"silent":   func() { fmt.Fprintln(os.Stderr, "what I complain about"); forever() },
	"counting": func() {
		for n := 0; ; n++ {
			fmt.Println(n)
			time.Sleep(time.Millisecond)
		}
	},
	"parent": func() {
		child := asRole("stubborn")
		if err := child.Start(); err != nil {
			panic(err)
		}
		fmt.Println("child", child.Process.Pid)
		forever()
	},
	"racy": func() { fmt.Fprintln(os.Stderr, "WARNING: DATA RACE") },
	// A test binary that dies in the middle of a test.
	"panicking": func() {
		tb := &recorder{TB: new(testing.T)}
		p := Start(tb, specOf("stubborn"))
		fmt.Println("child", p.PID())
		go panic("nothing is cleaned up")
		forever()
	},
}

func forever() {
	for {
		time.Sleep(time.Hour)
	}
}

func asRole(role string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	return cmd
}

func specOf(role string, env ...string) Spec {
	return Spec{Name: role, Path: os.Args[0], Env: append(env, roleVariable+"="+role)}
}

// recorder is a test that may fail without failing the test around it.
type recorder struct {
	testing.TB
	mu       sync.Mutex
	said     []string
	failed   bool
	cleanups []func()
}

func (r *recorder) Helper()          {}
func (r *recorder) Name() string     { return "recorded" }
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Failed() bool     { return r.failed }
func (r *recorder) Logf(f string, a ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, fmt.Sprintf(f, a...))
}
func (r *recorder) Errorf(f string, a ...any) { r.failed = true; r.Logf(f, a...) }
func (r *recorder) Fatalf(f string, a ...any) { r.Errorf(f, a...); runtime.Goexit() }
func (r *recorder) Fatal(a ...any)            { r.Fatalf("%s", fmt.Sprint(a...)) }

// record runs fn as a test would run, and returns what it said.
func record(t *testing.T, fn func(tb testing.TB)) (said string, failed bool) {
	t.Helper()
	t.Setenv(evidence.ReportsVariable, t.TempDir()) // what a failed recording leaves
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for _, cleanup := range slices.Backward(r.cleanups) {
				cleanup()
			}
		}()
		fn(r)
	}()
	<-done
	return strings.Join(r.said, "\n"), r.failed
}
