package supervisor

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Poll calls ask until it returns nil, for at most within, and returns its last error if it never
// did, or at once if that is [Final]. The context that ask gets ends with the time.
func Poll(ctx context.Context, within time.Duration, ask func(ctx context.Context) error) error {
	const longest = 50 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for delay := time.Millisecond; ; delay = min(2*delay, longest) {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		if final, ok := errors.AsType[*finalError](err); ok {
			return final.error
		}
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return fmt.Errorf("after %v: %w", within, err)
		}
	}
}

// Final marks an error that asking again does not heal.
func Final(err error) error { return &finalError{err} }

type finalError struct{ error }

func (e *finalError) Unwrap() error { return e.error }
