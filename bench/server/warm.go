package server

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Warm has a pool open n connections, which it has in a window without opening any.
func Warm(ctx context.Context, pool *pgxpool.Pool, n int) error {
	return hold(n, func() (release func(), err error) {
		conn, err := pool.Acquire(ctx)
		if err != nil {
			return nil, err
		}
		return conn.Release, nil
	})
}

// WarmSQL is Warm for database/sql.
func WarmSQL(ctx context.Context, db *sql.DB, n int) error {
	return hold(n, func() (release func(), err error) {
		conn, err := db.Conn(ctx)
		if err != nil {
			return nil, err
		}
		return func() { _ = conn.Close() }, nil
	})
}

// hold acquires n at once, and then releases them.
func hold(n int, acquire func() (release func(), err error)) error {
	var wg sync.WaitGroup
	releases, errs := make([]func(), n), make([]error, n)
	for i := range n {
		wg.Go(func() { releases[i], errs[i] = acquire() })
	}
	wg.Wait()
	for _, release := range releases {
		if release != nil {
			release()
		}
	}
	return errors.Join(errs...)
}
