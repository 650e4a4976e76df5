package readmodel

import (
	"context"
	"fmt"
	"iter"

	"github.com/uptrace/bun"
)

// batch is how many rows are read at once where all are read.
const batch = 500

// EveryEntry yields the whole statement of an account, oldest first. An error is the last thing
// it yields. No connection is held while the caller works.
func (r *Reader) EveryEntry(ctx context.Context, account string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		var last int64
		every(yield, entryRow.entry, func(rows *[]entryRow) error {
			err := r.db.DB().NewSelect().Model(rows).Where("account = ?", account).Where("version > ?", last).
				OrderExpr("version").Limit(batch).Scan(ctx)
			if n := len(*rows); err == nil && n > 0 {
				last = (*rows)[n-1].Version
			}
			return err
		})
	}
}

// EveryTrace yields the whole audit trail of an account, oldest first; see [Reader.EveryEntry].
func (r *Reader) EveryTrace(ctx context.Context, account string) iter.Seq2[Trace, error] {
	return func(yield func(Trace, error) bool) {
		var last int64
		every(yield, auditRow.trace, func(rows *[]auditRow) error {
			err := r.db.DB().NewSelect().Model(rows).Where("account = ?", account).Where("number > ?", last).
				OrderExpr("number").Limit(batch).Scan(ctx)
			if n := len(*rows); err == nil && n > 0 {
				last = (*rows)[n-1].Number
			}
			return err
		})
	}
}

// every yields what next reads, batch by batch.
func every[R, T any](yield func(T, error) bool, item func(R) T, next func(*[]R) error) {
	for {
		var rows []R
		if err := next(&rows); err != nil {
			yield(*new(T), fmt.Errorf("read everything: %w", err))
			return
		}
		for _, row := range rows {
			if !yield(item(row), nil) {
				return
			}
		}
		if len(rows) < batch {
			return
		}
	}
}

// Counts is how many rows each table has.
type Counts struct{ Accounts, Entries, Traces int }

// Counts counts all rows.
func (r *Reader) Counts(ctx context.Context) (c Counts, err error) {
	for _, table := range []struct {
		name string
		n    *int
	}{{"bank_accounts", &c.Accounts}, {"bank_entries", &c.Entries}, {"bank_audit", &c.Traces}} {
		err := r.db.DB().NewSelect().ColumnExpr("COUNT(*)").TableExpr("?", bun.Ident(table.name)).Scan(ctx, table.n)
		if err != nil {
			return Counts{}, fmt.Errorf("count %s: %w", table.name, err)
		}
	}
	return c, nil
}
