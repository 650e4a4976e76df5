package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// What may be wrong with the database. An [Error] matches one of them, or [eventstore.ErrBusy].
// After each of them nothing was stored.
var (
	ErrUnreachable  = errors.New("server can't be reached")
	ErrDenied       = errors.New("not permitted")
	ErrReadOnly     = errors.New("database is read-only")
	ErrFull         = errors.New("disk is full")
	ErrTimeout      = errors.New("statement or transaction took too long, or was canceled on the server")
	ErrInconsistent = errors.New("the row of a stream does not agree with its events")

	// ErrSerialization reports a transaction that lost a race at a stricter isolation level, or
	// a deadlock. To run it again as a whole may help. [Store.InTx] does so by itself.
	ErrSerialization = errors.New("transaction has to be run again")

	// ErrInsideTx reports a call that may wait for itself: one that writes through the store from
	// inside of one of its transactions. Use what InTx handed over.
	ErrInsideTx = errors.New("store is used inside of its own transaction")

	// ErrFeedRefused reports a database whose feed can't be read without losing events.
	ErrFeedRefused = errors.New("feed can't be read here")

	// ErrOutcomeUnknown is matched by every [OutcomeUnknownError].
	ErrOutcomeUnknown = errors.New("outcome is unknown")
)

// Error reports that PostgreSQL could not do something. Its text leaves PostgreSQL's message
// out, which may hold what was written.
type Error struct {
	Op         string // what the store was doing
	Code       string // SQLSTATE; empty if the server gave none
	Constraint string // that was violated; empty if none was

	kind  error
	cause error
}

func (e *Error) Error() string {
	text := "postgres: " + e.Op
	switch {
	case e.kind != nil:
		text += ": " + e.kind.Error()
	case errors.Is(e.cause, context.Canceled):
		text += ": " + context.Canceled.Error()
	case errors.Is(e.cause, context.DeadlineExceeded):
		text += ": " + context.DeadlineExceeded.Error()
	case e.Code == "":
		text += ": failed"
	}
	if e.Code != "" {
		text += " (code " + e.Code + ")"
	}
	return text
}

// Is matches what is wrong.
func (e *Error) Is(target error) bool { return e.kind != nil && target == e.kind }

// Unwrap returns the driver's error.
func (e *Error) Unwrap() error { return e.cause }

// FeedRefusedError says why the feed can't be read.
type FeedRefusedError struct{ Reason string }

func (e *FeedRefusedError) Error() string {
	return "postgres: " + ErrFeedRefused.Error() + ": " + e.Reason
}

// Is matches [ErrFeedRefused].
func (e *FeedRefusedError) Is(target error) bool { return target == ErrFeedRefused }

// OutcomeUnknownError reports that the connection was lost while events were stored, and that
// nobody could be asked afterwards. They may be there or not; if they are, all of them are.
// To append them again with the same ids is safe, and tells. It also reports that the caller left
// while the server waited for a standby: then they are there, and may be on no other server.
type OutcomeUnknownError struct {
	IDs []event.ID

	cause error
}

func (e *OutcomeUnknownError) Error() string {
	const most = 3
	var ids []string
	for i, id := range e.IDs {
		if i == most {
			ids = append(ids, fmt.Sprintf("and %d more", len(e.IDs)-most))
			break
		}
		ids = append(ids, id.String())
	}
	text := "postgres: " + ErrOutcomeUnknown.Error()
	if len(ids) > 0 {
		text += ": events " + strings.Join(ids, ", ")
	}
	return text
}

// Is matches [ErrOutcomeUnknown].
func (e *OutcomeUnknownError) Is(target error) bool { return target == ErrOutcomeUnknown }

// Unwrap returns what happened to the connection, or the context's error.
func (e *OutcomeUnknownError) Unwrap() error { return e.cause }

// failed is where the driver's errors become ours. It leaves alone what is ours already.
func failed(op string, err error) error {
	if err == nil || ours(err) {
		return err
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return &Error{Op: op, Code: e.Code, Constraint: e.ConstraintName, kind: kindOf(e.Code), cause: err}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, sql.ErrTxDone) {
		return &Error{Op: op, cause: err}
	}
	return &Error{Op: op, kind: ErrUnreachable, cause: err}
}

func ours(err error) bool {
	for _, target := range []error{
		ErrSchema, ErrSettings, ErrFeedRefused, ErrOutcomeUnknown, ErrInsideTx, ErrInvalidConfig, eventstore.ErrStoreClosed, eventstore.ErrDiverged,
		eventstore.ErrConflict, eventstore.ErrStreamClosed, eventstore.ErrDuplicateEvent, eventstore.ErrInvalidAppend,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	_, ok := errors.AsType[*Error](err)
	return ok
}

// SQLSTATEs that mean more than their class.
const (
	uniqueViolation     = "23505"
	serializationFailed = "40001"
	deadlockDetected    = "40P01"
	lockNotAvailable    = "55P03"
	queryCanceled       = "57014"
	readOnlyTransaction = "25006"
	diskFull            = "53100"
	insufficientRights  = "42501"
	idleInTransaction   = "25P03"
	transactionTimeout  = "25P04" // since PostgreSQL 17
	noSchema            = "3F000"
	noTable             = "42P01"
)

func kindOf(code string) error {
	switch code {
	case serializationFailed, deadlockDetected:
		return ErrSerialization
	case lockNotAvailable:
		return eventstore.ErrBusy
	case queryCanceled, idleInTransaction, transactionTimeout:
		return ErrTimeout
	case readOnlyTransaction:
		return ErrReadOnly
	case diskFull:
		return ErrFull
	case insufficientRights, noSchema: // one that may not be used is as if it were not there
		return ErrDenied
	}
	switch class := code[:min(2, len(code))]; class {
	case "28":
		return ErrDenied
	case "3D", "08", "57": // no such database, connection, shutting down
		return ErrUnreachable
	case "53": // too many connections, out of memory
		return eventstore.ErrBusy
	}
	return nil
}

func codeOf(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// violates reports whether err is that a unique constraint of this name does not hold.
func violates(err error, constraint string) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == uniqueViolation && e.ConstraintName == constraint
}

// isShutDown reports whether the server ended the connection, as it does also in the middle of a
// commit.
func isShutDown(code string) bool {
	return strings.HasPrefix(code, "08") || strings.HasPrefix(code, "57P")
}
