package subscription

import "runtime/debug"

// Protect is for sinks: it returns what fn does, or a [PanicError] if fn panics. A sink that
// calls each handler so keeps what it did before one that panics.
func Protect(subscription string, fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Subscription: subscription, Value: p, Stack: debug.Stack()}
		}
	}()
	return fn()
}

// PanicError reports that a sink, or a handler in it, panicked. Its text leaves the value out.
type PanicError struct {
	Subscription string
	Value        any
	Stack        []byte // as debug.Stack gives it; the group's log is told
}

func (e *PanicError) Error() string { return "subscription " + e.Subscription + ": sink panicked" }
