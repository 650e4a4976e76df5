package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// A runner executes statements in a transaction: those of the writer, which are prepared, or
// those of a transaction that somebody else began.
type runner interface {
	exec(ctx context.Context, text string, args ...any) (sql.Result, error)
	query(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// inTx runs in a transaction of database/sql. Its statements are not prepared beforehand: after
// the end of the transaction they fail, where a prepared one would run on its own.
type inTx struct{ tx *sql.Tx }

func (r inTx) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	return r.tx.ExecContext(ctx, text, args...)
}

func (r inTx) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	return r.tx.QueryContext(ctx, text, args...)
}

// prepared keeps the statements that it has run, on one connection or a pool of them.
type prepared struct {
	prepare func(ctx context.Context, text string) (*sql.Stmt, error)
	mu      sync.RWMutex
	stmts   map[string]*sql.Stmt
}

func (p *prepared) get(ctx context.Context, text string) (*sql.Stmt, error) {
	p.mu.RLock()
	stmt := p.stmts[text]
	p.mu.RUnlock()
	if stmt != nil {
		return stmt, nil
	}
	stmt, err := p.prepare(ctx, text) // it may have to wait for a connection
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if first := p.stmts[text]; first != nil {
		return first, stmt.Close()
	}
	p.stmts[text] = stmt
	return stmt, nil
}

func (p *prepared) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	stmt, err := p.get(ctx, text)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

func (p *prepared) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	stmt, err := p.get(ctx, text)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

func (p *prepared) do(text string) error {
	_, err := p.exec(context.Background(), text)
	return err
}

func (p *prepared) close() (err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, stmt := range p.stmts {
		err = errors.Join(err, stmt.Close())
	}
	return err
}
