package database

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// Unavailable reports whether an error is that the database can't work at the moment, and what was
// asked of it may be asked again later: the server is not there, starts, stops, or has no room.
func Unavailable(err error) bool {
	for _, target := range unavailable {
		if errors.Is(err, target) {
			return true
		}
	}
	// The read models are queried without the store, so their errors are the driver's.
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return unavailableCode(e.Code)
	}
	_, lost := errors.AsType[net.Error](err)
	return lost || pgconn.SafeToRetry(err)
}

var unavailable = []error{
	eventstore.ErrBusy,
	postgres.ErrUnreachable, postgres.ErrFull, postgres.ErrReadOnly, postgres.ErrTimeout, postgres.ErrSerialization,
	postgres.ErrFeedRefused, postgres.ErrOutcomeUnknown,
	sqlite.ErrFull,
	driver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF,
}

// unavailableCode reports it of a SQLSTATE.
func unavailableCode(code string) bool {
	switch code {
	case "25006", "40001", "40P01", "55P03": // read-only; transactions that lost a race; a lock that is held
		return true
	}
	switch code[:min(2, len(code))] {
	case "08", "53", "57": // connection, resources, intervention of the operator
		return true
	}
	return false
}
