package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
	code "modernc.org/sqlite/lib"

	"github.com/eventsource-go/eventsource/core/eventstore"
)

// What may be wrong with the database. An [Error] matches one of them, or
// [eventstore.ErrBusy], or none if SQLite failed in a way that has no name here. After each of
// them nothing was stored.
var (
	ErrCantOpen = errors.New("database file can't be opened")
	ErrCorrupt  = errors.New("database file is damaged, or none of SQLite's")
	ErrReadOnly = errors.New("database is read-only")
	ErrFull     = errors.New("disk is full")
	ErrIO       = errors.New("disk failed")

	// ErrTxEnded reports the use of a transaction that has ended: by its owner, or by SQLite
	// itself when a write was interrupted or the disk was full.
	ErrTxEnded = errors.New("transaction has ended")

	// ErrInsideTx reports a call that would wait for itself: one that writes through the store,
	// from inside of a transaction that holds the store's writer. Use what InTx handed over.
	ErrInsideTx = errors.New("store is used inside of its own write transaction")
)

// Error reports that SQLite could not do something. Its text leaves SQLite's message out.
type Error struct {
	Op   string // what the store was doing
	Path string
	Code int // SQLite's extended result code; 0 if it gave none

	kind  error
	cause error
}

func (e *Error) Error() string {
	text := "sqlite: " + e.Op + ": " + e.Path
	if e.kind != nil {
		text += ": " + e.kind.Error()
	}
	if e.Code != 0 {
		text += fmt.Sprintf(" (code %d)", e.Code)
	}
	return text
}

// Is matches what is wrong.
func (e *Error) Is(target error) bool { return e.kind != nil && target == e.kind }

// Unwrap returns the driver's error.
func (e *Error) Unwrap() error { return e.cause }

// failed is where the driver's errors become ours. It leaves alone what is not the driver's.
func (s *Store) failed(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrConnDone):
		return eventstore.ErrStoreClosed
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, errNoTurn):
		return &Error{Op: op, Path: s.path, kind: eventstore.ErrBusy, cause: err}
	case errors.Is(err, sql.ErrTxDone):
		return &Error{Op: op, Path: s.path, kind: ErrTxEnded, cause: err}
	}
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	if errors.Is(err, ErrCorrupt) {
		return &Error{Op: op, Path: s.path, kind: ErrCorrupt, cause: err}
	}
	if e, ok := errors.AsType[*driver.Error](err); ok {
		return &Error{Op: op, Path: s.path, Code: e.Code(), kind: kindOf(e.Code()), cause: err}
	}
	return err
}

func kindOf(extended int) error {
	switch extended & 0xff {
	case code.SQLITE_BUSY, code.SQLITE_LOCKED:
		return eventstore.ErrBusy
	case code.SQLITE_CANTOPEN, code.SQLITE_PERM, code.SQLITE_AUTH:
		return ErrCantOpen
	case code.SQLITE_CORRUPT, code.SQLITE_NOTADB:
		return ErrCorrupt
	case code.SQLITE_READONLY:
		return ErrReadOnly
	case code.SQLITE_FULL:
		return ErrFull
	case code.SQLITE_IOERR:
		return ErrIO
	}
	return nil
}

func isBusy(err error) bool {
	e, ok := errors.AsType[*driver.Error](err)
	return ok && errors.Is(kindOf(e.Code()), eventstore.ErrBusy)
}

// isRefusal reports that SQLite refused a statement as it is, and did nothing.
func isRefusal(err error) bool {
	e, ok := errors.AsType[*driver.Error](err)
	return ok && e.Code() == code.SQLITE_ERROR
}

func isUniqueViolation(err error) bool {
	e, ok := errors.AsType[*driver.Error](err)
	return ok && (e.Code() == code.SQLITE_CONSTRAINT_UNIQUE || e.Code() == code.SQLITE_CONSTRAINT_PRIMARYKEY)
}
