package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/bunstore/bunstoretest"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

type inTx = func(context.Context, bun.Tx, eventstore.Streams) error

// broken is a store whose transactions break one promise.
type broken struct {
	*sqlite.Store
	inTx func(ctx context.Context, s *sqlite.Store, fn inTx) error
}

func (b *broken) InTx(ctx context.Context, fn func(context.Context, bun.Tx, eventstore.Streams) error) error {
	return b.inTx(ctx, b.Store, fn)
}

// Each store here must fail bunstoretest by the case that is meant for it.
func TestBrokenTransactionsAreRejected(t *testing.T) {
	for rejected, breaks := range map[string]func(ctx context.Context, s *sqlite.Store, fn inTx) error{
		"InTx/CommitsTablesAndEventsTogether": func(ctx context.Context, s *sqlite.Store, fn inTx) error { // appends late
			late := &lateStreams{Streams: s}
			err := s.InTx(ctx, func(ctx context.Context, tx bun.Tx, _ eventstore.Streams) error { return fn(ctx, tx, late) })
			for _, a := range late.appends {
				if err == nil {
					_, err = s.Append(ctx, a)
				}
			}
			return err
		},
		"InTx/LeavesNothingAfterAnError": func(ctx context.Context, s *sqlite.Store, fn inTx) error {
			var failed error
			err := s.InTx(ctx, func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error {
				failed = fn(ctx, tx, streams)
				return nil
			})
			return errors.Join(failed, err)
		},
		"InTx/LeavesNothingAfterAPanic": func(ctx context.Context, s *sqlite.Store, fn inTx) error {
			var panicked any
			err := s.InTx(ctx, func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error {
				defer func() { panicked = recover() }()
				return fn(ctx, tx, streams)
			})
			if panicked != nil {
				panic(panicked)
			}
			return err
		},
		"InTx/LeavesNothingWhenCanceled": func(ctx context.Context, s *sqlite.Store, fn inTx) error {
			return s.InTx(context.WithoutCancel(ctx), fn)
		},
		"InTx/RefusedAppendLeavesItAlive": func(ctx context.Context, s *sqlite.Store, fn inTx) error {
			return s.InTx(ctx, func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error {
				return fn(ctx, tx, abortingStreams{streams, tx})
			})
		},
		"InTx/NothingIsAppendedAfterItsEnd": func(ctx context.Context, s *sqlite.Store, fn inTx) error { // on their own
			var handed endless
			err := s.InTx(ctx, func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error {
				handed.Streams = streams
				err := fn(ctx, tx, &handed)
				return err
			})
			for _, a := range handed.refused {
				_, _ = s.Append(context.WithoutCancel(ctx), a)
			}
			return err
		},
	} {
		t.Run(rejected, func(t *testing.T) {
			for _, c := range bunstoretest.Cases() {
				if c.Name == rejected && !fails(t, c, breaks) {
					t.Error("it passed")
				}
			}
		})
	}
}

// fails reports whether the case finds something to complain about.
func fails(t *testing.T, c bunstoretest.Case, breaks func(context.Context, *sqlite.Store, inTx) error) bool {
	t.Helper()
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Run(r, func(tb testing.TB) bunstoretest.Store {
			return &broken{open(t, filepath.Join(t.TempDir(), "events.db"), sqlite.Config{}), breaks}
		})
	}()
	<-done
	return r.failed
}

// recorder takes complaints without failing the test that runs it.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()                   {}
func (r *recorder) Error(args ...any)         { r.failed = true; r.Log(fmt.Sprint(args...)) }
func (r *recorder) Errorf(f string, a ...any) { r.failed = true; r.Logf(f, a...) }
func (r *recorder) Fatal(args ...any)         { r.Error(args...); runtime.Goexit() }
func (r *recorder) Fatalf(f string, a ...any) { r.Errorf(f, a...); runtime.Goexit() }

// lateStreams keeps what is appended for later.
type lateStreams struct {
	eventstore.Streams
	appends []eventstore.Append
}

func (l *lateStreams) Append(_ context.Context, appends ...eventstore.Append) ([]eventstore.AppendResult, error) {
	l.appends = append(l.appends, appends...)
	results := make([]eventstore.AppendResult, len(appends))
	for i, a := range appends {
		results[i].Version = event.Version(len(a.Events))
	}
	return results, nil
}

// abortingStreams ends the transaction when an append is refused, as a unique violation does
// elsewhere.
type abortingStreams struct {
	eventstore.Streams
	tx bun.Tx
}

func (a abortingStreams) Append(ctx context.Context, appends ...eventstore.Append) ([]eventstore.AppendResult, error) {
	results, err := a.Streams.Append(ctx, appends...)
	if err != nil {
		_ = a.tx.Rollback()
	}
	return results, err
}

// endless keeps what is refused, for another try.
type endless struct {
	eventstore.Streams
	refused []eventstore.Append
}

func (e *endless) Append(ctx context.Context, appends ...eventstore.Append) ([]eventstore.AppendResult, error) {
	results, err := e.Streams.Append(ctx, appends...)
	if err != nil {
		e.refused = append(e.refused, appends...)
	}
	return results, err
}
