package postgres

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// sharesSessions reports whether connections of config lead to a pooler that lends each of them a
// session of the server for a transaction only. A pooler gives out process ids of its own, by
// which it is noticed; one that shares sessions has two connections meet in the same session, or
// one move to another. A pooler that lends a session for as long as the connection lasts does not,
// and is as good as none.
func sharesSessions(ctx context.Context, config *pgx.ConnConfig) (bool, error) {
	config = config.Copy()
	if config.DefaultQueryExecMode != pgx.QueryExecModeSimpleProtocol {
		config.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	soon, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	a, err := pgx.ConnectConfig(soon, config)
	if err != nil {
		return false, notInTime(ctx, err)
	}
	defer closeConn(a)
	first, err := sessionOf(soon, a)
	if err != nil || first == pidOf(a) {
		return false, notInTime(ctx, err)
	}
	b, err := pgx.ConnectConfig(soon, config)
	if err != nil {
		return false, notInTime(ctx, err)
	}
	defer closeConn(b)
	const looks = 8
	for range looks {
		atB, err := sessionOf(soon, b)
		if err != nil {
			return false, notInTime(ctx, err)
		}
		atA, err := sessionOf(soon, a)
		if err != nil {
			return false, notInTime(ctx, err)
		}
		if atA != first || atB == atA {
			return true, nil
		}
	}
	return false, nil
}

// notInTime forgives a connection that has to wait for a session until another gives one back.
func notInTime(ctx context.Context, err error) error {
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// pidOf returns the process id of the server that a connection was told of.
func pidOf(conn *pgx.Conn) string { return strconv.FormatUint(uint64(conn.PgConn().PID()), 10) }

// sessionOf returns the process id of the session that answers.
func sessionOf(ctx context.Context, conn *pgx.Conn) (pid string, err error) {
	err = conn.QueryRow(ctx, "SELECT pg_backend_pid()::text").Scan(&pid)
	return pid, err
}

// saysHow reports whether a connection string says how statements are sent.
func saysHow(connString string) bool { return strings.Contains(connString, "default_query_exec_mode") }
