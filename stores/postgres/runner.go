package postgres

import (
	"context"
	"database/sql"

	"github.com/jackc/pgx/v5"
)

// A runner executes statements: on a connection of the pool, or in a transaction that somebody
// began with database/sql.
type runner interface {
	query(ctx context.Context, text string, args ...any) (rows, error)
}

// rows is what pgx.Rows and sql.Rows have in common.
type rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close()
}

// native runs on pgx: a pool, or one of its connections.
type native struct {
	on interface {
		Query(ctx context.Context, text string, args ...any) (pgx.Rows, error)
	}
	mode pgx.QueryExecMode
}

func (n native) query(ctx context.Context, text string, args ...any) (rows, error) {
	rs, err := n.on.Query(ctx, text, append([]any{n.mode}, args...)...)
	if err != nil {
		return nil, left(ctx, err)
	}
	return nativeRows{rs, ctx}, nil
}

type nativeRows struct {
	pgx.Rows
	ctx context.Context
}

func (r nativeRows) Err() error { return left(r.ctx, r.Rows.Err()) }

// left is the context's error where the server says that it was told to stop, because the caller
// has left.
func left(ctx context.Context, err error) error {
	if codeOf(err) == queryCanceled && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// pooled takes any connection for each statement.
func (s *Store) pooled() native { return native{s.pool, s.mode} }

// inTx runs in a transaction of database/sql, and fails after its end.
type inTx struct{ tx *sql.Tx }

func (r inTx) query(ctx context.Context, text string, args ...any) (rows, error) {
	rs, err := r.tx.QueryContext(ctx, text, args...) //nolint:rowserrcheck // whoever reads them asks for it
	if err != nil {
		return nil, left(ctx, err)
	}
	return sqlRows{rs, ctx}, nil
}

func (r inTx) exec(ctx context.Context, text string) error {
	_, err := r.tx.ExecContext(ctx, text)
	return left(ctx, err)
}

type sqlRows struct {
	*sql.Rows
	ctx context.Context
}

func (r sqlRows) Err() error { return left(r.ctx, r.Rows.Err()) }

func (r sqlRows) Close() { _ = r.Rows.Close() } // what went wrong is in Err

// queryRow scans the one row that a statement has. Without a row it leaves dest as it is.
func queryRow(ctx context.Context, run runner, dest []any, text string, args ...any) error {
	rs, err := run.query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rs.Close()
	for rs.Next() {
		if err := rs.Scan(dest...); err != nil {
			return err
		}
	}
	rs.Close()
	return rs.Err()
}
