// Package verdict asks what a test says, instead of failing with it: suites are tested on
// things that must fail them.
package verdict

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// Of runs test to its end and returns what it failed with, empty if it passed. A panic is a failure.
func Of(t *testing.T, test func(tb testing.TB)) string {
	t.Helper()
	r := &recorder{TB: t}
	var cancel context.CancelFunc
	r.ctx, cancel = context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { // which the test may leave
		defer close(done)
		defer r.cleanUp()
		defer cancel()
		defer func() {
			if p := recover(); p != nil {
				r.Errorf("panic: %v", p)
			}
		}()
		test(r)
	}()
	<-done
	if !r.Failed() {
		return ""
	}
	return "failed\n" + strings.Join(r.said, "\n")
}

// recorder is a testing.TB that keeps what it is told.
type recorder struct {
	testing.TB // for what is not here
	ctx        context.Context

	mu       sync.Mutex
	failed   bool
	said     []string
	cleanups []func()
}

func (r *recorder) Helper()                  {}
func (r *recorder) Context() context.Context { return r.ctx }
func (r *recorder) Log(args ...any)          { r.say(fmt.Sprint(args...)) }
func (r *recorder) Logf(f string, a ...any)  { r.say(fmt.Sprintf(f, a...)) }
func (r *recorder) Error(args ...any)        { r.say(fmt.Sprint(args...)); r.Fail() }
func (r *recorder) Errorf(f string, a ...any) {
	r.say(fmt.Sprintf(f, a...))
	r.Fail()
}
func (r *recorder) Fatal(args ...any)         { r.Error(args...); runtime.Goexit() }
func (r *recorder) Fatalf(f string, a ...any) { r.Errorf(f, a...); runtime.Goexit() }
func (r *recorder) FailNow()                  { r.Fail(); runtime.Goexit() }

func (r *recorder) Fail() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = true
}

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

func (r *recorder) Cleanup(fn func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cleanups = append(r.cleanups, fn)
}

func (r *recorder) cleanUp() {
	for len(r.cleanups) > 0 {
		last := len(r.cleanups) - 1
		fn := r.cleanups[last]
		r.cleanups = r.cleanups[:last]
		fn()
	}
}

func (r *recorder) say(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.said) < 20 {
		r.said = append(r.said, text)
	}
}
